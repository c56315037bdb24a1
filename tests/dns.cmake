# DNS and the probes on top of it.
add_library(dnsd STATIC support/dnsd.c)
target_include_directories(dnsd PUBLIC support)
target_link_libraries(dnsd PRIVATE house PUBLIC common common_dns)
unit_test(dns_msg LIBS common_dns)
unit_test(dns_query LIBS probes dnsd fake_loop)
unit_test(resolve LIBS probes dnsd fake_loop)
unit_test(tcp_probe LIBS probes dnsd fake_loop)
fuzz_target(dns_msg LIBS common_dns)
