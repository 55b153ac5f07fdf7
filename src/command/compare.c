/* compare.c - `headroom compare`: two stored sides, or two builds run in turn. */
#include <stdio.h>

#include "command/ab_session.h"
#include "command/commands.h"
#include "command/judge_options.h"
#include "command/sides.h"

static const struct cli_option options[] = {
    { "ab", 0, NULL, "A and B are programs: run both in turn, then judge", NULL },
    { "keep", 0, "DIR", "with --ab: folder for the results (else headroom-ab-UTC here)", "@dirs" },
    { "pairs", 0, "N", "with --ab: at most so many pairs (20)", NULL },
    { "seed", 0, "N", "with --ab: seed of the order (1)", NULL },
    { "json", 0, NULL, "print JSON alone on standard output", NULL },
    JUDGE_OPTION_PROMISES,
    JUDGE_OPTION_FORCE,
    RUN_REF_OPTION_STORE,
};

static int compare_stored(const struct cli_args *a, const struct cli_env *env)
{
    struct run_refs refs = run_refs_init(a, env);
    struct side side[SIDES] = { 0 };
    struct judge_options o = { 0 };
    struct comparison c = { 0 };
    struct err e = { 0 };
    int rc = 0, code = EXIT_FINE;

    if (a->n_words != 2) {
        rc = ERR(&e, ERR_ARG, "compare: two runs are needed, %d given (see headroom help compare)",
                 a->n_words);
        goto out;
    }
    for (int s = 0; s < SIDES; s++)
        TRY(side_load(&refs, a->word[s], &side[s], &e));
    TRY(judge_options_load(a, env, side[SIDE_A].records[0], &o, &e));
    {
        const struct judge_side both[SIDES] = { side_of(&side[SIDE_A]), side_of(&side[SIDE_B]) };
        const char *const label[SIDES] = { side[SIDE_A].label, side[SIDE_B].label };
        struct verdict_rules rules = judge_options_rules(&o);

        TRY(comparison_make(both, label, &rules, o.force, &c, &e));
    }
    code = verdict_compare_code(&c.counts);
    TRY(judge_options_print(&c, cli_flag(a, "json"), code, env, &e));
out:
    comparison_release(&c);
    judge_options_release(&o);
    for (int s = 0; s < SIDES; s++)
        side_release(&side[s]);
    run_refs_close(&refs);
    return rc < 0 ? cli_fail(&e) : code;
}

static int compare_run(const struct cli_args *a, const struct cli_env *env)
{
    return cli_flag(a, "ab") ? ab_compare(a, env) : compare_stored(a, env);
}

const struct command command_compare = {
    .name = "compare",
    .arguments = "A B | --ab OLD NEW -- run ...",
    .summary = "did it get slower?  faster, slower, same or unclear for each row",
    .description =
        "Judges B against A, row by row, from the medians of fresh processes.  A and B are result "
        "files, baselines, runs of the history, folders of result files, or several of these with "
        "commas between; each run is a session.  Runs that alternate in time are judged as pairs. "
        " Others are weak evidence: below 5 sessions of A and 3 processes of B the verdict is "
        "unclear, and only says where it leans.\n"
        "\n"
        "With --ab, A and B are programs (\"./old\" \"./new\", or commands with spaces in them), "
        "and "
        "what follows -- is what both run: fresh processes in turn, A B B A or B A A B by lot, at "
        "least 6 pairs, then 10 and 20 for as long as a row is unclear.  Ctrl-C judges what there "
        "is; every result stays in the folder.\n"
        "\n"
        "Exit code 0, 2 where a row is slower, 3 where one is unclear, 4 where one is invalid.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = -1,
    .argument_choices = "@files",
    .run = compare_run,
};
