# agent/page
unit_test(page_golden LIBS page_model m)
target_compile_definitions(test_page_golden PRIVATE
  GOLDEN_DIR="${CMAKE_CURRENT_SOURCE_DIR}/golden/page")
unit_test(load_model LIBS page_model m)
unit_test(vitals LIBS page_model m)
