# collector/alert
set(golden_dir ${CMAKE_CURRENT_SOURCE_DIR}/golden)
foreach(module decide digest_time group inhibit mail_doc mail_mime mail_pace mail_say receivers
    smtp_secret)
  unit_test(${module} LIBS collector_alert fake_loop)
endforeach()
unit_test(mail_text LIBS collector_alert fake_loop)
target_compile_definitions(test_mail_text PRIVATE GOLDEN_DIR="${golden_dir}")
unit_test(mailq LIBS collector_alert tmp_store fake_loop)
unit_test(deadman LIBS collector_alert common_curl tmp_store fake_loop)
unit_test(escalate LIBS collector_alert tmp_store fake_loop)
fuzz_target(stored_alert LIBS collector_alert fake_loop)

unit_test(webhook_body LIBS PkgConfig::jansson)
unit_test(webhook_text LIBS collector_alert fake_loop PkgConfig::jansson)
unit_test(webhook_out LIBS collector_alert common_curl common_loop tcpd tmp_store)
unit_test(webhook_post LIBS common_curl common_loop tcpd)
fuzz_target(webhook_target LIBS PkgConfig::jansson)

add_library(smtpd STATIC support/smtpd.c)
target_link_libraries(smtpd PRIVATE house PUBLIC tcpd)
unit_test(smtp_send LIBS collector_alert common_loop smtpd)
unit_test(condition LIBS collector_alert tmp_store fake_loop)
unit_test(mail_facts LIBS collector_alert tmp_store fake_loop)
unit_test(alert LIBS collector_alert tmp_store fake_loop)

add_executable(mail_run integration/mail_run.c)
target_link_libraries(mail_run PRIVATE house collector_test_mail common_loop)
add_test(NAME integration.mail_postfix COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/integration/mail_postfix.py $<TARGET_FILE:mail_run>)
set_tests_properties(integration.mail_postfix PROPERTIES LABELS integration
  TIMEOUT 120)
add_test(NAME integration.mail_real COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/integration/mail_real.py $<TARGET_FILE:mail_run>)
set_tests_properties(integration.mail_real PROPERTIES LABELS integration
  TIMEOUT 180)

add_library(claims STATIC support/claims.c)
target_include_directories(claims PUBLIC support)
target_link_libraries(claims PRIVATE house PUBLIC collector_raise
  PkgConfig::cmocka)
fuzz_target(stored_seen LIBS collector_raise fake_loop)
unit_test(raise_fleet LIBS claims fake_loop)
unit_test(raise_check LIBS claims fake_loop)
unit_test(raise_cert LIBS claims tmp_store fake_loop)
unit_test(raise_budget LIBS claims fake_loop)
unit_test(raise LIBS claims judge_world tmp_store fake_loop)

# Every sample mail, read by Python's email package, beside golden dumps.
add_executable(mail_samples support/mail_samples.c)
target_link_libraries(mail_samples PRIVATE house collector_alert fake_loop)
add_test(NAME unit.mail_samples COMMAND /usr/bin/python3 -B
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/mail_samples.py $<TARGET_FILE:mail_samples>
  ${golden_dir}/mail)
set_tests_properties(unit.mail_samples PROPERTIES LABELS unit TIMEOUT 60)
unit_test(alert_flap LIBS collector_alert judge_world fake_loop)
unit_test(replay LIBS collector_replay judge_world fake_loop)

# How often somebody is told for nothing.
add_executable(bench_year bench/bench_year.c)
target_link_libraries(bench_year PRIVATE house collector_replay tmp_store m)
