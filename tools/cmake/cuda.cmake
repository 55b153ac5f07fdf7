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

function(headroom_add_cuda target)
  find_package(CUDAToolkit REQUIRED)
  target_link_libraries(${target} PUBLIC CUDA::cudart_static)
  file(GLOB_RECURSE cuda_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*.cu)
  target_sources(${target} PRIVATE ${cuda_sources})
  set_target_properties(${target} PROPERTIES CUDA_STANDARD 17 CUDA_RUNTIME_LIBRARY Static)
  # The host side of a .cu file is C in all but name.  Without exceptions and guarded statics nothing
  # refers to libstdc++ and libgcc_s, so --as-needed drops them from the program.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-lineinfo
    --Werror=all-warnings -Xcompiler=-Wall,-Wextra
    -Xcompiler=-fno-exceptions,-fno-rtti,-fno-threadsafe-statics>)
endfunction()
