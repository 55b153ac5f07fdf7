/* gpu.c - the CUDA runtime for C: devices, memory, streams, and time by events. */
#include "gpu/gpu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "gpu/card_monitor.h"
#include "gpu/gpu_clock.h"
#include "gpu/gpu_handle.h"
#include "gpu/gpu_kernels.h"
#include "gpu/gpu_timing.h"
#include "gpu/gpu_try.h"
#include "gpu/gpu_wait.h"

enum { FLOOR_ROUNDS = 51 };

int gpu_driver_version(void)
{
    int v = 0;

    return cudaDriverGetVersion(&v) == cudaSuccess ? v : 0;
}

int gpu_runtime_version(void)
{
    int v = 0;

    return cudaRuntimeGetVersion(&v) == cudaSuccess ? v : 0;
}

int gpu_count(char *why, size_t why_cap)
{
    int n = 0;
    int driver = gpu_driver_version();
    cudaError_t code = cudaGetDeviceCount(&n);

    if (code == cudaSuccess && n > 0)
        return n;
    cudaGetLastError();
    if (code == cudaSuccess)
        snprintf(why, why_cap, "the CUDA driver shows no GPU");
    else if (driver == 0)
        snprintf(why, why_cap, "no CUDA driver: libcuda.so.1 is not there or does not load");
    else if (code == cudaErrorInsufficientDriver)
        snprintf(why, why_cap, "the CUDA driver is for %d.%d, this program needs %d.%d",
                 driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000,
                 CUDART_VERSION % 1000 / 10);
    else
        snprintf(why, why_cap, "%s (%s)", cudaGetErrorString(code), cudaGetErrorName(code));
    return 0;
}

/* An attribute that the driver does not know is not there. */
static int attribute(int index, enum cudaDeviceAttr which)
{
    int v = 0;

    if (cudaDeviceGetAttribute(&v, which, index) == cudaSuccess && v > 0)
        return v;
    cudaGetLastError();
    return 0;
}

static void uuid_text(const cudaUUID_t *u, char out[48])
{
    unsigned char b[16];

    memcpy(b, u->bytes, sizeof(b));
    snprintf(out, 48, "GPU-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

int gpu_properties(int index, struct gpu_properties *out, struct err *e)
{
    struct cudaDeviceProp p;
    int rc = 0;

    *out = (struct gpu_properties){ 0 };
    CUDA_TRY(cudaGetDeviceProperties(&p, index));
    snprintf(out->model, sizeof(out->model), "%.95s", p.name);
    snprintf(out->pci_id, sizeof(out->pci_id), "%04x:%02x:%02x.0", (unsigned)p.pciDomainID & 0xffff,
             (unsigned)p.pciBusID & 0xff, (unsigned)p.pciDeviceID & 0xff);
    uuid_text(&p.uuid, out->uuid);
    out->capability = 10 * p.major + p.minor;
    out->multiprocessors = p.multiProcessorCount;
    out->clock_hz = 1e3 * attribute(index, cudaDevAttrClockRate);
    out->memory_clock_hz = 1e3 * attribute(index, cudaDevAttrMemoryClockRate);
    out->memory_bus_bits = attribute(index, cudaDevAttrGlobalMemoryBusWidth);
    out->l2_bytes = (size_t)attribute(index, cudaDevAttrL2CacheSize);
    out->memory_bytes = p.totalGlobalMem;
    out->integrated = attribute(index, cudaDevAttrIntegrated) != 0;
    out->host_link = gpu_host_link(
        out->integrated, attribute(index, cudaDevAttrPageableMemoryAccessUsesHostPageTables) != 0);
out:
    return rc;
}

static int list(struct device *out, int cap, char *why, size_t why_cap)
{
    int n = gpu_count(why, why_cap), listed = 0;

    for (int i = 0; i < n && listed < cap; i++) {
        struct gpu_properties p;
        struct err e = { 0 };

        if (gpu_properties(i, &p, &e) < 0) {
            snprintf(why, why_cap, "gpu:%d: %s", i, e.msg);
            continue;
        }
        out[listed] = (struct device){ .kind = DEVICE_GPU, .index = i, .ops = &gpu_device_ops };
        snprintf(out[listed].name, sizeof(out[listed].name), "gpu:%d", i);
        snprintf(out[listed].model, sizeof(out[listed].model), "%s", p.model);
        snprintf(out[listed].uuid, sizeof(out[listed].uuid), "%s", p.uuid);
        snprintf(out[listed].pci_id, sizeof(out[listed].pci_id), "%s", p.pci_id);
        listed++;
    }
    return listed;
}

static void close_device(void *handle)
{
    struct gpu *g = handle;

    if (!g)
        return;
    if (gpu_wait_gave_up()) { /* every call would wait; the process ends now */
        mem_free(g);
        return;
    }
    cudaSetDevice(g->index);
    gpu_timing_close(g);
    if (g->start)
        cudaEventDestroy(g->start);
    if (g->stop)
        cudaEventDestroy(g->stop);
    if (g->stream)
        cudaStreamDestroy(g->stream);
    if (g->d_stamps)
        cudaFree(g->d_stamps);
    mem_free(g);
}

static size_t stamps_bytes(const struct gpu *g)
{
    return 2 * (size_t)g->properties.multiprocessors * sizeof(*g->d_stamps);
}

static int begin(void *handle, struct err *e)
{
    struct gpu *g = handle;
    int rc = 0;

    CUDA_TRY(cudaSetDevice(g->index));
    TRY(gpu_clock_stamp(g->d_stamps, g->properties.multiprocessors, g->stream, e));
    CUDA_TRY(cudaEventRecord(g->start, g->stream));
out:
    return rc;
}

static int end(void *handle, double *ns, struct err *e)
{
    struct gpu *g = handle;
    float ms = 0;
    int rc = 0;

    *ns = (double)NAN;
    CUDA_TRY(cudaGetLastError());
    CUDA_TRY(cudaEventRecord(g->stop, g->stream));
    TRY(gpu_clock_stamp(g->d_stamps + g->properties.multiprocessors, g->properties.multiprocessors,
                        g->stream, e));
    g->stamped = true;
    TRY(gpu_wait_event(g->stop, e));
    CUDA_TRY(cudaEventElapsedTime(&ms, g->start, g->stop));
    *ns = 1e6 * (double)ms;
out:
    return rc;
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Two events with nothing between them: the median of what they read. */
static int measure_floor(struct gpu *g, struct err *e)
{
    double ns[FLOOR_ROUNDS];
    int rc = 0;

    for (int i = 0; i < FLOOR_ROUNDS; i++) {
        TRY(begin(g, e));
        TRY(end(g, &ns[i], e));
    }
    qsort(ns, FLOOR_ROUNDS, sizeof(ns[0]), compare_doubles);
    g->floor_ns = ns[FLOOR_ROUNDS / 2];
out:
    return rc;
}

/* The device's own context, which is made here. */
static int take_device(int index, struct err *e)
{
    cudaError_t code = cudaSetDevice(index);

    if (code == cudaErrorDevicesUnavailable) {
        cudaGetLastError();
        return gpu_refused(attribute(index, cudaDevAttrComputeMode), e);
    }
    if (code != cudaSuccess)
        return gpu_try_failed(e, __FILE_NAME__, "cudaSetDevice", code);
    return 0;
}

static int open_device(const struct device *d, void **handle, struct err *e)
{
    struct gpu *g = mem_calloc(1, sizeof(*g));
    int rc = 0;

    *handle = NULL;
    if (!g)
        return ERR(e, ERR_NOMEM, "no memory for the handle of %s", d->name);
    g->index = d->index;
    TRY(gpu_properties(d->index, &g->properties, e));
    TRY(take_device(d->index, e));
    CUDA_TRY(cudaStreamCreateWithFlags(&g->stream, cudaStreamNonBlocking));
    CUDA_TRY(cudaEventCreate(&g->start));
    CUDA_TRY(cudaEventCreate(&g->stop));
    CUDA_TRY(cudaMalloc((void **)&g->d_stamps, stamps_bytes(g)));
    CUDA_TRY(cudaMemsetAsync(g->d_stamps, 0, stamps_bytes(g), g->stream));
    TRY(measure_floor(g, e));
    *handle = g;
out:
    if (rc < 0)
        close_device(g);
    return rc;
}

static double floor_ns(void *handle)
{
    const struct gpu *g = handle;

    return g->floor_ns;
}

/* Of the last sample.  A device that fails here fails in the next one too, and says so there. */
static double clock_hz(void *handle)
{
    struct gpu *g = handle;
    int n = g->properties.multiprocessors;
    struct gpu_clock_stamp *stamps = mem_calloc(1, stamps_bytes(g));
    struct err ignored = { 0 };
    double hz = (double)NAN;

    if (stamps && g->stamped && gpu_enter(g, &ignored) == 0 &&
        gpu_to_host(stamps, g->d_stamps, stamps_bytes(g), g->stream, &ignored) == 0)
        hz = gpu_clock_between(stamps, stamps + n, n);
    g->stamped = false; /* other ways to take time make no stamps */
    mem_free(stamps);
    return hz;
}

const struct device_ops gpu_device_ops = {
    .timing_mode = "batched",
    .list = list,
    .open = open_device,
    .close = close_device,
    .begin = begin,
    .end = end,
    .floor_ns = floor_ns,
    .clock_hz = clock_hz,
    .clock_source = "cycles of a sample over its time",
    .timings = gpu_timings,
    .inspect = gpu_kernels_inspect,
    .monitor = &card_monitor_ops,
    .idle_row = "silicon.telemetry phase=idle",
};

int gpu_enter(const struct gpu *g, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaSetDevice(g->index));
out:
    return rc;
}

gpu_stream gpu_stream_of(const struct gpu *g)
{
    return g->stream;
}

int gpu_index_of(const struct gpu *g)
{
    return g->index;
}

const struct gpu_properties *gpu_properties_of(const struct gpu *g)
{
    return &g->properties;
}

int gpu_memory_free(size_t *bytes, struct err *e)
{
    size_t total;
    int rc = 0;

    *bytes = 0;
    CUDA_TRY(cudaMemGetInfo(bytes, &total));
out:
    return rc;
}

int gpu_memory_need(size_t bytes, const char *what, struct err *e)
{
    size_t available;
    int rc = 0;

    TRY(gpu_memory_free(&available, e));
    if (bytes > available)
        return ERR(e, ERR_NOTSUP,
                   "%.80s needs %.1f MiB of GPU memory: %.1f MiB are free, %.1f MiB are missing",
                   what, (double)bytes / (1 << 20), (double)available / (1 << 20),
                   (double)(bytes - available) / (1 << 20));
out:
    return rc;
}

int gpu_alloc(void **out, size_t bytes, struct err *e)
{
    cudaError_t code = cudaMalloc(out, bytes);
    double mib = (double)bytes / (1 << 20);
    size_t available = 0;
    int rc = 0;

    if (code == cudaSuccess)
        return 0;
    *out = NULL;
    if (code == cudaErrorMemoryAllocation) {
        cudaGetLastError();
        TRY(gpu_memory_free(&available, e));
        if (bytes > available)
            return ERR(e, ERR_NOMEM,
                       "%.1f MiB do not fit into GPU memory: %.1f MiB are free, %.1f MiB are "
                       "missing",
                       mib, (double)available / (1 << 20), (double)(bytes - available) / (1 << 20));
        return ERR(e, ERR_NOMEM,
                   "%.1f MiB do not fit into GPU memory in one piece: %.1f MiB are free", mib,
                   (double)available / (1 << 20));
    }
    rc = gpu_try_failed(e, __FILE_NAME__, "cudaMalloc", code);
out:
    return rc;
}

void gpu_free(void *d)
{
    if (d && !gpu_wait_gave_up())
        cudaFree(d);
}

int gpu_sync(gpu_stream s, struct err *e)
{
    return gpu_wait_stream(s, e);
}

/* A copy waits for the stream by itself, without a bound: it begins when nothing is before it. */
int gpu_to_host(void *to, const void *d_from, size_t bytes, gpu_stream s, struct err *e)
{
    int rc = 0;

    TRY(gpu_wait_stream(s, e));
    CUDA_TRY(cudaMemcpyAsync(to, d_from, bytes, cudaMemcpyDefault, s));
    TRY(gpu_wait_stream(s, e));
out:
    return rc;
}

int gpu_to_device(void *d_to, const void *from, size_t bytes, gpu_stream s, struct err *e)
{
    int rc = 0;

    TRY(gpu_wait_stream(s, e));
    CUDA_TRY(cudaMemcpyAsync(d_to, from, bytes, cudaMemcpyHostToDevice, s));
    TRY(gpu_wait_stream(s, e));
out:
    return rc;
}

int gpu_copy(void *d_to, const void *d_from, size_t bytes, gpu_stream s, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaMemcpyAsync(d_to, d_from, bytes, cudaMemcpyDeviceToDevice, s));
out:
    return rc;
}

int gpu_fill(void *d, int byte, size_t bytes, gpu_stream s, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaMemsetAsync(d, byte, bytes, s));
out:
    return rc;
}
