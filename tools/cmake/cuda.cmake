# Finds nvcc and chooses the GPU architectures; HEADROOM_CUDA is OFF afterwards when there is none.
include(CheckLanguage)

if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  # The toolkit's packages do not put nvcc on the path.  A failed search is not remembered, so that
  # a toolkit installed later is found.
  unset(CMAKE_CUDA_COMPILER CACHE)
  unset(nvcc CACHE)
  find_program(nvcc nvcc PATHS /usr/local/cuda/bin)
  if(nvcc)
    set(CMAKE_CUDA_COMPILER ${nvcc})
  endif()
endif()

# One architecture gives its machine code and its PTX, which newer GPUs compile at first use.
# Without a GPU here that is the oldest one.  Must be set before the language is enabled.
if(NOT CMAKE_CUDA_ARCHITECTURES)
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE caps ERROR_QUIET RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT failed AND caps MATCHES "^[0-9]+\\.[0-9]")
    string(REPLACE "." "" caps "${caps}")
    string(REPLACE "\n" ";" caps "${caps}")
    list(REMOVE_DUPLICATES caps)
    set(CMAKE_CUDA_ARCHITECTURES ${caps})
  else()
    set(CMAKE_CUDA_ARCHITECTURES 75)
  endif()
endif()

check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
  enable_language(CUDA)
  message(STATUS "GPU architectures: ${CMAKE_CUDA_ARCHITECTURES}")
else()
  message(STATUS "no nvcc: building the CPU-only program")
  unset(CMAKE_CUDA_COMPILER CACHE)
  set(HEADROOM_CUDA OFF)
endif()

# Device code that not every generation has lies in files of its own, compiled for those among
# CMAKE_CUDA_ARCHITECTURES that have it: *_sm80.cu for 8.0 and newer, *_sm90a.cu for 9.0 alone,
# *_sm120a.cu for 12.0 and 12.1.  HAVE_SM80, HAVE_SM90A ... tell whether there are any; the caller
# asks the device first.
set(HEADROOM_CUDA_FAMILIES sm80 sm89 sm90 sm90a sm100a sm120a)

# The members of a family among CMAKE_CUDA_ARCHITECTURES.
function(headroom_cuda_family family out)
  string(REGEX MATCH "[0-9]+" base ${family})
  set(members)
  foreach(architecture ${CMAKE_CUDA_ARCHITECTURES})
    string(REGEX MATCH "^[0-9]+" number ${architecture})
    math(EXPR generation "${number} / 10")
    math(EXPR of_family "${base} / 10")
    if(NOT family MATCHES "a$" AND number GREATER_EQUAL base)
      list(APPEND members ${architecture})
    elseif(family MATCHES "a$" AND generation EQUAL of_family AND number GREATER_EQUAL base)
      list(APPEND members ${number}a-real)
    endif()
  endforeach()
  list(REMOVE_DUPLICATES members)
  set(${out} ${members} PARENT_SCOPE)
endfunction()

function(headroom_cuda_options target)
  set_target_properties(${target} PROPERTIES CUDA_STANDARD 17 CUDA_RUNTIME_LIBRARY Static)
  # The host side of a .cu file is C in all but name.  Without exceptions and guarded statics nothing
  # refers to libstdc++ and libgcc_s, so --as-needed drops them from the program.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-lineinfo
    --Werror=all-warnings -Xptxas=-warn-spills -Xcompiler=-Wall,-Wextra
    -Xcompiler=-fno-exceptions,-fno-rtti,-fno-threadsafe-statics>)
endfunction()

# `make check` holds registers, stack and spills of every kernel against test/registers.txt.
function(headroom_cuda_report target)
  if(HEADROOM_CHECK)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-Xptxas=-v>)
    set(launcher ${CMAKE_SOURCE_DIR}/tools/keep-ptxas-report ${CMAKE_CUDA_COMPILER_LAUNCHER})
    set_target_properties(${target} PROPERTIES CUDA_COMPILER_LAUNCHER "${launcher}")
  endif()
endfunction()

function(headroom_add_cuda target)
  if(CMAKE_CROSSCOMPILING) # the toolchain file knows; CMake looks for a toolkit of the target
    target_include_directories(${target} SYSTEM PUBLIC ${HEADROOM_CUDA_INCLUDE})
    target_link_libraries(${target} PUBLIC ${HEADROOM_CUDA_LIBRARIES}/libcudart_static.a)
  else()
    find_package(CUDAToolkit REQUIRED)
    target_link_libraries(${target} PUBLIC CUDA::cudart_static)
  endif()
  file(GLOB_RECURSE cuda_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*.cu)
  foreach(family ${HEADROOM_CUDA_FAMILIES})
    set(of_family ${cuda_sources})
    list(FILTER of_family INCLUDE REGEX "_${family}\\.cu$")
    list(FILTER cuda_sources EXCLUDE REGEX "_${family}\\.cu$")
    headroom_cuda_family(${family} members)
    string(TOUPPER ${family} name)
    if(members AND of_family)
      add_library(${target}_${family} OBJECT ${of_family})
      set_target_properties(${target}_${family} PROPERTIES CUDA_ARCHITECTURES "${members}")
      target_compile_definitions(${target}_${family} PRIVATE HAVE_CUDA=1)
      headroom_cuda_options(${target}_${family})
      headroom_cuda_report(${target}_${family})
      target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${family}>)
      target_compile_definitions(${target} PRIVATE HAVE_${name}=1)
    else()
      target_compile_definitions(${target} PRIVATE HAVE_${name}=0)
    endif()
  endforeach()
  target_sources(${target} PRIVATE ${cuda_sources})
  headroom_cuda_options(${target})
  headroom_cuda_report(${target})
endfunction()
