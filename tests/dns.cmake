# DNS and the probes on top of it.
add_library(dnsd STATIC support/dnsd.c)
target_include_directories(dnsd PUBLIC support)
target_link_libraries(dnsd PRIVATE house PUBLIC common common_dns)
unit_test(dns_msg LIBS common_dns)
unit_test(dns_query LIBS probes dnsd fake_loop)
unit_test(resolve LIBS probes dnsd fake_loop)
unit_test(tcp_probe LIBS probes dnsd fake_loop)
fuzz_target(dns_msg LIBS common_dns)
unit_test(dns_probe LIBS probes dnsd fake_loop)
fuzz_target(dns_conf LIBS probes)

add_executable(dns_once integration/dns_once.c)
target_link_libraries(dns_once PRIVATE house probes common_loop)
add_test(NAME integration.dns_real COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/integration/dns_real.py $<TARGET_FILE:dns_once>)
set_tests_properties(integration.dns_real PROPERTIES LABELS integration
  TIMEOUT 120)
add_test(NAME integration.dns_dig COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/integration/dns_dig.py $<TARGET_FILE:leadline>
  $<TARGET_FILE:dns_once>)
set_tests_properties(integration.dns_dig PROPERTIES LABELS integration
  TIMEOUT 120)
add_test(NAME integration.dns_zone COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/integration/dns_zone.py $<TARGET_FILE:leadline>)
set_tests_properties(integration.dns_zone PROPERTIES LABELS integration
  TIMEOUT 120)
