/* gpu_handle.h - what a handle of a GPU holds; for the files of src/gpu alone. */
#ifndef GPU_GPU_HANDLE_H
#define GPU_GPU_HANDLE_H

#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

#if HAVE_CUDA
struct gpu_timing;

struct gpu {
    int index;
    struct gpu_properties properties;
    gpu_stream stream;
    struct CUevent_st *start, *stop;
    double floor_ns;
    struct gpu_clock_stamp *d_stamps; /* before and after a sample, of each multiprocessor */
    bool stamped;                     /* by the last sample */
    struct gpu_timing *timing;        /* of gpu_timing.c; NULL until a row asks for it */
    uint64_t wall_ns;                 /* of "wall": when the sample began */
};
#endif

#ifdef __cplusplus
}
#endif

#endif
