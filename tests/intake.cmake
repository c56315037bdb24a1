unit_test(admission LIBS collector_admission)
unit_test(zap LIBS collector_zap PkgConfig::zmq)

add_executable(bench_intake bench/bench_intake.c)
target_link_libraries(bench_intake PRIVATE house collector_store proto
  PkgConfig::zmq)
