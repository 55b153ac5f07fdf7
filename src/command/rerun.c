/* rerun.c - `headroom rerun`: a stored run once more, with the same configuration, and compared. */
#include <stdio.h>
#include <string.h>

#include "command/ab_session.h"
#include "command/commands.h"
#include "command/judge_options.h"
#include "command/run_options.h"
#include "command/self_path.h"
#include "core/clock.h"

static const struct cli_option options[] = {
    { "output", 'o', "FILE", "write the new result here (else headroom-rerun-UTC.json)", "@files" },
    { "dry-run", 0, NULL, "print what would be run, and run nothing", NULL },
    { "json", 0, NULL, "print JSON alone on standard output", NULL },
    JUDGE_OPTION_PROMISES,
    JUDGE_OPTION_FORCE,
    RUN_REF_OPTION_STORE,
};

/* Options of `run` that say where results go, not what is measured. */
static bool is_destination(const char *name)
{
    static const char *const names[] = { "output", "json", "dry-run", "store", "no-store", "wait" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

struct rerun {
    char text[CLI_WORDS_MAX][300];
    const char *word[CLI_WORDS_MAX];
    int n;
};

static int add(struct rerun *r, const char *prefix, const char *text, struct err *e)
{
    if (r->n == CLI_WORDS_MAX || snprintf(r->text[r->n], sizeof(r->text[0]), "%s%s", prefix,
                                          text) >= (int)sizeof(r->text[0]))
        return ERR(e, ERR_ARG, "rerun: the stored run has too many or too long arguments");
    r->word[r->n] = r->text[r->n];
    r->n++;
    return 0;
}

/* The arguments of the stored run, read by today's parser: what it does not know is an error here
 * and not another measurement. */
static int arguments_of(const struct run_record *record, struct rerun *r, struct err *e)
{
    static struct cli_args args;
    int rc = 0;

    if (record->argc < 2 || strcmp(record->argv[1], "run") != 0)
        return ERR(e, ERR_ARG, "run %s was not made by headroom run: it cannot be repeated",
                   record->id);
    TRY(cli_parse(&command_run, record->argc, record->argv, &args, e));
    TRY(add(r, "", "run", e));
    for (int i = 0; i < args.n_words; i++)
        TRY(add(r, "", args.word[i], e));
    for (int i = 0; i < args.n_given; i++) {
        if (is_destination(args.given[i].option->name))
            continue;
        TRY(add(r, "--", args.given[i].option->name, e));
        if (args.given[i].value)
            TRY(add(r, "", args.given[i].value, e));
    }
out:
    return rc;
}

static void print_words(FILE *f, const struct rerun *r)
{
    fputs("headroom", f);
    for (int i = 0; i < r->n; i++)
        fprintf(f, strchr(r->word[i], ' ') ? " \"%s\"" : " %s", r->word[i]);
    fputc('\n', f);
}

static int judge(const struct side *before, const struct side *after, const struct cli_args *a,
                 const struct cli_env *env, int *code, struct err *e)
{
    const struct judge_side both[SIDES] = { side_of(before), side_of(after) };
    const char *const label[SIDES] = { before->label, after->label };
    struct judge_options o = { 0 };
    struct comparison c = { 0 };
    struct verdict_rules rules;
    int rc = 0;

    TRY(judge_options_load(a, env, before->records[0], &o, e));
    rules = judge_options_rules(&o);
    TRY(comparison_make(both, label, &rules, o.force, &c, e));
    *code = verdict_compare_code(&c.counts);
    TRY(judge_options_print(&c, cli_flag(a, "json"), *code, env, e));
out:
    comparison_release(&c);
    judge_options_release(&o);
    return rc;
}

static int rerun_run(const struct cli_args *a, const struct cli_env *env)
{
    static struct rerun words;
    struct run_refs refs = run_refs_init(a, env);
    struct side before = { 0 }, after = { 0 };
    struct err e = { 0 };
    const char *output = cli_value(a, "output");
    char usual[64], now[32], self[1024];
    int rc = 0, code = EXIT_FINE;

    words.n = 0;
    if (a->n_words != 1) {
        rc = ERR(&e, ERR_ARG, "rerun: one run is needed (see headroom help rerun)");
        goto out;
    }
    TRY(side_load(&refs, a->word[0], &before, &e));
    TRY(arguments_of(before.records[before.n - 1], &words, &e));
    if (cli_flag(a, "dry-run")) {
        print_words(stdout, &words);
        goto out;
    }
    if (!output) {
        clock_utc_compact(now);
        snprintf(usual, sizeof(usual), "headroom-rerun-%.20s.json", now);
        output = usual;
    }
    TRY(self_path(self, sizeof(self), &e));
    fputs("repeats: ", stderr);
    print_words(stderr, &words);
    if (cli_value(a, "store")) {
        TRY(add(&words, "", "--store", &e));
        TRY(add(&words, "", cli_value(a, "store"), &e));
    }
    TRY(ab_run_once(self, words.word, words.n, output, env->stop, &e));
    TRY(side_load(&refs, output, &after, &e));
    TRY(judge(&before, &after, a, env, &code, &e));
out:
    side_release(&before);
    side_release(&after);
    run_refs_close(&refs);
    if (*env->stop)
        return EXIT_SIGNAL + (int)*env->stop;
    return rc < 0 ? cli_fail(&e) : code;
}

const struct command command_rerun = {
    .name = "rerun",
    .arguments = "RUN",
    .summary = "measure a stored run once more in the same way, and compare",
    .description = "Runs what a result file or a run of the history was made with (rows, settings, "
                   "seed, repeats), writes a new result, and judges it against the old one as "
                   "compare does: two sessions are weak evidence, so expect unclear with where it "
                   "leans.  Exit codes are those of compare.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = 1,
    .argument_choices = "@files",
    .run = rerun_run,
};
