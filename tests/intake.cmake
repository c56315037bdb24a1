unit_test(admission LIBS collector_admission)
unit_test(enrolment LIBS collector_intake tmp_store conf_text)
unit_test(fleet LIBS collector_intake tmp_store)
fuzz_target(batch LIBS collector_intake)
unit_test(writer LIBS collector_writer tmp_store conf_text)
unit_test(writer_sweep LIBS collector_writer)
unit_test(zap LIBS collector_zap PkgConfig::zmq)

# Many agents in one process, for benches and for what breaks under load.
add_executable(load_tool support/load_tool.c support/load.c
  support/load_results.c)
target_link_libraries(load_tool PRIVATE house collector_store proto
  PkgConfig::zmq)

# A real collector and scripted agents: tests/integration/intake_*.c.
add_library(intake_bench STATIC
  support/intake_bench.c support/intake_look.c support/intake_peer.c)
target_include_directories(intake_bench PUBLIC support)
target_link_libraries(intake_bench PRIVATE house
  PUBLIC tmp_store proto PkgConfig::cmocka PkgConfig::jansson PkgConfig::zmq)
function(intake_test name seconds)
  add_executable(intake_${name} integration/intake_${name}.c)
  target_link_libraries(intake_${name} PRIVATE house intake_bench)
  if(SANITIZE)
    math(EXPR seconds "4 * ${seconds}")
  endif()
  add_test(NAME integration.intake_${name} COMMAND intake_${name})
  set_tests_properties(integration.intake_${name} PROPERTIES
    LABELS integration TIMEOUT ${seconds}
    ENVIRONMENT "LEADLINE=$<TARGET_FILE:leadline>;\
LEADLINE_COLLECTOR=$<TARGET_FILE:leadline-collector>;\
LEADLINE_HOLD_STORE=$<TARGET_FILE:hold_store>")
endfunction()
if(TARGET leadline AND TARGET leadline-collector)
  add_executable(hold_store support/hold_store.c)
  target_link_libraries(hold_store PRIVATE house PkgConfig::lmdb)
  intake_test(admission 120)
  intake_test(sessions 180)
  intake_test(recovery 120)
  intake_test(credit 120)
endif()

# What the line alone moves.
add_executable(bench_line bench/bench_line.c)
target_link_libraries(bench_line PRIVATE house common PkgConfig::zmq
  Threads::Threads)
