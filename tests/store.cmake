# Tests of collector/store and collector/query.
add_library(tmp_store STATIC support/tmp_store.c)
target_include_directories(tmp_store PUBLIC support)
target_link_libraries(tmp_store PRIVATE house PUBLIC collector_store)
unit_test(raw LIBS tmp_store)
unit_test(registry LIBS tmp_store)
unit_test(store LIBS tmp_store)
fuzz_target(stored_raw LIBS collector_store)
fuzz_target(stored_registry LIBS collector_store)

add_executable(bench_raw bench/bench_raw.c)
target_link_libraries(bench_raw PRIVATE house tmp_store)
