# Tests of collector/store and collector/query.
add_library(tmp_store STATIC support/tmp_store.c)
target_include_directories(tmp_store PUBLIC support)
target_link_libraries(tmp_store PRIVATE house PUBLIC collector_store)
unit_test(registry LIBS tmp_store)
unit_test(store LIBS tmp_store)
