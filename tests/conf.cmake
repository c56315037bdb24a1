# Configuration, and what it is read with.
foreach(module address conf zone file)
  unit_test(${module} LIBS common_conf)
endforeach()
unit_test(collector_conf LIBS collector_conf)
unit_test(agent_conf LIBS agent_conf)
fuzz_target(conf LIBS collector_conf)
fuzz_target(zone)
