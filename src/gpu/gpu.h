/* gpu.h - the one place that wraps the CUDA runtime for C.
 *
 * Nothing of CUDA is touched before the first call of a function below.  gpu_count,
 * gpu_properties, gpu_facts and the device list ask the driver only: they make no context.
 * In a build without CUDA gpu_none.c stands in: no devices, and the reason.
 *
 * A device that fails or hangs is lost to the process: ERR_CUDA, and nothing that waits is called
 * any more.  The run goes on in a fresh process.
 *
 * A device has a number of CUDA's; its handle (struct gpu) belongs to one thread. */
#ifndef GPU_GPU_H
#define GPU_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bench.h"
#include "core/err.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gpu;                             /* what device_ops.open makes: context, stream, events */
typedef struct CUstream_st *gpu_stream; /* cudaStream_t */

/* The way between host and device memory.  Only over PCIe is a copy called PCIe; in one memory the
 * host's ceiling is the device's too. */
enum gpu_host_link {
    GPU_HOST_PCIE,
    GPU_HOST_C2C, /* Grace Hopper, Grace Blackwell: two memories, one address space, NVLink-C2C */
    GPU_HOST_ONE_MEMORY
};
const char *gpu_host_link_name(enum gpu_host_link l); /* "PCIe", "NVLink-C2C", "one memory" */

/* By what the driver says: the GPU is integrated; it uses the host's page tables. */
enum gpu_host_link gpu_host_link(bool integrated, bool host_page_tables);

/* 0 or "" where the driver does not say. */
struct gpu_properties {
    char model[96];
    char pci_id[16]; /* "0000:01:00.0" */
    char uuid[48];   /* "GPU-8-4-4-4-12" */
    int capability;  /* 90 for compute capability 9.0 */
    int multiprocessors;
    double clock_hz; /* highest */
    double memory_clock_hz;
    int memory_bus_bits;
    size_t l2_bytes, memory_bytes;
    bool integrated; /* shares the host's memory */
    enum gpu_host_link host_link;
};

/* Timing mode "batched": begin and end are events on the handle's stream around the repetitions;
 * end waits for them.  The other modes are in gpu_timing.h. */
extern const struct device_ops gpu_device_ops;

/* Devices; 0 with the reason in why, in the driver's words where it has any. */
int gpu_count(char *why, size_t why_cap);
int gpu_properties(int index, struct gpu_properties *out, struct err *e);

/* CUDA versions as 13000 for 13.0; 0: none. */
int gpu_driver_version(void);
int gpu_runtime_version(void);

#if HAVE_CUDA
/* Make the handle's device the calling thread's: before the calls below, and before a launch. */
int gpu_enter(const struct gpu *g, struct err *e);
gpu_stream gpu_stream_of(const struct gpu *g);
int gpu_index_of(const struct gpu *g); /* CUDA's number of the device */
const struct gpu_properties *gpu_properties_of(const struct gpu *g);

/* Is there room?  ERR_NOTSUP (the row is skipped) says how much is missing.  For set-ups, before
 * they allocate. */
int gpu_memory_need(size_t bytes, const char *what, struct err *e);

/* Device memory, owned by the caller.  ERR_NOMEM says how much is free and missing. */
int gpu_alloc(void **out, size_t bytes, struct err *e);
void gpu_free(void *d);
int gpu_memory_free(size_t *bytes, struct err *e);

/* In stream order.  The copies have happened on return, the others are only enqueued. */
int gpu_to_host(void *to, const void *d_from, size_t bytes, gpu_stream s, struct err *e);
int gpu_to_device(void *d_to, const void *from, size_t bytes, gpu_stream s, struct err *e);
int gpu_copy(void *d_to, const void *d_from, size_t bytes, gpu_stream s, struct err *e);
int gpu_fill(void *d, int byte, size_t bytes, gpu_stream s, struct err *e);

/* Wait for the stream; ERR_CUDA when the device has failed or hangs (gpu_wait.h). */
int gpu_sync(gpu_stream s, struct err *e);
#endif

#ifdef __cplusplus
}
#endif

#endif
