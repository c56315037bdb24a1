unit_test(admission LIBS collector_admission)
unit_test(zap LIBS collector_zap PkgConfig::zmq)

# Many agents in one process, for benches and for what breaks under load.
add_executable(load_tool support/load_tool.c support/load.c
  support/load_results.c)
target_link_libraries(load_tool PRIVATE house collector_store proto
  PkgConfig::zmq)
