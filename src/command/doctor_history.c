/* doctor_history.c - can runs be kept here? */
#include "command/doctor_history.h"

#include "command/run_ref.h"

static int look(struct run_refs *refs, const char **where, size_t *runs, struct err *e)
{
    struct history_view v = { 0 };
    struct history *h;
    int rc = 0;

    TRY(run_refs_where(refs, where, e));
    TRY(run_refs_history(refs, HISTORY_READ, &h, e));
    if (h)
        TRY(history_runs(h, &(struct history_filter){ 0 }, &v, e));
    *runs = v.n_runs;
out:
    history_view_release(&v);
    return rc;
}

void doctor_history(struct advice_list *list, const struct cli_env *env)
{
    struct run_refs refs = { .data_dir = env->data_dir };
    const char *where = "";
    struct err e = { 0 };
    size_t runs = 0;
    int rc = look(&refs, &where, &runs, &e);

    if (rc == ERR_ARG)
        advice_add(list, "history", ADVICE_ABSENT, "set HOME or XDG_DATA_HOME, or give --store",
                   "there is no home folder to keep runs in");
    else if (rc < 0)
        advice_add(list, "history", ADVICE_FAILING,
                   "move the file away, or name another one with --store", "%s", e.msg);
    else
        advice_add(list, "history", ADVICE_WORKING, "", "%zu runs in %.120s", runs, where);
    run_refs_close(&refs);
}
