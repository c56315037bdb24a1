unit_test(args LIBS cli_words)
unit_test(csv LIBS cli_words)
unit_test(probe_target LIBS cli_words)
unit_test(results_follow LIBS cli_words)
unit_test(probe_cert LIBS cli_probe sheet)

# Text for people.
add_library(sheet STATIC support/sheet.c)
target_include_directories(sheet PUBLIC support)
target_link_libraries(sheet PRIVATE house PkgConfig::cmocka PUBLIC cli_paper)
unit_test(bars LIBS sheet)
unit_test(cols LIBS cli_paper)
unit_test(paper LIBS sheet)
unit_test(screen LIBS cli_paper)
unit_test(waterfall LIBS cli_probe sheet)
unit_test(probe_tally LIBS cli_probe)
unit_test(quantiles LIBS cli_probe)
unit_test(probe_series LIBS cli_series fake_loop
  SOURCES support/fake_probe.c)
