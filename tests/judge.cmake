# collector/judge
foreach(module flap incident rate slot uptime verdict verdict_row)
  unit_test(${module} LIBS collector_judge_pure)
endforeach()
fuzz_target(verdict_row LIBS collector_judge_pure)

add_library(judge_world STATIC support/judge_world.c)
target_include_directories(judge_world PUBLIC support)
target_link_libraries(judge_world PRIVATE house PkgConfig::cmocka
  PUBLIC collector_judge tmp_store)
unit_test(judge_vectors LIBS judge_world PkgConfig::jansson)
target_compile_definitions(test_judge_vectors PRIVATE
  VECTORS_FILE="${CMAKE_CURRENT_SOURCE_DIR}/vectors/vectors.json")
unit_test(retention LIBS judge_world collector_p95 collector_sla)
unit_test(backup LIBS tmp_store collector_care)
unit_test(care SOURCES support/fake_errand.c
  LIBS tmp_store fake_loop collector_care_loop)
unit_test(verify LIBS judge_world collector_care)
unit_test(sla LIBS judge_world collector_sla)
unit_test(query_incidents LIBS judge_world collector_sla)
unit_test(status LIBS judge_world collector_query)
unit_test(watch_random
  SOURCES support/naive_judge.c support/story.c support/telling.c
  LIBS judge_world collector_p95 collector_sla)
if(SANITIZE)
  set_tests_properties(unit.watch_random PROPERTIES TIMEOUT 300)
endif()
unit_test(blind LIBS judge_world collector_query)
unit_test(timeline LIBS judge_world)
unit_test(watch LIBS judge_world)

add_executable(bench_watch bench/bench_watch.c)
target_link_libraries(bench_watch PRIVATE house collector_judge tmp_store)

# A store as it is after a year, and how long answers from it take.
add_executable(fill bench/fill.c)
target_link_libraries(fill PRIVATE house collector_judge)
add_executable(bench_query bench/bench_query.c)
target_link_libraries(bench_query PRIVATE house collector_query)
add_executable(bench_detect bench/bench_detect.c)
target_link_libraries(bench_detect PRIVATE house collector_judge tmp_store)
