/* gate.c - `headroom gate`: does this run keep the promises, and does it meet the targets? */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/gate_history.h"
#include "command/judge_options.h"
#include "command/sides.h"
#include "command/tty.h"
#include "core/atomic_file.h"
#include "core/mem.h"
#include "report/target_table.h"
#include "report/verdict_markdown.h"
#include "store/target_file.h"
#include "store/target_json.h"
#include "store/verdict_json.h"
#include "json/jsonio.h"

static const struct cli_option options[] = {
    { "baseline", 'b', "NAME", "what was: a baseline, runs, files, or a folder of them", "@files" },
    { "targets", 't', "FILE", "absolute targets (JSON)", "@files" },
    { "markdown", 'm', "FILE", "write the summary for a pull request here", "@files" },
    { "json", 0, NULL, "print JSON alone on standard output", NULL },
    JUDGE_OPTION_PROMISES,
    JUDGE_OPTION_FORCE,
    RUN_REF_OPTION_STORE,
};

struct gate {
    struct run_refs refs;
    struct side side[SIDES];
    struct judge_options options;
    struct comparison comparison;
    struct targets targets;
    struct target_outcome *outcomes; /* targets.n; owned */
    bool compared;
    int code;
};

static const char *outcome_of(int code)
{
    switch (code) {
    case EXIT_FINE: return "passed";
    case EXIT_WARNING: return "warning";
    case EXIT_REGRESSION: return "regression";
    case EXIT_UNCLEAR: return "unclear";
    default: return "invalid measurement";
    }
}

/* A run is not held against itself, in whatever company. */
static int check_apart(const struct side *baseline, const struct side *result, struct err *e)
{
    for (int i = 0; i < baseline->n; i++)
        for (int j = 0; j < result->n; j++)
            if (strcmp(baseline->records[i]->id, result->records[j]->id) == 0)
                return ERR(e, ERR_ARG, "gate: run %s is the baseline itself, or a session of it",
                           result->records[j]->id);
    return 0;
}

static int judge_baseline(struct gate *g, const struct cli_args *a, const struct cli_env *env,
                          struct err *e)
{
    struct verdict_rules rules;
    int rc = 0;

    TRY(gate_history_load(&g->refs, cli_value(a, "baseline"), &g->side[SIDE_A], e));
    TRY(check_apart(&g->side[SIDE_A], &g->side[SIDE_B], e));
    TRY(judge_options_load(a, env, g->side[SIDE_A].records[0], &g->options, e));
    rules = judge_options_rules(&g->options);
    {
        const struct judge_side both[SIDES] = { side_of(&g->side[SIDE_A]),
                                                side_of(&g->side[SIDE_B]) };
        const char *const label[SIDES] = { g->side[SIDE_A].label, g->side[SIDE_B].label };

        TRY(comparison_make(both, label, &rules, g->options.force, &g->comparison, e));
    }
    g->compared = true;
    g->code = cli_worse_code(g->code, verdict_gate_code(&g->comparison.counts));
out:
    return rc;
}

static int judge_targets(struct gate *g, const char *path, struct err *e)
{
    const struct side *b = &g->side[SIDE_B];
    int rc = 0;

    TRY(target_file_read(path, &g->targets, e));
    g->outcomes = mem_calloc((size_t)g->targets.n, sizeof(*g->outcomes));
    if (!g->outcomes)
        return ERR(e, ERR_NOMEM, "no memory for %d targets", g->targets.n);
    targets_judge(&g->targets, b->records[b->n - 1], g->outcomes);
    g->code = cli_worse_code(g->code, targets_code(g->outcomes, g->targets.n));
out:
    return rc;
}

/* ---- what is printed ---- */

static int print_json(const struct gate *g, struct err *e)
{
    json_t *o;
    bool lost = false;

    jsonio_init();
    o = json_object();
    jsonio_put(o, "outcome", jsonio_new_text(outcome_of(g->code)), &lost);
    jsonio_put(o, "exit_code", json_integer(g->code), &lost);
    jsonio_put(o, "comparison", g->compared ? verdict_json(&g->comparison, g->code) : json_null(),
               &lost);
    jsonio_put(o, "targets", g->outcomes ? target_json(&g->targets, g->outcomes) : json_null(),
               &lost);
    o = jsonio_done(o, lost);
    if (!o)
        return ERR(e, ERR_NOMEM, "no memory for the answer");
    json_dumpf(o, stdout, JSON_INDENT(1));
    printf("\n");
    json_decref(o);
    return 0;
}

static int fill_markdown(const void *self, FILE *f, struct err *e)
{
    const struct gate *g = self;

    (void)e;
    if (g->compared)
        verdict_markdown(f, &g->comparison, outcome_of(g->code));
    else
        fprintf(f, "## headroom: %s\n", outcome_of(g->code));
    if (g->outcomes)
        target_markdown(f, &g->targets, g->outcomes);
    return 0;
}

/* Rows that are unclear to the band, and clear enough for the promise. */
static int kept_of(const struct comparison *c)
{
    int kept = 0;

    for (int i = 0; i < c->pairs.n; i++)
        kept += c->verdicts[i].gap == GAP_NONE && c->verdicts[i].word == VERDICT_UNCLEAR &&
                c->verdicts[i].kept;
    return kept;
}

static int print(const struct gate *g, const struct cli_args *a, const struct cli_env *env,
                 struct err *e)
{
    const char *markdown = cli_value(a, "markdown");
    struct terminal_style style = tty_style(env);
    int rc = 0;

    if (markdown)
        TRY(atomic_file_write(markdown, fill_markdown, g, e));
    if (cli_flag(a, "json"))
        return print_json(g, e);
    if (g->compared) {
        int kept = kept_of(&g->comparison);

        TRY(judge_options_print(&g->comparison, false, g->code, env, e));
        if (kept)
            printf("in %d of the unclear rows a loss of the promised size is excluded\n", kept);
    }
    if (g->outcomes)
        target_table(stdout, &g->targets, g->outcomes, &style);
    printf("gate: %s (exit code %d)\n", outcome_of(g->code), g->code);
out:
    return rc;
}

static void release(struct gate *g)
{
    comparison_release(&g->comparison);
    judge_options_release(&g->options);
    targets_release(&g->targets);
    mem_free(g->outcomes);
    for (int s = 0; s < SIDES; s++)
        side_release(&g->side[s]);
    run_refs_close(&g->refs);
}

static int gate_run(const struct cli_args *a, const struct cli_env *env)
{
    static struct gate g;
    const char *baseline = cli_value(a, "baseline"), *targets = cli_value(a, "targets");
    struct err e = { 0 };
    int rc = 0;

    g = (struct gate){ .refs = run_refs_init(a, env) };
    if (!baseline && !targets) {
        rc = ERR(&e, ERR_ARG, "gate: --baseline NAME or --targets FILE is needed");
        goto out;
    }
    TRY(side_load(&g.refs, a->n_words ? a->word[0] : "latest", &g.side[SIDE_B], &e));
    if (baseline)
        TRY(judge_baseline(&g, a, env, &e));
    if (targets)
        TRY(judge_targets(&g, targets, &e));
    TRY(print(&g, a, env, &e));
out:
    release(&g);
    return rc < 0 ? cli_fail(&e) : g.code;
}

const struct command command_gate = {
    .name = "gate",
    .arguments = "--baseline NAME | --targets FILE [RESULT]",
    .summary = "for CI: does this run keep its promises, does it meet its targets?",
    .description =
        "Holds a result (else the latest run of the history) against a baseline, absolute targets, "
        "or both, and ends with a code that a pipeline acts on.  It measures nothing: it works "
        "from stored files on any machine.\n"
        "\n"
        "A loss of the promised size (fail 20 %, warn 10 %; --promises says otherwise) is called "
        "from half of it on, where the whole interval is beyond what the runs can tell.  A promise "
        "that this machine's noise (headroom selftest) does not allow is refused.  Stored runs "
        "need 5 sessions of the baseline, its own and those before it in the history, and 3 fresh "
        "processes of the result (run --repeat 3); with fewer the gate is unclear.\n"
        "\n"
        "Exit code 0 passed, 1 warning, 2 regression or a missed target, 3 unclear, 4 invalid "
        "measurement, 5 something could not be read, 64 usage.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = 1,
    .argument_choices = "@files",
    .run = gate_run,
};
