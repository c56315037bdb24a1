# libcurl on the loop, and probes of kind tls and http
add_library(tcpd STATIC support/tcpd.c)
target_include_directories(tcpd PUBLIC support)
target_link_libraries(tcpd PRIVATE house PUBLIC Threads::Threads)

unit_test(curl_loop LIBS common_curl common_loop tcpd)

add_library(probe_bench STATIC support/probe_bench.c)
target_include_directories(probe_bench PUBLIC support)
target_link_libraries(probe_bench PRIVATE house PkgConfig::cmocka
  PUBLIC probes fake_loop)

unit_test(tls_probe LIBS probe_bench tcpd)

add_library(http_bench STATIC support/http_bench.c)
target_link_libraries(http_bench PRIVATE house PkgConfig::cmocka
  PUBLIC probe_bench tcpd)

unit_test(http_probe LIBS http_bench)
unit_test(http_redirect LIBS http_bench)
unit_test(http_answers LIBS http_bench)

unit_test(pattern LIBS common_pattern)
fuzz_target(pattern LIBS common_pattern)
unit_test(cert LIBS probes common_loop)
unit_test(starttls LIBS probes common_loop)
fuzz_target(starttls LIBS probes common_loop)
unit_test(http_parts LIBS probes common_loop)
fuzz_target(cert LIBS probes common_loop)
fuzz_target(http_url LIBS probes common_loop)
fuzz_target(http_evidence LIBS probes common_loop)
fuzz_target(http_length LIBS probes common_loop)

# Against a real nginx, which the test starts and ends.
add_library(real_bench STATIC support/real_bench.c)
target_include_directories(real_bench PUBLIC support)
target_link_libraries(real_bench PRIVATE house PkgConfig::cmocka
  PUBLIC probes common_loop)

foreach(name nginx nginx_hops)
  add_executable(test_${name} integration/test_${name}.c)
  target_link_libraries(test_${name} PRIVATE house real_bench PkgConfig::cmocka)
  add_test(NAME integration.${name} COMMAND test_${name}
    ${CMAKE_CURRENT_SOURCE_DIR}/support/nginx_site.py)
  set_tests_properties(integration.${name} PROPERTIES LABELS integration)
endforeach()

add_executable(bench_probe bench/bench_probe.c)
target_link_libraries(bench_probe PRIVATE house probes common_curl common_loop)
