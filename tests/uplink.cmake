# agent/uplink/
unit_test(spool LIBS agent_spool)
unit_test(spool_write LIBS agent_spool)
unit_test(session LIBS agent_session)
unit_test(clock_offset LIBS agent_session)
add_library(fake_collector STATIC support/fake_collector.c)
target_include_directories(fake_collector PUBLIC support)
target_link_libraries(fake_collector PRIVATE house PkgConfig::zmq PUBLIC proto)
unit_test(enrol LIBS agent_uplink fake_collector fake_loop)
add_library(line_bench STATIC support/line_bench.c support/line_wire.c)
target_link_libraries(line_bench PRIVATE house PkgConfig::cmocka
  PUBLIC agent_uplink fake_collector fake_loop)
foreach(name uplink_socket_open uplink_socket_close uplink_socket_next_event
    uplink_socket_send uplink_socket_receive fake_collector_next
    fake_collector_send fake_collector_send_bytes clock_unix_ms)
  target_link_options(line_bench INTERFACE -Wl,--wrap=${name})
endforeach()
unit_test(uplink LIBS line_bench)
unit_test(uplink_failures LIBS line_bench)
fuzz_target(spool_value LIBS agent_spool)
unit_test(uplink_stream LIBS agent_uplink fake_collector common_loop)
