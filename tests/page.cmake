# agent/page
unit_test(page_golden LIBS page_model m)
target_compile_definitions(test_page_golden PRIVATE
  GOLDEN_DIR="${CMAKE_CURRENT_SOURCE_DIR}/golden/page")
unit_test(load_model LIBS page_model m)
unit_test(vitals LIBS page_model m)
add_library(tiny_page STATIC support/tiny_page.c)
target_include_directories(tiny_page PUBLIC support)
target_link_libraries(tiny_page PRIVATE house PUBLIC page_model page PkgConfig::cmocka)
unit_test(page_model LIBS tiny_page m)
add_executable(bench_page_model bench/page/bench_page_model.c)
target_link_libraries(bench_page_model PRIVATE house page_model page)
unit_test(page_shown LIBS cli_page tiny_page)
