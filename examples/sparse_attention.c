/* sparse_attention.c - block-sparse attention from a program of yours, on the CPU and on GPU 0.
 *
 *   cc sparse_attention.c -o sparse_attention $(pkg-config --cflags --libs headroom) -lm -ldl
 *   ./sparse_attention
 *
 * A sequence of 1,000 positions and two heads, each of which sees the blocks beside its own and the
 * first one.  What the library computes is compared with a plain loop over the scores.  Exit code
 * 0: all of it was right; 1: something was not.
 *
 * For the GPU, the CUDA runtime is taken from libcudart.so when the program runs, so that this file
 * compiles without CUDA; a program of yours would link with it. */
#include <dlfcn.h>
#include <headroom.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADS = 2, LEN = 1000, DIM = 64, ROWS = (LEN + HEADROOM_BLOCK - 1) / HEADROOM_BLOCK };
enum { VALUES = HEADS * LEN * DIM, LSES = HEADS * LEN };

static uint16_t *q, *k, *v, *o; /* [HEADS][LEN][DIM], bfloat16 */
static float *lse;              /* [HEADS][LEN] */
static int32_t row_ptr[HEADS * ROWS + 1], col[HEADS * ROWS * 4];

/* The first block, the one before, its own, the one behind; ascending, none twice. */
static void make_lists(void)
{
    int n = 0;

    for (int l = 0; l < HEADS * ROWS; l++) {
        const int row = l % ROWS;

        for (int c = 0; c < ROWS; c++)
            if (c == 0 || abs(c - row) <= 1)
                col[n++] = c;
        row_ptr[l + 1] = n;
    }
}

static float from_bf16(uint16_t bits)
{
    const uint32_t wide = (uint32_t)bits << 16;
    float x;

    memcpy(&x, &wide, sizeof(x));
    return x;
}

/* Values from -1 to 1, the same on every run. */
static void fill(uint16_t *to, uint32_t seed)
{
    for (int i = 0; i < VALUES; i++) {
        float x;
        uint32_t bits;

        seed = seed * 1664525 + 1013904223;
        x = (float)(seed >> 8) / 8388608 - 1;
        memcpy(&bits, &x, sizeof(bits));
        to[i] = (uint16_t)(bits >> 16);
    }
}

/* The greatest distance of o and lse from what they should be, at every 37th position. */
static double worst_error(float scale)
{
    double worst = 0;

    for (int p = 0; p < HEADS * LEN; p += 37) {
        const int head = p / LEN, list = head * ROWS + p % LEN / HEADROOM_BLOCK;
        double sum[DIM] = { 0 }, total = 0;

        for (int b = row_ptr[list]; b < row_ptr[list + 1]; b++)
            for (int j = col[b] * HEADROOM_BLOCK; j < (col[b] + 1) * HEADROOM_BLOCK && j < LEN;
                 j++) {
                const size_t key = ((size_t)head * LEN + (size_t)j) * DIM;
                double score = 0, weight;

                for (int d = 0; d < DIM; d++)
                    score += (double)from_bf16(q[(size_t)p * DIM + (size_t)d]) *
                             (double)from_bf16(k[key + (size_t)d]);
                weight = exp(score * (double)scale);
                total += weight;
                for (int d = 0; d < DIM; d++)
                    sum[d] += weight * (double)from_bf16(v[key + (size_t)d]);
            }
        for (int d = 0; d < DIM; d++) {
            const double off = fabs((double)from_bf16(o[p * DIM + d]) - sum[d] / total);

            if (!(off <= worst))
                worst = isnan(off) ? HUGE_VAL : off;
        }
        if (!(fabs((double)lse[p] - log(total)) <= 1e-3))
            worst = HUGE_VAL;
    }
    return worst;
}

static int failed(const char *what)
{
    printf("%s: %s\n", what, headroom_error_message());
    return 1;
}

static int right(const struct headroom_sparse *s, const char *where, float scale)
{
    /* Values below 1, weights and outputs rounded to 8 bits. */
    const double error = worst_error(scale), bound = 2.0 / 256;

    printf("%s, variant %s: greatest error %.2g (allowed: %.2g)\n", where,
           headroom_sparse_variant(s), error, bound);
    return error <= bound ? 0 : 1;
}

static int on_cpu(const struct headroom_sparse_lists *lists, float scale)
{
    struct headroom_sparse_options options = { 0 };
    struct headroom_sparse *s;
    int bad;

    options.device = HEADROOM_CPU;
    options.dtype = HEADROOM_BF16;
    options.dim = DIM;
    if (headroom_sparse_open(&s, lists, &options, NULL) < 0)
        return failed("headroom_sparse_open");
    if (headroom_sparse_run(s, q, k, v, o, lse, scale, NULL) < 0) {
        headroom_sparse_close(s);
        return failed("headroom_sparse_run");
    }
    bad = right(s, "CPU", scale);
    headroom_sparse_close(s);
    return bad;
}

/* Of the CUDA runtime. */
static int (*cuda_malloc)(void **, size_t);
static int (*cuda_memcpy)(void *, const void *, size_t, int);
static int (*cuda_free)(void *);
enum { TO_DEVICE = 1, TO_HOST = 2 };

static int open_cuda(void)
{
    static const char *const names[] = { "libcudart.so.13", "libcudart.so.12", "libcudart.so" };
    void *lib = NULL;

    for (int i = 0; i < 3 && !lib; i++)
        lib = dlopen(names[i], RTLD_NOW);
    if (!lib)
        return -1;
    *(void **)&cuda_malloc = dlsym(lib, "cudaMalloc");
    *(void **)&cuda_memcpy = dlsym(lib, "cudaMemcpy");
    *(void **)&cuda_free = dlsym(lib, "cudaFree");
    return cuda_malloc && cuda_memcpy && cuda_free ? 0 : -1;
}

/* Q, K, V, O and LSE are on the GPU from here on; the default stream is NULL. */
static int run_on_gpu(struct headroom_sparse *s, void *d[5], float scale)
{
    const void *const from[3] = { q, k, v };

    for (int i = 0; i < 5; i++)
        if (cuda_malloc(&d[i], i < 4 ? VALUES * sizeof(*q) : LSES * sizeof(*lse)) != 0)
            return puts("cudaMalloc failed"), 1;
    for (int i = 0; i < 3; i++)
        if (cuda_memcpy(d[i], from[i], VALUES * sizeof(*q), TO_DEVICE) != 0)
            return puts("cudaMemcpy failed"), 1;
    if (headroom_sparse_run(s, d[0], d[1], d[2], d[3], d[4], scale, NULL) < 0)
        return failed("headroom_sparse_run");
    if (headroom_sync(0, NULL) < 0)
        return failed("headroom_sync");
    memset(o, 0xff, VALUES * sizeof(*o));
    if (cuda_memcpy(o, d[3], VALUES * sizeof(*o), TO_HOST) != 0 ||
        cuda_memcpy(lse, d[4], LSES * sizeof(*lse), TO_HOST) != 0)
        return puts("cudaMemcpy failed"), 1;
    return right(s, "GPU 0", scale);
}

static int on_gpu(const struct headroom_sparse_lists *lists, float scale)
{
    struct headroom_sparse_options options = { 0 };
    struct headroom_sparse *s;
    void *d[5] = { 0 };
    int bad;

    if (headroom_gpus() == 0) {
        printf("GPU: skipped: %s\n", headroom_error_message());
        return 0;
    }
    if (open_cuda() < 0) {
        printf("GPU: skipped: no libcudart.so to make its memory with\n");
        return 0;
    }
    options.device = 0;
    options.dtype = HEADROOM_BF16;
    options.dim = DIM;
    if (headroom_sparse_open(&s, lists, &options, NULL) < 0)
        return failed("headroom_sparse_open");
    bad = run_on_gpu(s, d, scale);
    for (int i = 0; i < 5; i++)
        if (d[i])
            cuda_free(d[i]);
    headroom_sparse_close(s);
    return bad;
}

int main(void)
{
    struct headroom_sparse_lists lists = { 0 };
    const float scale = 1 / sqrtf(DIM);
    int bad;

    if (headroom_abi_version() != HEADROOM_ABI_VERSION) {
        printf("the library is of ABI version %d, the header of %d\n", headroom_abi_version(),
               HEADROOM_ABI_VERSION);
        return 1;
    }
    make_lists();
    lists.heads = HEADS;
    lists.q_len = lists.kv_len = LEN;
    lists.n_blocks = row_ptr[HEADS * ROWS];
    lists.row_ptr = row_ptr;
    lists.col = col;
    q = aligned_alloc(64, VALUES * sizeof(*q)); /* 16 bytes would do */
    k = aligned_alloc(64, VALUES * sizeof(*k));
    v = aligned_alloc(64, VALUES * sizeof(*v));
    o = aligned_alloc(64, VALUES * sizeof(*o));
    lse = aligned_alloc(64, LSES * sizeof(*lse));
    if (!q || !k || !v || !o || !lse)
        return puts("no memory"), 1;
    fill(q, 1);
    fill(k, 2);
    fill(v, 3);
    bad = on_cpu(&lists, scale) | on_gpu(&lists, scale);
    free(q), free(k), free(v), free(o), free(lse);
    return bad;
}
