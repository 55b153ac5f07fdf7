/* test_compute.c - silicon.compute: every loop and library this machine has against its reference,
 * planted wrong ones caught, the declarations of the libraries against the vendors' headers. */
#include "silicon/compute/loop.h"

#include <stdbool.h>

#include "core/bench.h"
#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "host/cpu.h"
#include "silicon/compute/blas_api.h"
#include "silicon/compute/blas_gemm.h"
#include "silicon/compute/gemm_library.h"
#include "silicon/compute/team.h"
#include "test.h"
#if __has_include(<cblas.h>)
#include <cblas.h>
#define HAVE_CBLAS 1
#endif
#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#define HAVE_DNNL 1
#endif

extern const struct bench bench_silicon_compute;

#ifdef HAVE_CBLAS
/* Assigning checks the types; unused at run time, so nothing needs to be linked. */
static __attribute__((unused)) void check_cblas(void)
{
    blas_sgemm_fn *s = cblas_sgemm;
    blas_dgemm_fn *d = cblas_dgemm;

    (void)s;
    (void)d;
}
_Static_assert((int)CblasRowMajor == BLAS_ROW_MAJOR, "cblas.h");
_Static_assert((int)CblasNoTrans == BLAS_NO_TRANS, "cblas.h");
#endif

#ifdef HAVE_DNNL
static __attribute__((unused)) void check_dnnl(void)
{
    dnn_sgemm_fn *s = dnnl_sgemm;
    dnn_gemm_u8s8s32_fn *i = dnnl_gemm_u8s8s32;

    (void)s;
    (void)i;
}
_Static_assert((int)dnnl_success == DNN_OK && (int)dnnl_unimplemented == DNN_UNIMPLEMENTED,
               "status");
_Static_assert((int)dnnl_cpu == DNN_CPU, "engine kind");
_Static_assert((int)dnnl_bf16 == DNN_BF16 && (int)dnnl_f32 == DNN_F32, "data types");
_Static_assert(DNNL_ARG_SRC == DNN_ARG_SRC && DNNL_ARG_DST == DNN_ARG_DST, "arguments");
_Static_assert(DNNL_ARG_WEIGHTS == DNN_ARG_WEIGHTS, "arguments");
_Static_assert(DNNL_MAX_NDIMS == DNN_DIMS, "dimensions");
_Static_assert(sizeof(dnnl_exec_arg_t) == sizeof(struct dnn_arg), "dnnl_exec_arg_t");
_Static_assert(offsetof(dnnl_exec_arg_t, memory) == offsetof(struct dnn_arg, memory), "memory");
_Static_assert(offsetof(dnnl_version_t, patch) == offsetof(struct dnn_version, patch), "version");
#if DNNL_VERSION_MAJOR == 2
_Static_assert(sizeof(dnnl_memory_desc_t) <= DNN_MEMORY_DESC_BYTES, "memory descriptor");
_Static_assert(sizeof(dnnl_matmul_desc_t) <= DNN_OP_DESC_BYTES, "matmul descriptor");
#endif
#endif

/* The real loop behind a planted wrong one. */
static const struct loop *planted;

static void run_short(struct loop_io *io, uint64_t iterations)
{
    planted->run(io, iterations - 1);
}

static void run_one_lane_off(struct loop_io *io, uint64_t iterations)
{
    int last = planted->accs * planted->m * planted->n - 1;

    planted->run(io, iterations);
    if (planted->dtype == COMPUTE_FP64)
        ((double *)(void *)io->out)[last] += 1;
    else if (planted->dtype == COMPUTE_INT8)
        ((int32_t *)(void *)io->out)[last] += 1;
    else
        ((float *)(void *)io->out)[last] += 1;
}

static void run_missing_accumulator(struct loop_io *io, uint64_t iterations)
{
    size_t bytes = (size_t)(planted->m * planted->n) * (planted->dtype == COMPUTE_FP64 ? 8 : 4);

    planted->run(io, iterations);
    memcpy(io->out + 2 * bytes, io->init + 2 * bytes, bytes);
}

static void run_nan(struct loop_io *io, uint64_t iterations)
{
    planted->run(io, iterations);
    memset(io->out, 0xFF, 8);
}

static void run_nothing(struct loop_io *io, uint64_t iterations)
{
    (void)io;
    (void)iterations;
}

static bool fails(const struct loop *l, struct loop_io *io, uint64_t iterations)
{
    struct check c = { 0 };

    loop_fill(l, io, 7);
    l->run(io, iterations);
    return loop_check(l, io, iterations, &c, NULL) == ERR_MISMATCH;
}

static void test_planted(const struct loop *l, struct loop_io *io)
{
    void (*const wrong[])(struct loop_io *, uint64_t) = { run_short, run_one_lane_off,
                                                          run_missing_accumulator, run_nan,
                                                          run_nothing };

    planted = l;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct loop bad = *l;

        bad.run = wrong[i];
        CHECK(fails(&bad, io, 5));
        CHECK(fails(&bad, io, l->iterations));
    }
}

/* Are the sums of this many iterations exact in the type of the sums? */
static void test_exact(const struct loop *l)
{
    double largest = (double)l->iterations * l->max * l->max * l->k + 1000;

    if (l->dtype == COMPUTE_FP64)
        CHECK(largest <= 0x1p53);
    else if (l->dtype != COMPUTE_INT8)
        CHECK(largest <= 0x1p24);
}

static void test_loop(const struct loop *l, struct loop_io *io)
{
    static const uint64_t counts[] = { 0, 1, 2, 3, 1013 };
    int failures = test_failures;
    struct err e = { 0 };
    struct check c = { 0 };

    if (loop_supported(l, &e) < 0) {
        printf("skipped: %s %s: %s\n", compute_path_names[l->path], compute_dtype_names[l->dtype],
               e.msg);
        return;
    }
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (size_t i = 0; i <= sizeof(counts) / sizeof(counts[0]); i++) {
            uint64_t n = i < sizeof(counts) / sizeof(counts[0]) ? counts[i] : l->iterations;

            loop_fill(l, io, seed);
            l->run(io, n);
            CHECK(loop_check(l, io, n, &c, &e) == 0);
            if (e.code)
                printf("%s\n", e.msg);
        }
    test_planted(l, io);
    printf("%s: %s %s\n", test_failures == failures ? "pass" : "FAIL", compute_path_names[l->path],
           compute_dtype_names[l->dtype]);
}

static void test_loops(void)
{
    static struct loop_io io;

    for (const struct loop *l = loop_table; l->run; l++) {
        CHECK(loop_find(l->path, l->dtype) == l);
        CHECK(l->m * l->n * l->accs * (l->dtype == COMPUTE_FP64 ? 8 : 4) <= LOOP_SUM_BYTES);
        test_exact(l);
        test_loop(l, &io);
    }
    CHECK(loop_find(PATH_BEST, COMPUTE_FP32) == NULL);
}

/* Known answers of the shapes: multiply-adds of an iteration, counted by hand. */
static void test_macs(void)
{
    const struct loop *l;

#if defined(__x86_64__)
    l = loop_find(PATH_AVX2, COMPUTE_FP32);
    CHECK_NEAR(loop_macs(l), 12 * 8, 0);
    l = loop_find(PATH_AVX512VNNI, COMPUTE_INT8);
    CHECK_NEAR(loop_macs(l), 16 * 64, 0);
    l = loop_find(PATH_AMX, COMPUTE_INT8);
    CHECK_NEAR(loop_macs(l), 4 * 16384, 0);
    l = loop_find(PATH_AMX, COMPUTE_BF16);
    CHECK_NEAR(loop_macs(l), 4 * 8192, 0);
#elif defined(__aarch64__)
    l = loop_find(PATH_NEON, COMPUTE_FP64);
    CHECK_NEAR(loop_macs(l), 24 * 2, 0);
    l = loop_find(PATH_NEON, COMPUTE_INT8);
    CHECK_NEAR(loop_macs(l), 16 * 16, 0);
    l = loop_find(PATH_I8MM, COMPUTE_INT8);
    CHECK_NEAR(loop_macs(l), 24 * 32, 0);
    l = loop_find(PATH_BF16ARM, COMPUTE_BF16);
    CHECK_NEAR(loop_macs(l), 24 * 16, 0);
#endif
}

static void test_team(void)
{
    const struct cpu_info *cpu = cpu_here();
    struct err e = { 0 };
    struct team t = { 0 };
    int failures = test_failures;
    struct check c = { 0 };
    double hz = 0;

    if (loop_any_supported(COMPUTE_FP32, &e) < 0) {
        printf("skipped: teams: %s\n", e.msg);
        return;
    }
    CHECK(team_open(&t, cpu->n_cores_all, cpu->cores, &e) == 0);
    if (e.code)
        printf("%s\n", e.msg);
#if defined(__x86_64__)
    team_set(&t, loop_find(PATH_AVX2, COMPUTE_FP32), 1);
#elif defined(__aarch64__)
    team_set(&t, loop_find(PATH_NEON, COMPUTE_FP32), 1);
#endif
    CHECK(team_check(&t, &c, &e) == 0);
    team_run(&t);
    CHECK(team_check(&t, &c, &e) == 0);
    CHECK(team_clock_hz(&t, &hz, &e) == 0);
    CHECK(hz > 1e8 * t.threads && hz < 1e10 * t.threads);
    /* A thread whose repetition never happened: its results of before must not count. */
    t.ran = true;
    team_check(&t, &c, &e);
    t.ran = true;
    CHECK(team_check(&t, &c, NULL) == ERR_MISMATCH);
    printf("%s: a team of %d threads at %.3g GHz together\n",
           test_failures == failures ? "pass" : "FAIL", t.threads, hz * 1e-9);
    team_close(&t);
    team_close(&t);
}

/* C as it would be if the last of the n products had been left out. */
static void drop_last_product(struct gemm *g)
{
    size_t n = (size_t)g->n;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            size_t a = i * n + n - 1, b = (n - 1) * n + j, c = i * n + j;

            if (g->dtype == COMPUTE_FP64)
                ((double *)g->c.p)[c] -= ((double *)g->a.p)[a] * ((double *)g->b.p)[b];
            else if (g->dtype == COMPUTE_FP32)
                ((float *)g->c.p)[c] -= ((float *)g->a.p)[a] * ((float *)g->b.p)[b];
            else if (g->dtype == COMPUTE_INT8)
                ((int32_t *)g->c.p)[c] -= ((uint8_t *)g->a.p)[a] * ((int8_t *)g->b.p)[b];
            else
                ((float *)g->c.p)[c] -= 0.1F;
        }
}

static void test_gemm(enum compute_path library, enum compute_dtype dtype, int n, int threads)
{
    int failures = test_failures;
    struct err e = { 0 };
    struct check c = { 0 }, spoilt = { 0 };
    struct gemm g = { 0 };
    int rc = gemm_open(&g, library, dtype, n, threads, 3, &e);

    if (rc == ERR_NOTSUP) {
        printf("skipped: %s %s: %s\n", compute_path_names[library], compute_dtype_names[dtype],
               e.msg);
        return;
    }
    CHECK(rc == 0);
    if (rc == 0) {
        CHECK(gemm_run(&g, &e) == 0);
        CHECK(gemm_check(&g, 1, &c, &e) == 0);
        CHECK(c.error <= c.tolerance);
        CHECK(gemm_check(&g, 1, &spoilt, NULL) == ERR_MISMATCH); /* nothing is checked twice */
        CHECK(gemm_run(&g, &e) == 0);
        drop_last_product(&g);
        CHECK(gemm_check(&g, 1, &spoilt, NULL) == ERR_MISMATCH);
    }
    printf("%s: %s %s n=%d: %s, error %.2g, allowed %.2g%s\n",
           test_failures == failures ? "pass" : "FAIL", compute_path_names[library],
           compute_dtype_names[dtype], n, g.name, c.error, c.tolerance, e.msg);
    gemm_close(&g);
}

static void test_gemms(void)
{
    for (int t = 0; t < COMPUTE_DTYPES; t++)
        for (int l = PATH_OPENBLAS; l <= PATH_ONEDNN; l++) {
            enum compute_dtype dtype = (enum compute_dtype)t;

            if (!gemm_has((enum compute_path)l, dtype))
                continue;
            test_gemm((enum compute_path)l, dtype, 192, 1);
            test_gemm((enum compute_path)l, dtype, 331, cpu_here()->n_cores_all);
        }
    CHECK(!gemm_has(PATH_OPENBLAS, COMPUTE_INT8));
    CHECK(!gemm_has(PATH_ONEDNN, COMPUTE_FP64));
    CHECK_EQ(gemm_size(COMPUTE_FP32, 1, false), 768);
    CHECK_EQ(gemm_size(COMPUTE_FP32, 2, false), 1024);
    CHECK_EQ(gemm_size(COMPUTE_BF16, 1, false), 1536);
    CHECK_EQ(gemm_size(COMPUTE_BF16, 1, true), 768);
    CHECK_EQ(gemm_size(COMPUTE_INT8, 64, false), 4096);
    CHECK_EQ(gemm_size(COMPUTE_FP32, 100000, false), 4096);
}

/* One row through the benchmark's own hooks, in the order that core calls them. */
static void test_row(const char *settings)
{
    const struct bench *b = &bench_silicon_compute;
    struct params p;
    struct err e = { 0 };
    struct work w = { 0 };
    void *state = calloc(1, b->state_size);
    struct device d = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };
    struct bench_ctx c = { .bench = b, .device = &d, .params = &p, .seed = 5, .dir = "." };
    int rc;

    CHECK(plan_point(b, settings, &p, &e) == 0);
    CHECK(b->exists(&p, &device_cpu));
    CHECK(d.ops->open(&d, &c.device_handle, &e) == 0);
    rc = b->setup(&c, state, &e);
    if (rc == 0) {
        CHECK(b->verify(&c, state, &e) == 0);
        for (int i = 0; i < 3; i++)
            CHECK(b->once(&c, state, &e) == 0);
        b->work(&c, state, &w);
        CHECK(w.flops > 0);
        CHECK(b->verify(&c, state, &e) == 0);
        CHECK(c.variant[0] && c.inputs[0] && c.check.reference[0]);
        printf("pass: %s: %s; %s; %g operations\n", settings, c.variant, c.inputs, w.flops);
    } else {
        CHECK(rc == ERR_NOTSUP);
        CHECK(e.msg[0]);
        printf("skipped: %s: %s\n", settings, e.msg);
    }
    b->teardown(&c, state);
    d.ops->close(c.device_handle);
    free(state);
}

static bool exists(const char *settings)
{
    struct params p;

    CHECK(plan_point(&bench_silicon_compute, settings, &p, NULL) == 0);
    return bench_silicon_compute.exists(&p, &device_cpu);
}

static const char *unit(const char *settings)
{
    struct params p;

    CHECK(plan_point(&bench_silicon_compute, settings, &p, NULL) == 0);
    return bench_silicon_compute.metric_of(&p)->unit;
}

static void test_bench(void)
{
    test_row("dtype=fp32 path=best threads=one");
    test_row("dtype=bf16 path=best threads=all");
    test_row("dtype=int8 path=best threads=all");
    test_row("dtype=fp64 path=openblas threads=one");
    test_row("dtype=int8 path=onednn threads=all");
    CHECK_STR(unit("dtype=fp64 path=best threads=one"), "GFLOPS");
    CHECK_STR(unit("dtype=int8 path=best threads=one"), "GOPS");
    CHECK(!exists("dtype=int8 path=openblas threads=one"));
    CHECK(!exists("dtype=fp32 path=amx threads=one"));
#if defined(__x86_64__)
    CHECK(!exists("dtype=fp32 path=neon threads=one"));
    CHECK(exists("dtype=bf16 path=amx threads=all"));
#elif defined(__aarch64__)
    CHECK(!exists("dtype=fp32 path=avx2 threads=one"));
    CHECK(exists("dtype=int8 path=i8mm threads=all"));
#endif
}

/* Kernels are forced on an OpenBLAS that does not know the CPU, and on no other. */
static void openblas_fallbacks(void)
{
    CHECK_STR(gemm_openblas_core_type(true, true, "Prescott"), "SKYLAKEX");
    CHECK_STR(gemm_openblas_core_type(true, false, "nehalem"), "HASWELL");
    CHECK(gemm_openblas_core_type(false, false, "Prescott") == NULL);
    CHECK(gemm_openblas_core_type(true, true, "SkylakeX") == NULL);
    CHECK(gemm_openblas_core_type(true, true, "Cooperlake") == NULL);
    CHECK(gemm_openblas_core_type(true, false, "Zen") == NULL);
}

int main(void)
{
    openblas_fallbacks();
    test_macs();
    test_loops();
    test_team();
    test_gemms();
    test_bench();
    TEST_DONE();
}
