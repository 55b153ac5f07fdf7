/* ptx.cuh - instructions that CUDA C has no name for, one a function. */
#ifndef GPU_PTX_CUH
#define GPU_PTX_CUH

#include <stdint.h>

/* 16 bytes that nobody writes while the kernel runs and that are read once: they take no room in
 * the L1. */
static __device__ __forceinline__ uint4 ptx_load_once(const void *p)
{
    uint4 v;

    asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
        : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
        : "l"(p));
    return v;
}

/* Programmatic dependent launch (9.0 and newer; elsewhere grids wait for each other by themselves).
 * Until the grids before this one, which were launched with that attribute, are done and what they
 * wrote is seen. */
static __device__ __forceinline__ void ptx_wait_for_earlier_grids(void)
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/* From here on (once every block has come here) the next grid may begin, as far as its own wait. */
static __device__ __forceinline__ void ptx_let_next_grid_begin(void)
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
#endif
}

#endif
