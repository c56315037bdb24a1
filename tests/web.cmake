# collector/web
unit_test(expo LIBS collector_expo m)
unit_test(meter LIBS collector_meter)
unit_test(pulse LIBS collector_web common_loop)
fuzz_target(command LIBS collector_command_args)
fuzz_target(query LIBS tmp_store collector_query collector_import)
