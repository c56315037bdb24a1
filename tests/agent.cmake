# agent/schedule/
foreach(module grid_clock last_runs notable schedule)
  unit_test(${module} LIBS agent_schedule)
endforeach()
fuzz_target(last_runs LIBS agent_schedule)
unit_test(runner SOURCES support/fake_probe.c support/fake_self_check.c
  LIBS agent_runner fake_loop)
unit_test(self_check LIBS agent_self_check probes dnsd fake_loop)
unit_test(assignment
  SOURCES support/fake_probe.c support/fake_self_check.c
  LIBS agent_keeping agent_runner fake_loop)
