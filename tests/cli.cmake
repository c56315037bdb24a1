unit_test(args LIBS cli_words)
unit_test(probe_target LIBS cli_words)
