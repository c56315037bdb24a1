# collector/judge
foreach(module incident slot uptime verdict verdict_row)
  unit_test(${module} LIBS collector_judge_pure)
endforeach()
fuzz_target(verdict_row LIBS collector_judge_pure)
