/* baseline.c - `headroom baseline`: names for runs that others are compared with. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/run_ref.h"
#include "core/axis.h"
#include "core/mem.h"
#include "report/terminal.h"
#include "report/textline.h"
#include "json/jsonio.h"

static const struct cli_option options[] = {
    { "replace", 0, "NAME", "save: NAME may mean another run from now on", NULL },
    { "json", 0, NULL, "list, show: print JSON alone on standard output", NULL },
    RUN_REF_OPTION_STORE,
};

/* What every action works with. */
struct action {
    const struct cli_args *a;
    const struct cli_env *env;
    struct run_refs refs;
    const char *name; /* of the baseline; NULL: list has none */
};

static int no_such(struct history *h, const char *name, struct err *e)
{
    struct history_baseline *list = NULL;
    const char *names[65], *near;
    size_t n = 0, k = 0;
    int rc;

    if (h && history_baseline_list(h, &list, &n, NULL) == 0)
        for (; k < n && k < 64; k++)
            names[k] = list[k].name;
    names[k] = NULL;
    near = nearest_name(name, names);
    rc = near ? ERR(e, ERR_ARG, "no baseline is called \"%.63s\"; did you mean %s?", name, near)
              : ERR(e, ERR_ARG, "no baseline is called \"%.63s\" (see headroom baseline list)",
                    name);
    mem_free(list);
    return rc;
}

/* ---- save ---- */

/* The run's number in the history; a file is stored first. */
static int stored_run(struct action *x, const char *word, struct history **h,
                      struct history_run *run, struct err *e)
{
    struct run_place place;
    char *text = NULL;
    bool known;
    size_t n;
    int rc = 0;

    TRY(run_ref_find(&x->refs, word, &place, e));
    if (place.kind == RUN_REF_FILE)
        TRY(run_ref_text(&x->refs, &place, &text, &n, e));
    *run = place.run;
    TRY(run_refs_history(&x->refs, HISTORY_WRITE, h, e));
    if (text)
        TRY(history_put(*h, text, n, run, &known, e));
out:
    mem_free(text);
    return rc;
}

static int save(struct action *x, struct err *e)
{
    const char *replace = cli_value(x->a, "replace");
    struct history_run run;
    char machine[sizeof(run.machine_name)];
    struct history *h;
    int rc = 0;

    if (x->a->n_words != 3)
        return ERR(e, ERR_ARG, "baseline save: give NAME and RUN (a file, an id, latest)");
    if (replace && strcmp(replace, x->name) != 0)
        return ERR(e, ERR_ARG, "--replace %.63s: the baseline to save is %.63s", replace, x->name);
    TRY(history_baseline_name(x->name, e));
    TRY(stored_run(x, x->a->word[2], &h, &run, e));
    TRY(history_baseline_save(h, x->name, run.seq, replace != NULL, e));
    textline_clean(machine, sizeof(machine), run.machine_name, x->env->utf8);
    printf("baseline %s: run %s, %d rows, %d ok, of machine %s (%s)\n", x->name, run.id, run.n_rows,
           run.n_ok, run.machine, machine);
    if (run.status != RUN_COMPLETE)
        fprintf(stderr, "headroom: warning: this run is %s, not complete\n",
                run_status_name(run.status));
out:
    return rc;
}

/* ---- list ---- */

static json_t *baseline_json(const struct history_baseline *b)
{
    json_t *o = json_object();
    bool lost = !o;

    jsonio_put(o, "name", jsonio_new_text(b->name), &lost);
    jsonio_put(o, "saved", jsonio_new_text(b->saved), &lost);
    jsonio_put(o, "run", jsonio_new_text(b->run.id), &lost);
    jsonio_put(o, "start", jsonio_new_text(b->run.start), &lost);
    jsonio_put(o, "suite", jsonio_new_text(b->run.suite), &lost);
    jsonio_put(o, "status", jsonio_new_text(run_status_name(b->run.status)), &lost);
    jsonio_put(o, "machine", jsonio_new_text(b->run.machine), &lost);
    jsonio_put(o, "machine_name", jsonio_new_text(b->run.machine_name), &lost);
    jsonio_put(o, "commit", jsonio_new_text_or_null(b->run.commit), &lost);
    jsonio_put(o, "rows", jsonio_new_count((uint64_t)b->run.n_rows), &lost);
    jsonio_put(o, "rows_ok", jsonio_new_count((uint64_t)b->run.n_ok), &lost);
    return jsonio_done(o, lost);
}

/* json is taken. */
static int print_json(json_t *json, struct err *e)
{
    char *text = json ? jsonio_text_of(json) : NULL;

    json_decref(json);
    if (!text)
        return ERR(e, ERR_NOMEM, "no memory to show baselines");
    puts(text);
    mem_free(text);
    return 0;
}

static json_t *list_json(const struct history_baseline *b, size_t n)
{
    json_t *list = json_array();
    bool lost = !list;

    for (size_t i = 0; i < n; i++)
        jsonio_append(list, baseline_json(&b[i]), &lost);
    return jsonio_done(list, lost);
}

static int list(struct action *x, struct err *e)
{
    struct history_baseline *b = NULL;
    struct history *h;
    size_t n = 0;
    int rc = 0;

    if (x->a->n_words > 1)
        return ERR(e, ERR_ARG, "baseline list: takes no name; baseline show NAME does");
    TRY(run_refs_history(&x->refs, HISTORY_READ, &h, e));
    if (h)
        TRY(history_baseline_list(h, &b, &n, e));
    if (cli_flag(x->a, "json")) {
        rc = print_json(list_json(b, n), e);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        char machine[sizeof(b->run.machine_name)];

        textline_clean(machine, sizeof(machine), b[i].run.machine_name, x->env->utf8);
        printf("%-20s  run %s  %-8s  %3d ok of %3d rows  machine %.8s  %s\n", b[i].name,
               b[i].run.id, b[i].run.suite, b[i].run.n_ok, b[i].run.n_rows, b[i].run.machine,
               machine);
    }
    if (n == 0)
        puts("no baselines yet (headroom baseline save NAME RUN)");
out:
    mem_free(b);
    return rc;
}

/* ---- show and delete ---- */

static int columns_now(const struct cli_env *env)
{
    struct winsize w;

    return env->stdout_tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col
                                                                                    : 100;
}

static void print_run(const struct action *x, const struct history_baseline *b,
                      const struct run_record *r)
{
    const struct terminal_style style = { .columns = columns_now(x->env),
                                          .utf8 = x->env->utf8,
                                          .colour = x->env->colour };

    printf("baseline %s, saved %s: run %s of machine %s\n", b->name, b->saved, b->run.id,
           b->run.machine);
    terminal_header(stdout, r, NULL, &style);
    terminal_table(stdout, r, &style);
}

static int show(struct action *x, struct err *e)
{
    struct history_baseline b;
    struct run_record r = { 0 };
    struct history *h;
    bool found = false;
    int rc = 0;

    if (x->a->n_words != 2)
        return ERR(e, ERR_ARG, "baseline show: which baseline?");
    TRY(run_refs_history(&x->refs, HISTORY_READ, &h, e));
    if (h)
        TRY(history_baseline_get(h, x->name, &b, &found, e));
    if (!found)
        return no_such(h, x->name, e);
    if (cli_flag(x->a, "json")) {
        rc = print_json(baseline_json(&b), e);
    } else {
        TRY(history_read(h, b.run.seq, &r, e));
        print_run(x, &b, &r);
    }
out:
    run_record_release(&r);
    return rc;
}

static int forget(struct action *x, struct err *e)
{
    struct history *h;
    bool found = false;
    int rc = 0;

    if (x->a->n_words != 2)
        return ERR(e, ERR_ARG, "baseline delete: which baseline?");
    TRY(run_refs_history(&x->refs, HISTORY_READ, &h, e));
    if (h) {
        TRY(run_refs_history(&x->refs, HISTORY_WRITE, &h, e));
        TRY(history_baseline_delete(h, x->name, &found, e));
    }
    if (!found)
        return no_such(h, x->name, e);
    printf("baseline %s is deleted; its run stays in the history\n", x->name);
out:
    return rc;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*run)(struct action *x, struct err *e);
} actions[] = { { "save", save }, { "list", list }, { "show", show }, { "delete", forget } };
enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

static int baseline_run(const struct cli_args *a, const struct cli_env *env)
{
    struct action x = { .a = a,
                        .env = env,
                        .refs = run_refs_init(a, env),
                        .name = a->n_words > 1 ? a->word[1] : NULL };
    struct err e = { 0 };
    int rc = ERR_ARG;

    jsonio_init();
    for (int i = 0; i < ACTIONS && a->n_words; i++)
        if (strcmp(a->word[0], actions[i].name) == 0) {
            rc = actions[i].run(&x, &e);
            run_refs_close(&x.refs);
            return rc < 0 ? cli_fail(&e) : EXIT_FINE;
        }
    ERR(&e, rc, "baseline: save, list, show or delete?");
    return cli_fail(&e);
}

const struct command command_baseline = {
    .name = "baseline",
    .arguments = "save NAME RUN | list | show NAME | delete NAME",
    .summary = "names for runs that others are compared with",
    .description =
        "A baseline is a name for a run in the history; a file is stored first.  It keeps the "
        "fingerprint of the machine that measured, and it never changes: a name that is taken is "
        "refused, unless --replace says the same name again.  Deleting it leaves the run in the "
        "history.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = 3,
    .argument_choices = "save list show delete",
    .run = baseline_run,
};
