/* gate_history.c - what a gate's baseline stands on. */
#include "command/gate_history.h"

#include <string.h>

#include "core/mem.h"

/* The run is of the kind of the baseline, and was before it. */
static bool is_before(const struct history_run *run, const struct run_record *baseline)
{
    return run->status == RUN_COMPLETE && strcmp(run->suite, baseline->suite) == 0 &&
           strcmp(run->id, baseline->id) != 0 && strcmp(run->start, baseline->start) < 0;
}

static int add_before(struct history *h, const struct history_view *view, struct side *s,
                      struct err *e)
{
    int rc = 0;

    for (size_t i = view->n_runs; i-- > 0 && s->n < GATE_SESSIONS_MAX;) {
        const struct history_run *run = &view->runs[i];
        struct run_ref *ref;

        if (!is_before(run, &s->refs[0].record))
            continue;
        ref = &s->refs[s->n];
        *ref = (struct run_ref){ .kind = RUN_REF_STORED };
        snprintf(ref->label, sizeof(ref->label), "run %s", run->id);
        TRY(history_read(h, run->seq, &ref->record, e));
        s->n++;
    }
out:
    return rc;
}

/* Oldest first, as side_load gives them: the baseline is the last. */
static void turn_round(struct side *s)
{
    for (int i = 0, j = s->n - 1; i < j; i++, j--) {
        struct run_ref kept = s->refs[i];

        s->refs[i] = s->refs[j];
        s->refs[j] = kept;
    }
    for (int i = 0; i < s->n; i++)
        s->records[i] = &s->refs[i].record;
}

int gate_history_load(struct run_refs *refs, const char *word, struct side *out, struct err *e)
{
    struct history_filter filter = { 0 };
    struct history_view view = { 0 };
    struct history *h = NULL;
    char machine[24];
    int rc = 0;

    TRY(side_load(refs, word, out, e));
    if (out->n != 1 || out->refs[0].kind == RUN_REF_FILE)
        return 0;
    TRY(run_refs_history(refs, HISTORY_READ, &h, e));
    machine_fingerprint(&out->records[0]->machine, machine);
    filter.machine = machine;
    TRY(history_runs(h, &filter, &view, e));
    {
        struct run_ref *more = mem_realloc(out->refs, GATE_SESSIONS_MAX, sizeof(*more));
        const struct run_record **records =
            mem_realloc(out->records, GATE_SESSIONS_MAX, sizeof(*records));

        if (more)
            out->refs = more;
        if (records)
            out->records = records;
        if (!more || !records) {
            rc = ERR(e, ERR_NOMEM, "no memory for %d runs", GATE_SESSIONS_MAX);
            goto out;
        }
    }
    rc = add_before(h, &view, out, e);
    turn_round(out);
out:
    history_view_release(&view);
    if (rc < 0)
        side_release(out);
    return rc;
}
