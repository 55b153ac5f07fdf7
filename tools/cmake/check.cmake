# What `make check` adds to the unit tests: style, sanitizers, the other architecture, every GPU
# generation.  Each is one test of the outer CTest run, so that its closing line covers all.
set(style ${CMAKE_SOURCE_DIR}/test/style)

function(add_check name)
  cmake_parse_arguments(PARSE_ARGV 1 a "" "TIMEOUT" "LABELS;COMMAND")
  add_test(NAME ${name} COMMAND ${a_COMMAND} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 LABELS "${a_LABELS}"
    TIMEOUT ${a_TIMEOUT})
endfunction()

foreach(name includes registry headers banned functions lengths names)
  add_check(style_${name} LABELS style TIMEOUT 120
    COMMAND ${style}/${name}.sh ${CMAKE_SOURCE_DIR})
endforeach()
add_check(style_selftest LABELS style TIMEOUT 120 COMMAND ${style}/selftest.sh)
add_check(style_format LABELS style TIMEOUT 120 COMMAND ${CMAKE_SOURCE_DIR}/tools/format --check)
add_check(style_cppcheck LABELS style TIMEOUT 300 COMMAND ${CMAKE_SOURCE_DIR}/tools/tidy cppcheck)
if(HEADROOM_CUDA)
  add_check(gpu_registers LABELS style TIMEOUT 60
    COMMAND ${CMAKE_SOURCE_DIR}/tools/check-registers ${CMAKE_BINARY_DIR})
endif()

# The suites build with every core, and hold tests that measure time: nothing beside them.
foreach(suite asan tsan arm bundle bundle_arm)
  add_check(suite_${suite} LABELS suite TIMEOUT 900
    COMMAND ${CMAKE_SOURCE_DIR}/tools/suite ${suite})
  set_tests_properties(suite_${suite} PROPERTIES RUN_SERIAL ON)
endforeach()
