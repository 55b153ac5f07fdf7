/* attention_planner.c - kernels.attention.planner: what it costs on the host to share the blocks of
 * a pattern out among the workers of a GPU (kernels/attention/sparse_plan.h).
 *
 * A new pattern costs this, and the copy of its lists, before anything can run: with a kernel of
 * ten microseconds it decides what a query takes.
 *
 * Limit  every list must be looked at: one a cycle, at the clock that was seen while sampling. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "kernels/attention/sparse_case.h"
#include "kernels/attention/sparse_plan.h"

struct state {
    struct sparse_case k;
    struct sparse_plan plan; /* owned: of the last repetition */
    int workers;
    bool invariant;
};

static const char *const mode_names[] = { "fast", "invariant", NULL };

static const struct axis axes[] = {
    { .name = "case",
      .help = "as of kernels.attention.sparse",
      .kind = AXIS_ENUM,
      .names = sparse_case_names,
      .normal = "heads" },
    { .name = "blocks",
      .help = "heads: a multiple of 200",
      .kind = AXIS_INT,
      .lo = 200,
      .hi = 10000000,
      .normal = "800" },
    { .name = "atoms",
      .help = "but heads: positions of a head",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 4000000,
      .normal = "100000" },
    { .name = "workers",
      .help = "that share the blocks: multiprocessors",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 4096,
      .normal = "132" },
    { .name = "mode",
      .help = "invariant: how a list is cut does not depend on the others",
      .kind = AXIS_ENUM,
      .names = mode_names,
      .normal = "fast" },
};

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, "blocks=3200", 0.3 },
    { SUITE_FULL, DEVICE_CPU, "blocks=800,3200,16000,1000000 mode=*", 0.3 },
    { SUITE_FULL, DEVICE_CPU, "case=protein,uniform", 0.3 },
};

static bool applies(const struct params *p, const struct axis *a)
{
    const bool heads = params_get(p, "case") == SPARSE_CASE_HEADS;

    if (strcmp(a->name, "blocks") == 0)
        return heads;
    return strcmp(a->name, "atoms") != 0 || !heads;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct params *p = c->params;
    const struct sparse_case_want want = {
        .kind = (enum sparse_case_kind)params_get(p, "case"),
        .blocks = params_has(p, "blocks") ? (int)params_get(p, "blocks") : 0,
        .atoms = params_has(p, "atoms") ? (int)params_get(p, "atoms") : 0,
        .cutoff = 10,
        .percent = 20,
        .queries = 1,
        .seed = c->seed,
    };
    int rc = 0;

    s->workers = (int)params_get(p, "workers");
    s->invariant = params_get(p, "mode") == 1;
    TRY(sparse_case_lists(&s->k, &want, e));
    result_property(c->result, "lists", sparse_lists(&s->k.p), "");
    result_property(c->result, "blocks", (double)sparse_count(&s->k.p), "");
    snprintf(c->variant, sizeof(c->variant), "%s", params_text(p, "mode"));
    snprintf(c->inputs, sizeof(c->inputs), "%lld blocks in %d lists; seed %llu",
             (long long)sparse_count(&s->k.p), sparse_lists(&s->k.p), (unsigned long long)c->seed);
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    sparse_plan_free(&s->plan);
    s->plan = (struct sparse_plan){ 0 };
    return sparse_plan_make(&s->plan, &s->k.p, s->workers, 1, s->invariant, e);
}

/* How often a block is in a piece too often or too seldom. */
static int64_t count_wrong(const struct sparse_plan *plan, int64_t blocks, uint8_t *times)
{
    int64_t wrong = 0;

    for (int i = plan->begin[0]; i < plan->begin[plan->workers]; i++)
        for (int32_t b = 0; b < plan->pieces[i].count; b++) {
            const int64_t at = (int64_t)plan->pieces[i].begin + b;

            if (at < 0 || at >= blocks)
                wrong++;
            else
                times[at]++;
        }
    for (int64_t b = 0; b < blocks; b++)
        wrong += times[b] != 1;
    return wrong;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const int64_t blocks = sparse_count(&s->k.p);
    uint8_t *times = mem_calloc((size_t)blocks, 1);
    int64_t wrong;
    int rc = 0;

    if (!times)
        return ERR(e, ERR_NOMEM, "no memory to check %lld blocks", (long long)blocks);
    TRY(c->bench->once(c, state, e));
    wrong = count_wrong(&s->plan, blocks, times);
    snprintf(c->check.reference, sizeof(c->check.reference), "every block is in one piece");
    c->check.error = (double)wrong;
    c->check.tolerance = 0;
    result_property(c->result, "longest", (double)s->plan.longest, "blocks");
    result_property(c->result, "balance", (double)s->plan.longest * s->workers / (double)blocks,
                    "");
    if (wrong > 0)
        rc = ERR(e, ERR_MISMATCH, "%lld blocks are not in one piece", (long long)wrong);
out:
    mem_free(times);
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;
    const double index = sizeof(int32_t);

    (void)c;
    w->items = 1;
    w->bytes[WORK_CACHE] = index * (sparse_lists(&s->k.p) + 1) +
                           (double)sizeof(struct sparse_piece) * s->plan.begin[s->plan.workers];
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;

    (void)e;
    if (isfinite(c->clock_hz))
        limit_paper(out, 1e6 * sparse_lists(&s->k.p) / c->clock_hz,
                    "%d lists, one a cycle, %.2f GHz", sparse_lists(&s->k.p), c->clock_hz * 1e-9);
    else
        limit_none(out, "the core's clock is not known here");
    return 0;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    sparse_plan_free(&s->plan);
    sparse_case_release(&s->k);
}

const struct bench bench_kernels_attention_planner = {
    .name = "kernels.attention.planner",
    .question = "How long does the host need to share out the blocks of a new pattern?",
    .devices = DEVICE_CPU,
    .metric = { "time", "us", METRIC_TIME_PER_ITEM, 1e6, LOWER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .allocates = true,
    .applies = applies,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
