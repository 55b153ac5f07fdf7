# Debian's cross compiler for aarch64, with the target's libraries in build-arm/sysroot
# (tools/arm-sysroot puts them there); tests run under qemu's user mode.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
get_filename_component(root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(sysroot ${root}/build-arm/sysroot)
set(CMAKE_FIND_ROOT_PATH ${sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${sysroot}/usr/lib/aarch64-linux-gnu/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${sysroot})
# GPU code: nvcc with the same cross compiler.  The toolkit of this machine has its headers, the
# target's runtime library comes from elsewhere (arm-sysroot --cuda); of two that the linker finds it
# passes over the one of the other architecture.
find_program(HEADROOM_NVCC nvcc PATHS /usr/local/cuda/bin)
if(HEADROOM_NVCC)
  # Where its toolkit is, by its own words: what is on the path may be a wrapper.
  execute_process(COMMAND ${HEADROOM_NVCC} --dryrun none.cu ERROR_VARIABLE told OUTPUT_QUIET)
  string(REGEX MATCH "TOP=([^\n]+)" told "${told}")
  set(CMAKE_CUDA_HOST_COMPILER aarch64-linux-gnu-g++)
  set(HEADROOM_CUDA_INCLUDE ${CMAKE_MATCH_1}/include)
  set(HEADROOM_CUDA_LIBRARIES ${sysroot}/cuda/lib)
  set(CMAKE_CUDA_FLAGS_INIT
    "-I${HEADROOM_CUDA_INCLUDE} -isystem ${HEADROOM_CUDA_INCLUDE}/cccl -L${HEADROOM_CUDA_LIBRARIES}")
endif()
set(CMAKE_CROSSCOMPILING_EMULATOR
  qemu-aarch64;-cpu;max;-L;/usr/aarch64-linux-gnu;-E;LD_LIBRARY_PATH=${sysroot}/usr/lib/aarch64-linux-gnu)
