# agent/schedule/
foreach(module earlier grid_clock last_runs notable schedule)
  unit_test(${module} LIBS agent_schedule)
endforeach()
fuzz_target(last_runs LIBS agent_schedule)
unit_test(attempt SOURCES support/fake_probe.c support/fake_self_check.c
  LIBS agent_runner fake_loop)
unit_test(runner SOURCES support/fake_probe.c support/fake_self_check.c
  LIBS agent_runner fake_loop)
unit_test(self_check LIBS agent_self_check probes dnsd fake_loop)
add_library(keeping_bench OBJECT support/keeping_bench.c support/fake_probe.c
  support/fake_self_check.c)
target_include_directories(keeping_bench PUBLIC support)
target_link_libraries(keeping_bench PRIVATE house PkgConfig::cmocka
  PUBLIC agent_keeping agent_runner fake_loop)
unit_test(assignment LIBS keeping_bench)
unit_test(restart LIBS keeping_bench)
unit_test(confine_filter SOURCES support/in_child.c LIBS agent_confine)
unit_test(confine_paths SOURCES support/in_child.c
  LIBS agent_confine PkgConfig::seccomp)
unit_test(notify LIBS agent_life fake_loop)
unit_test(outcry SOURCES support/fake_probe.c support/fake_self_check.c
  LIBS agent_life agent_runner fake_loop)
unit_test(ending
  SOURCES support/fake_probe.c support/fake_self_check.c
  LIBS agent_life agent_runner fake_loop)

add_executable(make_token cli/make_token.c)
target_link_libraries(make_token PRIVATE house proto)
add_test(NAME cli.agent COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/cli/agent_cli.py
  $<TARGET_FILE:leadline-agent> $<TARGET_FILE:make_token>)
set_tests_properties(cli.agent PROPERTIES LABELS cli TIMEOUT 120)

add_executable(spool_tool support/spool_tool.c)
target_link_libraries(spool_tool PRIVATE house agent_spool proto)
add_test(NAME integration.agent_kill COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/integration/agent_kill.py
  $<TARGET_FILE:leadline-agent> $<TARGET_FILE:spool_tool>)
set_tests_properties(integration.agent_kill PROPERTIES LABELS integration
  TIMEOUT 120)

add_executable(bench_spool bench/bench_spool.c)
target_link_libraries(bench_spool PRIVATE house agent_spool)
add_library(full_disk MODULE support/full_disk.c)
target_link_libraries(full_disk PRIVATE house)
if(NOT SANITIZE) # a sanitizer wants to be loaded first
  set(full_disk LEADLINE_FULL_DISK=$<TARGET_FILE:full_disk>)
endif()
foreach(part disk uplink_pulled)
  add_test(NAME integration.agent_${part} COMMAND /usr/bin/python3 -B
    ${CMAKE_CURRENT_SOURCE_DIR}/integration/agent_${part}.py
    $<TARGET_FILE:leadline-agent> $<TARGET_FILE:spool_tool>)
  set_tests_properties(integration.agent_${part} PROPERTIES LABELS integration
    TIMEOUT 120 SKIP_RETURN_CODE 77 ENVIRONMENT "${full_disk}")
endforeach()

add_test(NAME integration.agent_alone COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/integration/agent_alone.py
  $<TARGET_FILE:leadline-agent> $<TARGET_FILE:spool_tool>)
set_tests_properties(integration.agent_alone PROPERTIES LABELS integration
  TIMEOUT 180)
if(SANITIZE)
  set_tests_properties(integration.agent_alone PROPERTIES
    ENVIRONMENT LEADLINE_SANITIZED=1)
endif()

add_test(NAME cli.agent_unit COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/cli/agent_unit.py $<TARGET_FILE:leadline-agent>
  ${CMAKE_SOURCE_DIR}/deploy/systemd/leadline-agent.service)
set_tests_properties(cli.agent_unit PROPERTIES LABELS cli TIMEOUT 60)


add_executable(delayd support/delayd.c support/delayd_dns.c
  support/delayd_https.c)
target_include_directories(delayd PRIVATE ${CMAKE_SOURCE_DIR}/agent/probe)
target_link_libraries(delayd PRIVATE house common common_loop
  PkgConfig::openssl)
add_executable(bench_fidelity bench/bench_fidelity.c)
target_link_libraries(bench_fidelity PRIVATE house agent_keeping
  agent_runner agent_self_check probes common_curl common_loop)
