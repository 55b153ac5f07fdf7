/* gpu_kernels.c - what is enqueued on a stream, taken apart.
 *
 * Kernels are asked about through the driver, whose functions the runtime hands out: libraries
 * bring a runtime of their own, and ours does not know their kernels. */
#include "gpu/gpu_kernels.h"

#include <cuda.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "gpu/gpu_handle.h"
#include "gpu/gpu_try.h"
#include "gpu/kernel_name.h"

enum { DEPTH_MAX = 8, NODES_MAX = 1 << 20, LISTED_MAX = 4 };

struct driver {
    CUresult (*node_params)(CUgraphNode, CUDA_KERNEL_NODE_PARAMS *);
    CUresult (*kernel_function)(CUfunction *, CUkernel);
    CUresult (*function_name)(const char **, CUfunction);
    CUresult (*function_attribute)(int *, CUfunction_attribute, CUfunction);
    CUresult (*occupancy)(int *, CUfunction, int, size_t);
};

struct reader {
    struct driver driver;
    struct gpu_kernels *out;
    int threads_max; /* that a multiprocessor holds */
    int warp;
};

/* version: that of the driver which first had the function in this form. */
static int driver_function(const char *name, int version, void **out, struct err *e)
{
    enum cudaDriverEntryPointQueryResult found = cudaDriverEntryPointSymbolNotFound;
    cudaError_t code;

    *out = NULL;
#if CUDART_VERSION >= 12050
    code =
        cudaGetDriverEntryPointByVersion(name, out, (unsigned)version, cudaEnableDefault, &found);
#else
    code = cudaGetDriverEntryPoint(name, out, cudaEnableDefault, &found);
#endif
    if (code == cudaSuccess && found == cudaDriverEntryPointSuccess && *out)
        return 0;
    cudaGetLastError();
    return ERR(e, ERR_NOTSUP, "the driver has no %s (CUDA %d.%d brought it)", name, version / 1000,
               version % 1000 / 10);
}

static int open_driver(struct driver *d, struct err *e)
{
    int rc = 0;

    TRY(driver_function("cuGraphKernelNodeGetParams", 12000, (void **)&d->node_params, e));
    TRY(driver_function("cuKernelGetFunction", 12000, (void **)&d->kernel_function, e));
    TRY(driver_function("cuFuncGetName", 12030, (void **)&d->function_name, e));
    TRY(driver_function("cuFuncGetAttribute", 2020, (void **)&d->function_attribute, e));
    TRY(driver_function("cuOccupancyMaxActiveBlocksPerMultiprocessor", 6050, (void **)&d->occupancy,
                        e));
out:
    return rc;
}

static int function_attribute(const struct reader *r, CUfunction f, CUfunction_attribute which)
{
    int v = 0;

    return r->driver.function_attribute(&v, which, f) == CUDA_SUCCESS && v > 0 ? v : 0;
}

static void describe(const struct reader *r, CUfunction f, const CUDA_KERNEL_NODE_PARAMS *p,
                     struct gpu_kernel *k)
{
    const char *name = NULL;
    int threads = (int)(p->blockDimX * p->blockDimY * p->blockDimZ), blocks = 0;
    int warps = (threads + r->warp - 1) / r->warp;

    *k = (struct gpu_kernel){ .launches = 1,
                              .grid = { p->gridDimX, p->gridDimY, p->gridDimZ },
                              .block = { p->blockDimX, p->blockDimY, p->blockDimZ },
                              .occupancy = (double)NAN };
    if (r->driver.function_name(&name, f) != CUDA_SUCCESS || !name)
        name = "without a name";
    kernel_name(name, k->name, sizeof(k->name));
    k->driver_name = f;
    k->registers = function_attribute(r, f, CU_FUNC_ATTRIBUTE_NUM_REGS);
    k->local_bytes = (size_t)function_attribute(r, f, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
    k->shared_bytes =
        (size_t)function_attribute(r, f, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES) + p->sharedMemBytes;
    k->threads = (double)threads * p->gridDimX * p->gridDimY * p->gridDimZ;
    if (r->driver.occupancy(&blocks, f, threads, p->sharedMemBytes) == CUDA_SUCCESS && blocks > 0)
        k->occupancy = 100.0 * blocks * warps * r->warp / r->threads_max;
}

static bool same_launch(const struct gpu_kernel *a, const struct gpu_kernel *b)
{
    return a->driver_name == b->driver_name && a->shared_bytes == b->shared_bytes &&
           memcmp(a->grid, b->grid, sizeof(a->grid)) == 0 &&
           memcmp(a->block, b->block, sizeof(a->block)) == 0;
}

static void add(struct gpu_kernels *out, const struct gpu_kernel *k)
{
    out->launches++;
    for (int i = 0; i < out->n; i++)
        if (same_launch(&out->kernel[i], k)) {
            out->kernel[i].launches++;
            out->kernel[i].threads += k->threads;
            return;
        }
    if (out->n == GPU_KERNELS_MAX)
        out->unlisted++;
    else
        out->kernel[out->n++] = *k;
}

static int read_kernel(struct reader *r, cudaGraphNode_t node, struct err *e)
{
    CUDA_KERNEL_NODE_PARAMS p;
    struct gpu_kernel k;
    CUfunction f;

    if (r->driver.node_params(node, &p) != CUDA_SUCCESS)
        return ERR(e, ERR_NOTSUP, "the driver does not say which kernel a recorded launch is of");
    f = p.func;
    if (!f && r->driver.kernel_function(&f, p.kern) != CUDA_SUCCESS)
        return ERR(e, ERR_NOTSUP, "the driver does not say which kernel a recorded launch is of");
    describe(r, f, &p, &k);
    add(r->out, &k);
    return 0;
}

static int read_graph(struct reader *r, cudaGraph_t graph, int depth, struct err *e)
{
    cudaGraphNode_t *nodes = NULL;
    enum cudaGraphNodeType type;
    cudaGraph_t child;
    size_t n = 0;
    int rc = 0;

    CUDA_TRY(cudaGraphGetNodes(graph, NULL, &n));
    if (n == 0)
        return 0;
    if (n > NODES_MAX || depth == DEPTH_MAX)
        return ERR(e, ERR_NOTSUP, "a recording of more than %d nodes or %d graphs in each other",
                   NODES_MAX, DEPTH_MAX);
    nodes = mem_calloc(n, sizeof(*nodes));
    if (!nodes)
        return ERR(e, ERR_NOMEM, "no memory for a recording of %zu nodes", n);
    CUDA_TRY(cudaGraphGetNodes(graph, nodes, &n));
    for (size_t i = 0; i < n; i++) {
        CUDA_TRY(cudaGraphNodeGetType(nodes[i], &type));
        if (type == cudaGraphNodeTypeKernel) {
            TRY(read_kernel(r, nodes[i], e));
        } else if (type == cudaGraphNodeTypeGraph) {
            CUDA_TRY(cudaGraphChildGraphNodeGetGraph(nodes[i], &child));
            TRY(read_graph(r, child, depth + 1, e));
        }
        r->out->copies += type == cudaGraphNodeTypeMemcpy;
        r->out->fills += type == cudaGraphNodeTypeMemset;
    }
out:
    mem_free(nodes);
    return rc;
}

/* Then by name, so that every run of a row has them in the same order. */
static int most_threads_first(const void *a, const void *b)
{
    const struct gpu_kernel *x = a, *y = b;

    if (x->threads != y->threads)
        return x->threads < y->threads ? 1 : -1;
    return strcmp(x->name, y->name);
}

int gpu_kernels_read(gpu_recording recording, int device, struct gpu_kernels *out, struct err *e)
{
    struct reader r = { .out = out };
    int rc = 0;

    *out = (struct gpu_kernels){ 0 };
    TRY(open_driver(&r.driver, e));
    CUDA_TRY(
        cudaDeviceGetAttribute(&r.threads_max, cudaDevAttrMaxThreadsPerMultiProcessor, device));
    CUDA_TRY(cudaDeviceGetAttribute(&r.warp, cudaDevAttrWarpSize, device));
    TRY(read_graph(&r, recording, 0, e));
    qsort(out->kernel, (size_t)out->n, sizeof(out->kernel[0]), most_threads_first);
out:
    return rc;
}

/* "132", "64x8": without ones that say nothing. */
static void shape_text(const unsigned s[3], char *out, size_t cap)
{
    if (s[2] > 1)
        snprintf(out, cap, "%ux%ux%u", s[0], s[1], s[2]);
    else if (s[1] > 1)
        snprintf(out, cap, "%ux%u", s[0], s[1]);
    else
        snprintf(out, cap, "%u", s[0]);
}

static void put_first(struct result *out, const struct gpu_kernel *k)
{
    char grid[40], block[40];

    shape_text(k->grid, grid, sizeof(grid));
    shape_text(k->block, block, sizeof(block));
    result_property_text(out, "kernel", "%s, %s blocks of %s", k->name, grid, block);
    result_property(out, "registers", k->registers, "/thread");
    result_property(out, "shared_memory", (double)k->shared_bytes, "B/block");
    result_property(out, "local_memory", (double)k->local_bytes, "B/thread");
    if (isfinite(k->occupancy))
        result_property(out, "occupancy", k->occupancy, "%");
    else
        result_property_text(out, "occupancy", "the driver does not say");
}

static void put_other(struct result *out, int number, const struct gpu_kernel *k)
{
    char name[24], grid[40], block[40];

    snprintf(name, sizeof(name), "kernel_%d", number);
    shape_text(k->grid, grid, sizeof(grid));
    shape_text(k->block, block, sizeof(block));
    result_property_text(
        out, name, "%.40s x%u, %s of %s, %d regs, %zu B shared, %zu B local, %.0f %%", k->name,
        k->launches, grid, block, k->registers, k->shared_bytes, k->local_bytes, k->occupancy);
}

static int room(const struct result *out)
{
    return RESULT_PROPERTIES - out->n_properties;
}

/* As far as there is room beside what the benchmark says itself. */
static void put(struct result *out, const struct gpu_kernels *k)
{
    enum { OF_FIRST = 5 };

    if (room(out) > 0)
        result_property(out, "launches", k->launches, "");
    if (room(out) > 0 && k->copies)
        result_property(out, "copies", k->copies, "");
    if (room(out) > 0 && k->fills)
        result_property(out, "fills", k->fills, "");
    if (room(out) < OF_FIRST || k->n == 0)
        return;
    put_first(out, &k->kernel[0]);
    for (int i = 1; i < k->n && i < LISTED_MAX && room(out) > 0; i++)
        put_other(out, i + 1, &k->kernel[i]);
}

static int inspect(struct gpu *g, int (*once)(void *self, struct err *e), void *self,
                   struct gpu_kernels *out, struct err *e)
{
    gpu_recording graph = NULL;
    int rc, ended;

    TRY(gpu_enter(g, e));
    TRY(gpu_graph_begin(g->stream, e));
    rc = once(self, e);
    ended = gpu_graph_end_recording(g->stream, &graph, rc < 0 ? NULL : e);
    if (rc == 0)
        rc = ended;
    if (rc == 0)
        rc = gpu_kernels_read(graph, g->index, out, e);
out:
    gpu_recording_free(graph);
    cudaGetLastError(); /* what cannot be recorded left an error that is nobody's */
    return rc;
}

void gpu_kernels_inspect(void *handle, int (*once)(void *self, struct err *e), void *self,
                         struct result *out)
{
    struct gpu_kernels *k = mem_calloc(1, sizeof(*k));
    struct err e = { 0 };
    int rc = k ? inspect(handle, once, self, k, &e) : ERR_NOMEM;

    if (rc == 0)
        put(out, k);
    else if (room(out) > 0)
        result_property_text(out, "launches", "not recorded: %.100s",
                             e.msg[0] ? e.msg : err_name(rc));
    mem_free(k);
}
