/* marked_row.c - some repetitions of one row for a tool that watches this process. */
#include "core/marked_row.h"

#include <stdio.h>

#include "core/mem.h"
#include "core/worker.h"

static int repeat(struct marked_row *r, struct bench_ctx *c, void *state, uint64_t times,
                  struct err *e)
{
    int rc = 0;

    for (uint64_t i = 0; i < times; i++) {
        if (r->stop && *r->stop)
            return ERR(e, ERR_INTERRUPT, "interrupted");
        if (c->bench->prepare)
            TRY(c->bench->prepare(c, state, e));
        TRY(c->bench->once(c, state, e));
        r->done++;
    }
out:
    return rc;
}

static int marked(struct marked_row *r, struct bench_ctx *c, void *state, struct err *e)
{
    char settings[AXIS_MAX * (AXIS_TEXT + 26)], label[sizeof(settings) + 64];
    int rc = 0, ended;

    params_format(r->params, settings, sizeof(settings));
    snprintf(label, sizeof(label), "%s %s", r->bench->name, settings);
    TRY(repeat(r, c, state, MARKED_ROW_WARM_UPS, e));
    r->done = 0;
    TRY(r->marks.begin(r->marks.self, c->device_handle, label, e));
    rc = repeat(r, c, state, r->repetitions, e);
    ended = r->marks.end(r->marks.self, c->device_handle, rc < 0 ? NULL : e);
    if (rc == 0)
        rc = ended;
out:
    return rc;
}

static int with_state(struct marked_row *r, struct bench_ctx *c, void *state, struct err *e)
{
    int rc = 0;

    TRY(r->bench->setup(c, state, e));
    TRY(r->bench->verify(c, state, e));
    TRY(marked(r, c, state, e));
    TRY(r->bench->verify(c, state, e));
out:
    snprintf(r->variant, sizeof(r->variant), "%s", c->variant);
    if (r->bench->teardown)
        r->bench->teardown(c, state);
    return rc;
}

int marked_row_run(struct marked_row *r, struct err *e)
{
    static struct result row; /* what a benchmark says of itself; large, and nobody reads it */
    struct bench_ctx c = { .bench = r->bench,
                           .device = r->device,
                           .params = r->params,
                           .seed = r->seed,
                           .dir = r->dir,
                           .models = r->models,
                           .picks = r->picks,
                           .seconds = 1,
                           .clock_hz = NAN,
                           .result = &row };
    void *state = mem_calloc(1, r->bench->state_size ? r->bench->state_size : 1);
    int rc = 0;

    worker_describe(&row, r->bench, r->device, r->params);
    if (!state)
        return ERR(e, ERR_NOMEM, "no memory for the row's state");
    TRY(r->device->ops->open(r->device, &c.device_handle, e));
    rc = with_state(r, &c, state, e);
    r->device->ops->close(c.device_handle);
out:
    mem_free(state);
    return rc;
}
