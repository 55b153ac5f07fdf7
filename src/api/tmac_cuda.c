/* tmac_cuda.c - the functions of headroom_tmac.h for a GPU. */
#include <headroom.h>
#include <headroom_tmac.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "api/api.h"
#include "api/api_gpu.h"
#include "core/mem.h"
#include "gpu/gpu.h"

enum { GPU = 0 };

int cuda_available(void)
{
    return headroom_gpus() > 0;
}

static struct headroom_device device; /* of GPU 0, once asked for; all zero where there is none */

static void ask(void)
{
    headroom_device(GPU, &device);
}

const char *cuda_device_name(void)
{
    static pthread_once_t asked = PTHREAD_ONCE_INIT;

    pthread_once(&asked, ask);
    return device.name;
}

int cuda_sync(void)
{
    return headroom_sync(GPU, NULL);
}

/* ---- what is loaded, one set for the process */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
    bool ready;
    int max_weights, max_activations, max_output;
    void *d_x, *d_y;      /* owned, as all: [max_activations], [max_output] on the GPU */
    float *columns;       /* the same on the host, a column after the other */
    uint8_t *weights;     /* a copy, until the norm they are used with is known; NULL: none */
    float *scales, *norm; /* norm NULL: none */
    int rows, cols, size; /* size: of norm */
    struct headroom_ternary *handle; /* of the weights, with the norm or without */
    bool normed;
    float eps;
} loaded;

static void forget_handle(void)
{
    headroom_ternary_close(loaded.handle);
    loaded.handle = NULL;
}

static void forget_weights(void)
{
    forget_handle();
    mem_free(loaded.weights);
    mem_free(loaded.scales);
    loaded.weights = NULL;
    loaded.scales = NULL;
}

static void forget_all(void)
{
    forget_weights();
    mem_free(loaded.norm);
    mem_free(loaded.columns);
    api_gpu_free(GPU, loaded.d_x);
    api_gpu_free(GPU, loaded.d_y);
    memset(&loaded, 0, sizeof(loaded));
}

static int check_ready(struct err *e)
{
    return loaded.ready ? 0 : ERR(e, ERR_ARG, "cuda_init has not been called, or failed");
}

static int init(int max_weights, int max_activations, int max_output, struct err *e)
{
    int rc = 0;

    if (loaded.ready)
        return ERR(e, ERR_ARG, "cuda_init was called before; cuda_cleanup comes first");
    if (max_weights < 1 || max_activations < 1 || max_output < 1)
        return ERR(e, ERR_ARG, "%d weights, %d activations, %d outputs: expected 1 or more",
                   max_weights, max_activations, max_output);
    TRY(api_device_check(GPU, e));
    loaded.max_weights = max_weights;
    loaded.max_activations = max_activations;
    loaded.max_output = max_output;
    loaded.columns =
        mem_calloc((size_t)max_activations + (size_t)max_output, sizeof(*loaded.columns));
    if (!loaded.columns) {
        rc = ERR(e, ERR_NOMEM, "no memory for %d activations and %d outputs", max_activations,
                 max_output);
        goto out;
    }
    TRY(api_gpu_alloc(GPU, &loaded.d_x, (size_t)max_activations * sizeof(float), e));
    TRY(api_gpu_alloc(GPU, &loaded.d_y, (size_t)max_output * sizeof(float), e));
    loaded.ready = true;
out:
    if (rc < 0)
        forget_all();
    return rc;
}

int cuda_init(int max_weights, int max_activations, int max_output)
{
    int rc;

    pthread_mutex_lock(&lock);
    rc = init(max_weights, max_activations, max_output, api_begin());
    pthread_mutex_unlock(&lock);
    return rc;
}

void cuda_cleanup(void)
{
    pthread_mutex_lock(&lock);
    forget_all();
    pthread_mutex_unlock(&lock);
}

/* The handle for these weights, after the norm or without it. */
static int open_handle(bool normed, float eps)
{
    const struct headroom_ternary_weights w = { .rows = loaded.rows,
                                                .cols = loaded.cols,
                                                .encoding = HEADROOM_TERNARY_2BIT,
                                                .eps = eps,
                                                .codes = loaded.weights,
                                                .scales = loaded.scales,
                                                .norm = normed ? loaded.norm : NULL };
    const struct headroom_ternary_options o = { .device = GPU };

    if (loaded.handle && loaded.normed == normed && (!normed || loaded.eps == eps))
        return 0;
    forget_handle();
    loaded.normed = normed;
    loaded.eps = eps;
    return headroom_ternary_open(&loaded.handle, &w, &o, NULL); /* e is the thread's: it fills it */
}

static void *copy_of(const void *from, size_t bytes, struct err *e)
{
    void *copy = mem_calloc(bytes, 1);

    if (copy)
        memcpy(copy, from, bytes);
    else
        ERR(e, ERR_NOMEM, "no memory for %zu bytes", bytes);
    return copy;
}

static int load_weights(const int8_t *weights, const float *scales, int bytes, int rows,
                        struct err *e)
{
    int rc = 0;

    TRY(check_ready(e));
    if (!weights || !scales)
        return ERR(e, ERR_ARG, "%s is NULL", weights ? "scales" : "weights");
    if (rows < 1 || bytes < 1 || bytes % rows != 0 || bytes > loaded.max_weights ||
        bytes / rows > INT_MAX / 4)
        return ERR(e, ERR_ARG, "%d bytes in %d rows: expected whole rows, %d bytes at most", bytes,
                   rows, loaded.max_weights);
    forget_weights();
    loaded.rows = rows;
    loaded.cols = bytes / rows * 4;
    loaded.weights = copy_of(weights, (size_t)bytes, e);
    loaded.scales = copy_of(scales, (size_t)rows * sizeof(*scales), e);
    if (!loaded.weights || !loaded.scales)
        rc = ERR_NOMEM;
    else
        rc = open_handle(false, 0); /* looks at them, and takes them to the GPU */
    if (rc < 0)
        forget_weights();
out:
    return rc;
}

int cuda_load_weights(const int8_t *weights, const float *scales, int weight_bytes, int num_rows)
{
    int rc;

    pthread_mutex_lock(&lock);
    rc = load_weights(weights, scales, weight_bytes, num_rows, api_begin());
    pthread_mutex_unlock(&lock);
    return rc;
}

void cuda_unload_weights(void)
{
    pthread_mutex_lock(&lock);
    forget_weights();
    pthread_mutex_unlock(&lock);
}

static int load_norm(const float *norm, int size, struct err *e)
{
    float *copy;
    int rc = 0;

    TRY(check_ready(e));
    if (!norm || size < 1)
        return ERR(e, ERR_ARG, "%d weights of the norm%s", size, norm ? "" : ", and they are NULL");
    copy = copy_of(norm, (size_t)size * sizeof(*norm), e);
    if (!copy)
        return ERR_NOMEM;
    mem_free(loaded.norm);
    loaded.norm = copy;
    loaded.size = size;
    if (loaded.normed)
        forget_handle();
out:
    return rc;
}

int cuda_load_norm_weights(const float *norm_weights, int size)
{
    int rc;

    pthread_mutex_lock(&lock);
    rc = load_norm(norm_weights, size, api_begin());
    pthread_mutex_unlock(&lock);
    return rc;
}

/* ---- products */

static int check_call(const float *in, const float *out, int M, int N, int K, bool normed,
                      struct err *e)
{
    int rc = 0;

    TRY(check_ready(e));
    if (!loaded.weights)
        return ERR(e, ERR_ARG, "cuda_load_weights has not been called");
    if (normed && (!loaded.norm || loaded.size != K))
        return ERR(e, ERR_ARG, "a norm of %d values is loaded, expected K, %d",
                   loaded.norm ? loaded.size : 0, K);
    if (M != loaded.rows || K != loaded.cols || N < 1)
        return ERR(e, ERR_ARG, "M %d, N %d, K %d: %d rows of %d weights are loaded", M, N, K,
                   loaded.rows, loaded.cols);
    if ((int64_t)K * N > loaded.max_activations || (int64_t)M * N > loaded.max_output)
        return ERR(e, ERR_ARG, "%d columns: cuda_init was told %d activations, %d outputs", N,
                   loaded.max_activations, loaded.max_output);
    if (!in || !out)
        return ERR(e, ERR_ARG, "%s is NULL", in ? "output" : "input");
out:
    return rc;
}

/* to[c][r] from from[r][c] */
static void turn(const float *from, float *to, int rows, int cols)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            to[(size_t)c * (size_t)rows + (size_t)r] = from[(size_t)r * (size_t)cols + (size_t)c];
}

static int multiply(const float *in, float *out, int M, int N, int K, bool normed, float eps,
                    struct err *e)
{
    const size_t in_bytes = (size_t)K * (size_t)N * sizeof(float);
    const size_t out_bytes = (size_t)M * (size_t)N * sizeof(float);
    float *x = loaded.columns, *y = x ? x + loaded.max_activations : NULL;
    int rc = 0;

    TRY(check_call(in, out, M, N, K, normed, e));
    TRY(open_handle(normed, eps));
    turn(in, x, K, N);
    TRY(api_gpu_put(GPU, loaded.d_x, x, in_bytes, e));
    TRY(headroom_ternary_run(loaded.handle, loaded.d_x, loaded.d_y, N, NULL));
    TRY(api_gpu_get(GPU, y, loaded.d_y, out_bytes, e));
    turn(y, out, N, M);
out:
    return rc;
}

static int locked_multiply(const float *in, float *out, int M, int N, int K, bool normed, float eps)
{
    int rc;

    pthread_mutex_lock(&lock);
    rc = multiply(in, out, M, N, K, normed, eps, api_begin());
    pthread_mutex_unlock(&lock);
    return rc;
}

int tmac_matmul_cuda_adaptive(const float *activations, float *output, int M, int N, int K)
{
    return locked_multiply(activations, output, M, N, K, false, 0);
}

int fused_rmsnorm_matmul_cuda_adaptive(const float *input, float *output, int M, int N, int K,
                                       float eps)
{
    return locked_multiply(input, output, M, N, K, true, eps);
}

int streaming_fused_rmsnorm_matmul_cuda(const float *input, float *output, int M, int K, float eps)
{
    return locked_multiply(input, output, M, 1, K, true, eps);
}
