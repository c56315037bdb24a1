# The programs as processes: what they do together, what a person sees, and
# what becomes of it all when something breaks.
if(NOT TARGET leadline OR NOT TARGET leadline-collector)
  return()
endif()
add_library(shift_clock MODULE support/shift_clock.c)
target_link_libraries(shift_clock PRIVATE house)
add_library(bad_disk MODULE support/bad_disk.c)
target_link_libraries(bad_disk PRIVATE house)

# fleet_test(LABEL FILE SECONDS): FILE is a script of python's unittest.
function(fleet_test label file seconds)
  get_filename_component(name ${file} NAME_WE)
  if(SANITIZE)
    math(EXPR seconds "4 * ${seconds}") # each call of a program takes longer
    set(sanitized ";LEADLINE_SANITIZED=1")
  endif()
  string(REGEX REPLACE "^(e2e|cli)_" "" name ${name})
  add_test(NAME ${label}.${name}
    COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  set_tests_properties(${label}.${name} PROPERTIES
    LABELS integration TIMEOUT ${seconds}
    ENVIRONMENT "LEADLINE=$<TARGET_FILE:leadline>;\
LEADLINE_AGENT=$<TARGET_FILE:leadline-agent>;\
LEADLINE_COLLECTOR=$<TARGET_FILE:leadline-collector>;\
LEADLINE_SHIFT_CLOCK=$<TARGET_FILE:shift_clock>;\
LEADLINE_BAD_DISK=$<TARGET_FILE:bad_disk>;\
LEADLINE_LOAD_TOOL=$<TARGET_FILE:load_tool>${sanitized}")
endfunction()

fleet_test(cli cli/cli_usage.py 60)
fleet_test(cli cli/cli_start.py 60)
fleet_test(cli cli/cli_probe.py 60)
fleet_test(cli cli/cli_page.py 60)
fleet_test(cli cli/cli_results.py 60)
fleet_test(cli cli/cli_screen.py 60)
fleet_test(integration integration/tls_real.py 120)
fleet_test(integration integration/starttls_real.py 120)
fleet_test(cli cli/cli_phases.py 60)
fleet_test(integration integration/e2e_import.py 120)
fleet_test(integration integration/e2e_vectors.py 120)
fleet_test(integration integration/e2e_judged.py 120)
fleet_test(integration integration/e2e_reload.py 120)
fleet_test(integration integration/e2e_web.py 240)
fleet_test(integration integration/e2e_answers.py 240)
fleet_test(integration integration/e2e_page.py 60)
fleet_test(integration integration/e2e_command.py 300)
fleet_test(integration integration/e2e_alerts.py 240)
fleet_test(integration integration/e2e_keys.py 240)
fleet_test(integration integration/e2e_rotate.py 240)
set_property(TEST integration.rotate APPEND PROPERTY
  ENVIRONMENT "LEADLINE_HOLD_STORE=$<TARGET_FILE:hold_store>")
fleet_test(integration integration/e2e_delivery.py 240)
fleet_test(integration integration/e2e_main.py 300)
fleet_test(integration integration/e2e_backup.py 300)
fleet_test(integration integration/e2e_raised_checks.py 240)
fleet_test(integration integration/e2e_raised_fleet.py 300)
fleet_test(integration integration/e2e_family.py 180)
set_tests_properties(integration.family PROPERTIES SKIP_RETURN_CODE 77)
fleet_test(fault fault/e2e_killed.py 180)
fleet_test(fault fault/e2e_killed_load.py 180)
fleet_test(fault fault/e2e_store_hurt.py 180)
fleet_test(fault fault/e2e_bad_company.py 240)
fleet_test(fault fault/e2e_line_cut.py 240)
fleet_test(fault fault/e2e_disk_full.py 240)
fleet_test(fault fault/e2e_map_full.py 240)
fleet_test(fault fault/e2e_garbage.py 240)
fleet_test(fault fault/e2e_slow_reader.py 120)

# A minute or more each: run with the sanitizers alone (tests/run --full).
foreach(name integration.backup integration.command integration.keys
    integration.raised_checks integration.raised_fleet integration.rotate
    fault.disk_full fault.garbage fault.line_cut fault.store_hurt)
  set_property(TEST ${name} APPEND PROPERTY LABELS long)
endforeach()
