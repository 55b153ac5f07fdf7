/* history_command.c - `headroom history`: what was measured over time. */
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/history_print.h"
#include "command/run_ref.h"
#include "core/axis.h"
#include "core/mem.h"

static const struct cli_option options[] = {
    { "runs", 0, NULL, "list the runs instead of what they measured", NULL },
    { "machine", 0, "FINGERPRINT", "only of this machine (the beginning will do)", NULL },
    { "last", 0, "N", "only the last N runs", NULL },
    { "json", 0, NULL, "print JSON alone on standard output", NULL },
    RUN_REF_OPTION_STORE,
};

static int read_filter(const struct cli_args *a, struct history_filter *f, struct err *e)
{
    const char *last = cli_value(a, "last");
    int64_t n = 0;
    int rc = 0;

    f->machine = cli_value(a, "machine");
    f->name = a->n_words ? a->word[0] : NULL;
    if (f->machine && f->machine[strspn(f->machine, "0123456789abcdef")])
        return ERR(e, ERR_ARG,
                   "--machine: \"%.40s\" is not the beginning of a fingerprint (see headroom info)",
                   f->machine);
    if (last)
        TRY(parse_int(last, 1, INT32_MAX, "--last", &n, e));
    f->last = (int)n;
out:
    return rc;
}

/* A name that matches nothing is a mistake, unless there is nothing at all. */
static int nothing_matches(struct run_refs *refs, struct history *h, const struct history_filter *f,
                           struct err *e)
{
    const struct history_filter all = { .last = 1 };
    const char *names[128], *near, *where;
    struct history_view v = { 0 };
    size_t n = 0;
    int rc = 0;

    if (h)
        TRY(history_load(h, &all, &v, e));
    if (v.n_runs == 0) {
        TRY(run_refs_where(refs, &where, e));
        if (h)
            fprintf(stderr, "headroom: the history holds no run yet (see headroom run)\n");
        else
            fprintf(stderr, "headroom: there is no history %s yet (see headroom run)\n", where);
        goto out;
    }
    for (size_t i = 0; i < v.n_series && n < 127; i++)
        if (n == 0 || strcmp(names[n - 1], v.series[i].name) != 0)
            names[n++] = v.series[i].name;
    names[n] = NULL;
    near = f->name ? nearest_name(f->name, names) : NULL;
    if (near)
        rc = ERR(e, ERR_ARG, "nothing in the history is called \"%.60s\"; did you mean %s?",
                 f->name, near);
    else
        rc = ERR(e, ERR_ARG, "nothing in the history is of %s%.60s%s%.40s", f->name ? "name " : "",
                 f->name ? f->name : "", f->machine ? " machine " : "",
                 f->machine ? f->machine : "");
out:
    history_view_release(&v);
    return rc;
}

static int show(const struct cli_args *a, const struct cli_env *env, struct run_refs *refs,
                struct err *e)
{
    bool json = cli_flag(a, "json"), runs = cli_flag(a, "runs");
    struct history_filter f = { 0 };
    struct history_view v = { 0 };
    struct history *h;
    int rc = 0;

    TRY(read_filter(a, &f, e));
    TRY(run_refs_history(refs, HISTORY_READ, &h, e));
    if (h)
        TRY(runs ? history_runs(h, &f, &v, e) : history_load(h, &f, &v, e));
    if ((runs ? v.n_runs : v.n_series) == 0)
        TRY(nothing_matches(refs, h, &f, e));
    if (json)
        rc = history_print_json(&v, runs, e);
    else if (runs)
        history_print_runs(&v, env);
    else
        rc = history_print_series(&v, env, e);
out:
    history_view_release(&v);
    return rc;
}

static int history_run_command(const struct cli_args *a, const struct cli_env *env)
{
    struct run_refs refs = run_refs_init(a, env);
    struct err e = { 0 };
    int rc = show(a, env, &refs, &e);

    run_refs_close(&refs);
    return rc < 0 ? cli_fail(&e) : EXIT_FINE;
}

const struct command command_history = {
    .name = "history",
    .arguments = "[NAME|GLOB]",
    .summary = "what was measured over time, and the runs at which it changed",
    .description =
        "Each line is one row of the runs over time, oldest first: a small picture, the last "
        "value, and how far that is from the median of the runs before it since the last step.  A "
        "step is a run after which the values are others than before (change-point detection); it "
        "is named below the line.  --runs lists the runs with their ids.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = 1,
    .argument_choices = "@benchmarks",
    .run = history_run_command,
};
