/* collective_gpu.c - the hooks of silicon.collective, through NCCL opened at run time. */
#include "silicon/collective/collective_gpu.h"

#include <stdio.h>

#include "gpu/gpu_link.h"
#include "gpu/gpu_wait.h"
#include "silicon/collective/collective_data.h"

static int nccl_failed(const struct collective *s, const char *what, unsigned code, struct err *e)
{
    const char *last = s->nccl.last_error ? s->nccl.last_error(NULL) : "";

    return ERR(e, ERR_CUDA, "%s: %s%s%.120s", what, s->nccl.error_string(code),
               last && last[0] ? ": " : "", last ? last : "");
}

/* rc = the failure of an NCCL call; on failure go to `out`. */
#define NCCL_TRY(call)                                     \
    do {                                                   \
        unsigned code_ = (call);                           \
        if (code_ != NCCL_OK) {                            \
            rc = nccl_failed(s, "NCCL: " #call, code_, e); \
            goto out;                                      \
        }                                                  \
    } while (0)

/* Floats that a rank sends, and receives. */
static size_t sent(const struct collective *s)
{
    return s->point.op == COLLECTIVE_ALL_GATHER ? s->point.n / (size_t)s->point.ranks : s->point.n;
}

static int open_rank(struct collective *s, struct bench_ctx *c, int r, struct err *e)
{
    struct device d = { .kind = DEVICE_GPU, .index = r, .ops = &gpu_device_ops };
    struct collective_rank *k = &s->rank[r];
    void *p = NULL;
    int rc = 0;

    if (r == 0) {
        k->gpu = c->device_handle;
    } else {
        snprintf(d.name, sizeof(d.name), "gpu:%d", r);
        TRY(gpu_device_ops.open(&d, &p, e));
        k->gpu = p;
    }
    k->stream = gpu_stream_of(k->gpu);
    TRY(gpu_enter(k->gpu, e));
    TRY(gpu_alloc(&p, sent(s) * sizeof(float), e));
    k->send = p;
    TRY(gpu_alloc(&p, s->point.n * sizeof(float), e));
    k->recv = p;
    TRY(gpu_alloc(&p, sizeof(*k->d_wrong), e));
    k->d_wrong = p;
    TRY(collective_data_make(k->send, sent(s), s->seed, r, k->stream, e));
    TRY(gpu_sync(k->stream, e));
out:
    return rc;
}

static int connect_ranks(struct collective *s, struct err *e)
{
    nccl_comm comms[COLLECTIVE_RANKS_MAX] = { NULL };
    int devices[COLLECTIVE_RANKS_MAX], rc = 0;

    for (int r = 0; r < s->point.ranks; r++)
        devices[r] = gpu_index_of(s->rank[r].gpu);
    NCCL_TRY(s->nccl.comm_init_all(comms, s->point.ranks, devices));
    for (int r = 0; r < s->point.ranks; r++)
        s->rank[r].comm = comms[r];
out:
    return rc;
}

int collective_gpu_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct collective *s = state;
    int rc = 0;

    s->point = collective_point_of(c->params);
    s->seed = c->seed;
    if (c->device->of < s->point.ranks)
        return ERR(e, ERR_NOTSUP, "%d GPUs are asked for, this machine has %d", s->point.ranks,
                   c->device->of);
    TRY(nccl_api_open(&s->nccl, e));
    for (int r = 0; r < s->point.ranks; r++)
        TRY(open_rank(s, c, r, e));
    TRY(connect_ranks(s, e));
    TRY(gpu_enter(s->rank[0].gpu, e));
    snprintf(c->variant, sizeof(c->variant), "NCCL %d.%d.%d, one process", s->nccl.version / 10000,
             s->nccl.version / 100 % 100, s->nccl.version % 100);
    snprintf(c->inputs, sizeof(c->inputs), "integers 0-1023 in FP32, a sequence a rank, seed %llu",
             (unsigned long long)s->seed);
out:
    return rc;
}

/* One rank's part, inside a group. */
static int enqueue(struct collective *s, int r, struct err *e)
{
    const struct nccl *n = &s->nccl;
    const struct collective_rank *k = &s->rank[r];
    size_t chunk = s->point.n / (size_t)s->point.ranks;
    int rc = 0;

    switch (s->point.op) {
    case COLLECTIVE_ALL_REDUCE:
        NCCL_TRY(n->all_reduce(k->send, k->recv, s->point.n, NCCL_FLOAT32, NCCL_SUM, k->comm,
                               k->stream));
        break;
    case COLLECTIVE_ALL_GATHER:
        NCCL_TRY(n->all_gather(k->send, k->recv, chunk, NCCL_FLOAT32, k->comm, k->stream));
        break;
    case COLLECTIVE_ALL_TO_ALL:
        for (int p = 0; p < s->point.ranks; p++) {
            size_t at = (size_t)p * chunk;

            NCCL_TRY(n->send(k->send + at, chunk, NCCL_FLOAT32, p, k->comm, k->stream));
            NCCL_TRY(n->recv(k->recv + at, chunk, NCCL_FLOAT32, p, k->comm, k->stream));
        }
        break;
    }
out:
    return rc;
}

int collective_gpu_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct collective *s = state;
    int rc = 0;

    (void)c;
    NCCL_TRY(s->nccl.group_start());
    for (int r = 0; r < s->point.ranks; r++)
        TRY(enqueue(s, r, e));
    NCCL_TRY(s->nccl.group_end());
out:
    return rc;
}

static int sync_all(struct collective *s, struct err *e)
{
    int rc = 0;

    for (int r = 0; r < s->point.ranks; r++)
        TRY(gpu_sync(s->rank[r].stream, e));
out:
    return rc;
}

/* Nothing that a check could take for a result may be there before: all ones are NaN. */
static int poison(struct collective *s, struct err *e)
{
    int rc = 0;

    for (int r = 0; r < s->point.ranks; r++) {
        const struct collective_rank *k = &s->rank[r];

        TRY(gpu_enter(k->gpu, e));
        TRY(gpu_fill(k->recv, 0xff, s->point.n * sizeof(float), k->stream, e));
    }
out:
    return rc;
}

static int check_rank(struct collective *s, int r, size_t *wrong, struct err *e)
{
    static const enum collective_data_want wants[] = {
        [COLLECTIVE_ALL_REDUCE] = COLLECTIVE_DATA_REDUCED,
        [COLLECTIVE_ALL_GATHER] = COLLECTIVE_DATA_GATHERED,
        [COLLECTIVE_ALL_TO_ALL] = COLLECTIVE_DATA_EXCHANGED,
    };
    const struct collective_rank *k = &s->rank[r];
    struct collective_data_check check = { .x = k->recv,
                                           .n = s->point.n,
                                           .seed = s->seed,
                                           .rank = r,
                                           .ranks = s->point.ranks,
                                           .want = wants[s->point.op],
                                           .wrong = k->d_wrong };
    unsigned long long n = 0;
    int rc = 0;

    TRY(gpu_enter(k->gpu, e));
    TRY(gpu_fill(k->d_wrong, 0, sizeof(n), k->stream, e));
    TRY(collective_data_check(&check, k->stream, e));
    TRY(gpu_to_host(&n, k->d_wrong, sizeof(n), k->stream, e));
    *wrong += n;
out:
    return rc;
}

int collective_gpu_verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct collective *s = state;
    size_t wrong = 0;
    int rc = 0;

    snprintf(c->check.reference, sizeof(c->check.reference),
             "every element on every rank against its value made anew, exact");
    c->check.tolerance = 0;
    /* First what the timed repetitions left, then a repetition over poisoned memory. */
    for (int fresh = s->verified ? 0 : 1; fresh <= 1 && wrong == 0; fresh++) {
        TRY(sync_all(s, e));
        if (fresh) {
            TRY(poison(s, e));
            TRY(sync_all(s, e));
            TRY(collective_gpu_once(c, s, e));
            TRY(sync_all(s, e));
        }
        for (int r = 0; r < s->point.ranks; r++)
            TRY(check_rank(s, r, &wrong, e));
    }
    TRY(gpu_enter(s->rank[0].gpu, e));
    s->verified = true;
    c->check.error = (double)wrong;
    if (wrong > 0)
        rc = ERR(e, ERR_MISMATCH, "%s over %d GPUs: %zu elements are wrong",
                 params_text(c->params, "op"), s->point.ranks, wrong);
out:
    return rc;
}

void collective_gpu_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct collective *s = state;

    (void)c;
    w->bytes[WORK_LINK] = collective_algorithm_bytes(s->point) * collective_bus_factor(s->point);
    if (s->point.op == COLLECTIVE_ALL_REDUCE)
        w->flops = (double)s->point.n * (s->point.ranks - 1);
}

/* A rank sends and receives each byte at least once, and no faster than it copies to a peer.  With
 * two ranks, or where nothing on the way adds up, that is bus bandwidth itself; a switch that
 * reduces saves the ranks half of an all-reduce's bytes, which the factor allows. */
int collective_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    struct collective *s = state;
    const struct result *r = c->result;
    double factor = s->point.op == COLLECTIVE_ALL_REDUCE ? collective_bus_factor(s->point) : 1;

    if (!s->noted)
        result_note(c->result, "algorithm bandwidth %.4g GB/s, %.4g us an operation",
                    r->value / collective_bus_factor(s->point),
                    1e-3 * collective_algorithm_bytes(s->point) * collective_bus_factor(s->point) /
                        r->value);
    s->noted = true;
    return limit_measured(c, out, "silicon.memory", "op=write level=peer peer=1 size=1GiB", factor,
                          e);
}

void collective_gpu_teardown(struct bench_ctx *c, void *state)
{
    struct collective *s = state;
    struct err ignored = { 0 };

    (void)c;
    for (int r = 0; r < s->point.ranks; r++)
        if (s->rank[r].comm && !gpu_wait_gave_up())
            s->nccl.comm_destroy(s->rank[r].comm);
    for (int r = 0; r < s->point.ranks; r++) {
        struct collective_rank *k = &s->rank[r];

        if (!k->gpu || gpu_enter(k->gpu, &ignored) < 0)
            continue;
        gpu_free(k->send);
        gpu_free(k->recv);
        gpu_free(k->d_wrong);
        if (r > 0)
            gpu_device_ops.close(k->gpu);
    }
    if (s->rank[0].gpu)
        gpu_enter(s->rank[0].gpu, &ignored);
    library_close(&s->nccl.dl);
    *s = (struct collective){ 0 };
}
