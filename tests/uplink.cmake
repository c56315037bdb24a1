# agent/uplink/
unit_test(spool LIBS agent_spool)
unit_test(session LIBS agent_session)
add_library(fake_collector STATIC support/fake_collector.c)
target_include_directories(fake_collector PUBLIC support)
target_link_libraries(fake_collector PRIVATE house PkgConfig::zmq PUBLIC proto)
unit_test(enrol LIBS agent_uplink fake_collector fake_loop)
unit_test(uplink LIBS agent_uplink fake_collector fake_loop)
fuzz_target(spool_value LIBS agent_spool)
