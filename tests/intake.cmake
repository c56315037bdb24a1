unit_test(admission LIBS collector_admission)
unit_test(zap LIBS collector_zap PkgConfig::zmq)
