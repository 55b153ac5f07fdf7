/* silicon.load: cold is cold and warm is warm, as mincore says; what arrived is compared with the
 * file, and every kind of damage to it is seen; on the host, and on a GPU where there is one. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/device.h"
#include "core/mem.h"
#include "core/plan.h"
#include "gpu/gpu.h"
#include "silicon/load/load_file.h"
#include "silicon/load/load_target.h"
#include "test.h"

extern const struct bench bench_silicon_load;

enum { BYTES = 16 << 20 };

static char dir[] = "/var/tmp/headroom-load-XXXXXX";

static struct scratch_config config(bool cold)
{
    return (struct scratch_config){ .dir = dir, .bytes = BYTES, .direct = cold, .seed = 7 };
}

/* A disk that does direct I/O is not everywhere (a container's overlay, tmpfs). */
static bool opened(struct load_file *f, bool cold, bool mapped)
{
    struct scratch_config cfg = config(cold);
    struct err e = { 0 };
    int rc = load_file_open(f, &cfg, mapped, &e);

    if (rc == ERR_NOTSUP)
        printf("%s: %s\n", dir, e.msg);
    else
        CHECK_EQ(rc, 0);
    return rc == 0;
}

static double cached(const struct load_file *f)
{
    double share = -1;
    struct err e = { 0 };

    CHECK_EQ(scratch_cached(&f->scratch, &share, &e), 0);
    return share;
}

static void test_cold(void)
{
    struct load_file f;
    struct err e = { 0 };
    volatile uint8_t sink;

    if (!opened(&f, true, true))
        return;
    CHECK_EQ(f.bytes, BYTES);
    CHECK_EQ(load_file_prepare(&f, &e), 0);
    for (size_t i = 0; i < f.bytes; i += 4096)
        sink = f.map[i];
    (void)sink;
    CHECK(cached(&f) > 0.99); /* so that there is something to drop, mapped pages too */
    CHECK_EQ(load_file_prepare(&f, &e), 0);
    CHECK(cached(&f) < 0.01);
    load_file_close(&f);
    load_file_close(&f);
}

static void test_warm(void)
{
    struct load_file f;
    struct err e = { 0 };

    if (!opened(&f, false, false))
        return;
    CHECK_EQ(load_file_prepare(&f, &e), 0);
    CHECK(cached(&f) > 0.99);
    CHECK(f.map == NULL);
    /* A cache that lost half of it is no warm one. */
    posix_fadvise(f.scratch.fd, 0, BYTES / 2, POSIX_FADV_DONTNEED);
    CHECK_EQ(load_file_prepare(&f, &e), ERR_NOTSUP);
    CHECK(strstr(e.msg, "too little memory") != NULL);
    load_file_close(&f);
}

/* The sum sees one bit, and two words that changed places. */
static void test_checksum(void)
{
    uint64_t w[8] = { 3, 1, 4, 1, 5, 9, 2, 6 }, sum = 0, bit = 0, swapped = 0;

    for (uint64_t i = 0; i < 8; i++) {
        sum = load_file_add(sum, i, w[i]);
        bit = load_file_add(bit, i, i == 5 ? w[i] ^ (1ULL << 63) : w[i]);
        swapped = load_file_add(swapped, i, i == 2 ? w[4] : i == 4 ? w[2] : w[i]);
    }
    CHECK_EQ(sum, 3 * 1 + 1 * 3 + 4 * 5 + 1 * 7 + 5 * 9 + 9 * 11 + 2 * 13 + 6 * 15);
    CHECK(bit != sum && swapped != sum);
}

struct row {
    struct params params;
    struct result result;
    struct bench_ctx c;
    void *state;
};

static int start(struct row *r, const struct device *d, void *handle, const char *settings,
                 struct err *e)
{
    const struct bench *b = &bench_silicon_load;
    int rc;

    *r = (struct row){ 0 };
    *e = (struct err){ 0 };
    CHECK_EQ(plan_point(b, settings, &r->params, e), 0);
    CHECK(b->exists(&r->params, d));
    r->state = mem_calloc(1, b->state_size);
    r->c = (struct bench_ctx){ .bench = b,
                               .device = d,
                               .device_handle = handle,
                               .params = &r->params,
                               .seed = 7,
                               .dir = dir,
                               .result = &r->result };
    rc = b->setup(&r->c, r->state, e);
    if (rc < 0)
        printf("%s %s: %s\n", d->name, settings, e->msg);
    return rc;
}

static void stop(struct row *r)
{
    bench_silicon_load.teardown(&r->c, r->state);
    bench_silicon_load.teardown(&r->c, r->state);
    mem_free(r->state);
}

/* What `state` begins with: the file, then the target and its handle (load.c). */
struct loaded {
    struct load_file file;
    const struct load_target *target;
    void *handle;
};

static void run_row(const struct device *d, void *handle, const char *settings)
{
    const struct bench *b = &bench_silicon_load;
    struct row r;
    struct err e;
    struct loaded *s;
    int rc = start(&r, d, handle, settings, &e);

    if (rc == 0) {
        s = r.state;
        CHECK_EQ(b->verify(&r.c, r.state, &e), 0);
        CHECK_EQ(b->prepare(&r.c, r.state, &e), 0);
        CHECK_EQ(b->once(&r.c, r.state, &e), 0);
        CHECK_EQ(b->verify(&r.c, r.state, &e), 0);
        CHECK(r.c.check.error == 0);
        printf("%s %s: %s; %s\n", d->name, settings, r.c.variant, r.result.notes[0]);
        /* Nothing arrived since the poison, then: the file is another than what was added up. */
        CHECK_EQ(s->target->poison(s->handle, &e), 0);
        CHECK_EQ(b->verify(&r.c, r.state, &e), ERR_MISMATCH);
        e = (struct err){ 0 };
        s->file.checksum ^= 1;
        CHECK_EQ(b->prepare(&r.c, r.state, &e), 0);
        CHECK_EQ(b->once(&r.c, r.state, &e), 0);
        CHECK_EQ(b->verify(&r.c, r.state, &e), ERR_MISMATCH);
        CHECK(strstr(e.msg, "is not the file") != NULL);
    } else {
        CHECK_EQ(rc, ERR_NOTSUP);
    }
    stop(&r);
}

static const char *const rows[] = {
    "method=read cache=cold size=16MiB",   "method=read cache=warm size=17MiB",
    "method=mapped cache=cold size=16MiB", "method=mapped cache=warm size=16MiB",
    "method=gds cache=cold size=16MiB",
};

static void test_rows(void)
{
    struct device gpu;
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;

    for (int i = 0; i < 4; i++)
        run_row(&device_cpu, NULL, rows[i]);
    if (gpu_device_ops.list(&gpu, 1, why, sizeof(why)) == 0) {
        printf("no load to a GPU: %s\n", why);
        return;
    }
    CHECK_EQ(gpu_device_ops.open(&gpu, &handle, &e), 0);
    for (int i = 0; i < 5; i++)
        run_row(&gpu, handle, rows[i]);
    gpu_device_ops.close(handle);
}

static void test_refused(void)
{
    const struct device gpu = { .kind = DEVICE_GPU, .of = 1 };
    struct params p;
    struct row r;
    struct err e = { 0 };

    CHECK_EQ(plan_point(&bench_silicon_load, "method=gds cache=cold", &p, &e), 0);
    CHECK(!bench_silicon_load.exists(&p, &device_cpu) && bench_silicon_load.exists(&p, &gpu));
    CHECK_EQ(plan_point(&bench_silicon_load, "method=gds cache=warm", &p, &e), 0);
    CHECK(!bench_silicon_load.exists(&p, &gpu));
    CHECK_EQ(plan_point(&bench_silicon_load, "size=16777217", &p, &e), 0);
    CHECK(!bench_silicon_load.exists(&p, &gpu));
    for (uint64_t n = 2; n < 12;
         n++) { /* every allocation of a set-up but the state's fails once */
        mem_fail_at(n);
        start(&r, &device_cpu, NULL, "method=mapped cache=warm size=16MiB", &e);
        mem_fail_at(0);
        stop(&r);
    }
}

int main(void)
{
    CHECK(mkdtemp(dir) != NULL);
    test_cold();
    test_warm();
    test_checksum();
    test_rows();
    test_refused();
    CHECK_EQ(rmdir(dir), 0); /* nothing is left in it */
    TEST_DONE();
}
