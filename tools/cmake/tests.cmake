# Every test/test_*.c is a program of its own; the rest of `make check` is in check.cmake.
file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/test_*.c)

# Tests whose names match are run under the thread sanitizer too ...
set(tests_threads "pool|telemetry|sampler|runner|worker|llm_engine")
# ... and these measure time, so nothing runs beside them.
set(tests_serial "clock|memory|compute|storage|pool|telemetry|runner|skeleton")

# The code does not run at its own speed: a test that holds an overhead does not hold it here.
set(instrumented ${CMAKE_CROSSCOMPILING})
if(HEADROOM_SANITIZE OR HEADROOM_COVERAGE)
  set(instrumented ON)
endif()

# Stand-ins for libraries that are opened at run time: HEADROOM_FAKES/fake_<x>.so.
set(fakes ${CMAKE_BINARY_DIR}/fakes)
function(add_fake name source)
  add_library(${name} MODULE ${CMAKE_SOURCE_DIR}/test/fakes/${source})
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${fakes})
  target_compile_definitions(${name} PRIVATE ${ARGN})
endfunction()
add_fake(fake_thing1 fake_thing.c THING_VERSION=1)
add_fake(fake_thing2 fake_thing.c THING_VERSION=2)
add_fake(fake_cuda fake_cuda.c)
add_fake(fake_nowhere fake_thing.c THING_VERSION=1)
set_target_properties(fake_nowhere PROPERTIES PREFIX lib OUTPUT_NAME headroom_is_nowhere
  LINK_OPTIONS -Wl,-soname,libheadroom_is_nowhere.so LIBRARY_OUTPUT_DIRECTORY ${fakes}/unseen)
add_fake(fake_thing3 fake_thing.c THING_VERSION=3)
target_link_options(fake_thing3 PRIVATE -Wl,--no-as-needed $<TARGET_FILE:fake_nowhere>)
set_target_properties(fake_thing3 PROPERTIES BUILD_RPATH "" SKIP_BUILD_RPATH ON)
add_dependencies(fake_thing3 fake_nowhere)
foreach(age new old) # NVML under its own name, in HEADROOM_FAKES/nvml_<age>
  add_fake(fake_nvml_${age} fake_nvml.c $<$<STREQUAL:${age},old>:FAKE_NVML_OLD>)
  set_target_properties(fake_nvml_${age} PROPERTIES PREFIX lib OUTPUT_NAME nvidia-ml SUFFIX .so.1
    LIBRARY_OUTPUT_DIRECTORY ${fakes}/nvml_${age})
  target_include_directories(fake_nvml_${age} PRIVATE ${CMAKE_SOURCE_DIR}/src
    ${CMAKE_SOURCE_DIR}/test)
endforeach()
set(headroom_fakes "")
foreach(fake OLD LACKING REFUSING FAILING STRANGE EMPTY WRONG HANGING CRASHING)
  string(TOLOWER fake_headroom_${fake} name)
  add_fake(${name} fake_headroom.c FAKE=${fake} FAKE_${fake})
  list(APPEND headroom_fakes ${name})
endforeach()
set(all_fakes ${headroom_fakes} libheadroom fake_cuda fake_thing1 fake_thing2 fake_thing3 fake_nvml_new fake_nvml_old)

add_custom_target(tests_with_threads) # what the thread sanitizer is for
foreach(t ${tests})
  get_filename_component(name ${t} NAME_WE)
  add_executable(${name} ${t})
  # Kernels of a test lie beside it.
  if(HEADROOM_CUDA AND EXISTS ${CMAKE_SOURCE_DIR}/test/${name}.cu)
    target_sources(${name} PRIVATE test/${name}.cu)
    headroom_cuda_options(${name})
  endif()
  target_link_libraries(${name} PRIVATE headroom_all)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/test)
  # Tests of the command line run the program that was built with them.  Under an emulator they
  # cannot: it does not start other programs of its architecture.
  target_compile_definitions(${name} PRIVATE HEADROOM_BINARY="${CMAKE_BINARY_DIR}/headroom"
    HEADROOM_EMULATED=$<BOOL:${CMAKE_CROSSCOMPILING}>
    HEADROOM_INSTRUMENTED=$<BOOL:${instrumented}> HEADROOM_FAKES="${fakes}"
    HEADROOM_LIBRARY="$<TARGET_FILE:libheadroom>")
  add_dependencies(${name} headroom ${all_fakes})
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
  set(labels unit)
  if(name MATCHES "${tests_threads}")
    list(APPEND labels threads)
    add_dependencies(tests_with_threads ${name})
  endif()
  if(name MATCHES "${tests_serial}")
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${labels}")
endforeach()
# The vendors' headers, where tools/vendor-headers has put them, need those of the CUDA runtime.
foreach(name test_vendor test_vendor_nvml)
  target_include_directories(${name} SYSTEM PRIVATE ${CMAKE_SOURCE_DIR}/build-vendor/include
    ${CUDAToolkit_INCLUDE_DIRS})
endforeach()
# The program with a benchmark that is slower by N %, for comparisons whose truth is known.
add_custom_target(dials)
foreach(percent 0 5 10 20)
  add_executable(headroom-dial-${percent} ${CMAKE_SOURCE_DIR}/src/main.c
    ${CMAKE_SOURCE_DIR}/test/dial_bench.c)
  target_compile_definitions(headroom-dial-${percent} PRIVATE DIAL_PERCENT=${percent})
  target_link_libraries(headroom-dial-${percent} PRIVATE headroom_all)
  set_target_properties(headroom-dial-${percent} PROPERTIES EXCLUDE_FROM_ALL ON)
  add_dependencies(dials headroom-dial-${percent})
endforeach()

# A benchmark that crashes there must die of its signal, which the sanitizers would report instead.
set_tests_properties(test_runner PROPERTIES
  ENVIRONMENT "ASAN_OPTIONS=handle_segv=0;TSAN_OPTIONS=handle_segv=0:halt_on_error=1")

# The command line as a user meets it.  These measure and hold the machine's lock: one at a time.
if(TARGET headroom AND NOT CMAKE_CROSSCOMPILING)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/cli/*.sh)
  list(REMOVE_ITEM scripts ${CMAKE_SOURCE_DIR}/test/cli/lib.sh)
  foreach(script ${scripts})
    get_filename_component(name ${script} NAME_WE)
    add_test(NAME cli_${name} COMMAND bash ${script} $<TARGET_FILE:headroom> ${CMAKE_SOURCE_DIR})
    set_tests_properties(cli_${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 RUN_SERIAL ON
      LABELS cli)
  endforeach()
endif()

# The HTML report in a browser; skipped where there is none.
if(TARGET headroom AND NOT CMAKE_CROSSCOMPILING AND NOT HEADROOM_SANITIZE)
  add_test(NAME web_page COMMAND ${CMAKE_SOURCE_DIR}/test/web/check_page.py
    $<TARGET_FILE:headroom> ${CMAKE_SOURCE_DIR})
  set_tests_properties(web_page PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 LABELS web)
endif()

if(HEADROOM_CHECK)
  include(check)
endif()
