/* heater_gpu.c - a copy through the memory of a GPU, by the first variant of silicon.memory. */
#include <stdio.h>

#include "gpu/card.h"
#include "gpu/gpu.h"
#include "silicon/memory/stream_gpu.h"
#include "silicon/telemetry/heater.h"

/* Far past every L2, and a repetition is some 0.1 to 1 ms. */
enum { ARRAY_BYTES = 512 << 20 };

struct heated {
    struct gpu *gpu; /* NULL: not open */
    struct stream_gpu_args args;
    double *d_b;
    unsigned long long *d_wrong;
    uint64_t seed;
    int variant;
    bool ran;
};

static int meter(struct bench_ctx *c, struct err *e)
{
    struct card card = { 0 };
    unsigned long long mj = 0;
    unsigned status;
    char why[96];
    int rc = 0;

    TRY(card_open(&card, c->device->uuid, c->device->pci_id, e));
    status = CARD_CALL(&card, energy_mj, &mj);
    if (status != NVML_OK) {
        card_why(&card, status, why, sizeof(why));
        rc = ERR(e, ERR_NOTSUP, "no energy counter: %s", why);
    }
out:
    card_close(&card);
    return rc;
}

static int first_variant(void)
{
    for (int v = 0; v < stream_gpu_variants(); v++)
        if (stream_gpu_does(v, STREAM_GPU_COPY))
            return v;
    BUG_ON(true);
    return -1;
}

static int allocate(struct heated *s, struct err *e)
{
    void *d = NULL;
    int rc = 0;

    TRY(gpu_alloc(&d, s->args.n * sizeof(double), e));
    s->args.a = d;
    TRY(gpu_alloc(&d, s->args.n * sizeof(double), e));
    s->args.b = s->d_b = d;
    TRY(gpu_alloc(&d, sizeof(*s->d_wrong), e));
    s->d_wrong = d;
out:
    return rc;
}

static int heater_open(struct bench_ctx *c, void *state, struct err *e)
{
    struct heated *s = state;
    gpu_stream stream;
    int rc = 0;

    s->gpu = c->device_handle;
    s->seed = c->seed;
    s->variant = first_variant();
    s->args.n = ARRAY_BYTES / sizeof(double);
    s->args.multiprocessors = gpu_properties_of(s->gpu)->multiprocessors;
    stream = gpu_stream_of(s->gpu);
    TRY(gpu_enter(s->gpu, e));
    TRY(gpu_memory_need((size_t)2 * ARRAY_BYTES, "the arrays of the load", e));
    TRY(allocate(s, e));
    TRY(stream_gpu_make(s->d_b, s->args.n, s->seed, 1, stream, e));
    TRY(gpu_fill(s->args.a, 0xff, ARRAY_BYTES, stream, e));
    TRY(gpu_sync(stream, e));
    snprintf(c->variant, sizeof(c->variant), "copy, %s", stream_gpu_name(s->variant));
    snprintf(c->inputs, sizeof(c->inputs), "2 x %d MiB, integers 0-1023 in FP64, seed %llu",
             ARRAY_BYTES >> 20, (unsigned long long)s->seed);
out:
    return rc;
}

static int heater_run(void *state, struct err *e)
{
    struct heated *s = state;

    s->ran = true;
    return stream_gpu_launch(s->variant, STREAM_GPU_COPY, &s->args, gpu_stream_of(s->gpu), e);
}

/* As many copies as the memory's paper rate allows in that time: a little more than asked for. */
static int heater_heat(void *state, double seconds, struct err *e)
{
    struct heated *s = state;
    const struct gpu_properties *p = gpu_properties_of(s->gpu);
    double bytes_per_s = 2 * p->memory_clock_hz * p->memory_bus_bits / 8;
    int rc = 0;

    if (!(bytes_per_s > 0))
        bytes_per_s = 200e9;
    TRY(gpu_enter(s->gpu, e));
    for (int i = 0; i < (int)(seconds * bytes_per_s / (2.0 * ARRAY_BYTES)); i++) {
        TRY(heater_run(s, e));
        if (i % 64 == 0) /* a queue of seconds could not be interrupted */
            TRY(gpu_sync(gpu_stream_of(s->gpu), e));
    }
    TRY(gpu_sync(gpu_stream_of(s->gpu), e));
out:
    return rc;
}

static int heater_check(struct bench_ctx *c, void *state, struct err *e)
{
    struct heated *s = state;
    gpu_stream stream = gpu_stream_of(s->gpu);
    unsigned long long wrong = 0;
    int rc = 0;

    snprintf(c->check.reference, sizeof(c->check.reference),
             "every element against its value made anew");
    c->check.tolerance = 0;
    TRY(gpu_enter(s->gpu, e));
    if (!s->ran)
        TRY(heater_run(s, e));
    TRY(gpu_fill(s->d_wrong, 0, sizeof(wrong), stream, e));
    TRY(stream_gpu_check(s->args.a, s->args.n, s->seed, STREAM_GPU_WANT_MADE, 0, s->d_wrong, stream,
                         e));
    TRY(gpu_to_host(&wrong, s->d_wrong, sizeof(wrong), stream, e));
    c->check.error = (double)wrong;
    if (wrong > 0)
        rc = ERR(e, ERR_MISMATCH, "%s: %llu elements are wrong", c->variant, wrong);
out:
    return rc;
}

static void heater_work(const void *state, struct work *w)
{
    const struct heated *s = state;

    w->bytes[WORK_HBM] = 2.0 * (double)s->args.n * sizeof(double);
}

static void heater_close(void *state)
{
    struct heated *s = state;
    struct err ignored = { 0 };

    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    gpu_free(s->args.a);
    gpu_free(s->d_b);
    gpu_free(s->d_wrong);
    *s = (struct heated){ 0 };
}

const struct heater heater_gpu = {
    .state_size = sizeof(struct heated),
    .meter = meter,
    .open = heater_open,
    .run = heater_run,
    .heat = heater_heat,
    .check = heater_check,
    .work = heater_work,
    .close = heater_close,
};
