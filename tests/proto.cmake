# Tests of proto/.
add_library(pb_put STATIC support/pb_put.c)
target_include_directories(pb_put PUBLIC support)
target_link_libraries(pb_put PRIVATE house PUBLIC common)

add_library(alloc_fail STATIC support/alloc_fail.c)
target_include_directories(alloc_fail PUBLIC support)
target_link_libraries(alloc_fail PRIVATE house)
target_link_options(alloc_fail INTERFACE -Wl,--wrap=malloc -Wl,--wrap=calloc
  -Wl,--wrap=realloc -Wl,--wrap=strdup)

unit_test(wire LIBS proto pb_put)
unit_test(wire_record LIBS proto pb_put alloc_fail)
add_library(facts_sample STATIC support/facts_sample.c)
target_include_directories(facts_sample PUBLIC support)
target_link_libraries(facts_sample PRIVATE house PUBLIC common)
unit_test(wire_facts LIBS proto pb_put alloc_fail facts_sample)

add_library(config_sample STATIC support/config_sample.c)
target_include_directories(config_sample PUBLIC support)
target_link_libraries(config_sample PRIVATE house PUBLIC proto)
unit_test(wire_config LIBS config_sample proto pb_put alloc_fail)
unit_test(wire_token LIBS proto)
unit_test(wire_ctl LIBS proto pb_put)

fuzz_target(wire LIBS proto)
fuzz_target(wire_record LIBS proto facts_sample)
fuzz_target(wire_config LIBS proto pb_put)
fuzz_target(wire_token LIBS proto)
fuzz_target(wire_ctl LIBS proto)

add_test(NAME unit.layers
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/check_layers.sh ${CMAKE_SOURCE_DIR})
add_test(NAME unit.layers_are_noticed
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/check_layers.sh --self-test)
set_tests_properties(unit.layers unit.layers_are_noticed
  PROPERTIES LABELS unit)
