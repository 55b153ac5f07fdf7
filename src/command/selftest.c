/* selftest.c - `headroom selftest`: this program against itself, on this machine. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/ab_session.h"
#include "command/commands.h"
#include "command/self_path.h"
#include "command/tty.h"
#include "core/axis.h"
#include "core/clock.h"
#include "core/mem.h"
#include "judge/comparison.h"
#include "judge/noise.h"
#include "judge/relabel.h"
#include "report/verdict_table.h"
#include "store/noise_file.h"

enum { PAIRS_USUAL = 10, RELABELLED = 200, PASSED_ON = 5 };

static const struct cli_option options[] = {
    { "pairs", 0, "N", "pairs of runs (10); 6, 10 or 20 are what a comparison looks at", NULL },
    { "seconds", 0, "S", "time for each row (0.2)", NULL },
    { "set", 0, "AXIS=VALUE[,VALUE]", "as of run; repeatable", NULL },
    { "device", 0, "DEVICE", "as of run", "cpu gpu gpu:0" },
    { "dir", 0, "DIR", "as of run", "@dirs" },
    { "models", 0, "DIR", "as of run", "@dirs" },
    { "keep", 0, "DIR", "folder for the results (else headroom-selftest-UTC here)", "@dirs" },
};

struct selftest {
    struct ab_plan plan;
    const char *argument[CLI_WORDS_MAX];
    char self[1024], folder[64];
    struct side side[SIDES];
    struct comparison comparison;
    struct noise noise;
    struct relabel_tally tally;
};

/* What both run: the words of the user, and how long a row takes. */
static int arguments_of(const struct cli_args *a, struct selftest *t, struct err *e)
{
    static const char *const passed_on[PASSED_ON] = { "--seconds", "--set", "--device", "--dir",
                                                      "--models" };
    int n = 0;

    t->argument[n++] = "run";
    for (int i = 0; i < a->n_words; i++)
        t->argument[n++] = a->word[i];
    if (!cli_value(a, "seconds")) {
        t->argument[n++] = "--seconds";
        t->argument[n++] = "0.2";
    }
    for (int k = 0; k < PASSED_ON; k++) {
        const char *given[CLI_WORDS_MAX];
        int n_given = cli_values(a, passed_on[k] + 2, given, CLI_WORDS_MAX);

        for (int i = 0; i < n_given; i++) {
            if (n + 2 > CLI_WORDS_MAX)
                return ERR(e, ERR_ARG, "selftest: too many words");
            t->argument[n++] = passed_on[k];
            t->argument[n++] = given[i];
        }
    }
    t->plan.argument = t->argument;
    t->plan.n_arguments = n;
    return 0;
}

static int read_plan(const struct cli_args *a, const struct cli_env *env, struct selftest *t,
                     struct err *e)
{
    const char *v = cli_value(a, "pairs");
    int64_t n = PAIRS_USUAL;
    char now[32];
    int rc = 0;

    if (a->n_words > CLI_WORDS_MAX / 2)
        return ERR(e, ERR_ARG, "selftest: too many words");
    if (!env->data_dir[0])
        return ERR(
            e, ERR_ARG,
            "there is no folder to keep the noise in: neither XDG_DATA_HOME nor HOME is set");
    if (v)
        TRY(parse_int(v, 3, 200, "--pairs", &n, e));
    TRY(self_path(t->self, sizeof(t->self), e));
    clock_utc_compact(now);
    snprintf(t->folder, sizeof(t->folder), "headroom-selftest-%.20s", now);
    t->plan = (struct ab_plan){ .program = { t->self, t->self },
                                .folder = cli_value(a, "keep"),
                                .pairs = (int)n,
                                .seed = clock_now_ns(),
                                .stop = env->stop };
    if (!t->plan.folder)
        t->plan.folder = t->folder;
    TRY(arguments_of(a, t, e));
    TRY(ab_make_folder(&t->plan, e));
out:
    return rc;
}

/* The spread of each row over the runs of both sides, which are runs of one program. */
static int measure_noise(struct selftest *t, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < t->comparison.pairs.n; i++) {
        const struct pair *p = &t->comparison.pairs.p[i];
        int n = p->half[SIDE_A].n_runs + p->half[SIDE_B].n_runs, k = 0;
        double *x = mem_calloc((size_t)n, sizeof(*x)), spread;

        if (!x)
            return ERR(e, ERR_NOMEM, "no memory for %d runs", n);
        for (int s = 0; s < SIDES; s++)
            for (int r = 0; r < p->half[s].n_runs; r++)
                x[k++] = p->half[s].runs[r].value;
        spread = noise_spread(x, n);
        mem_free(x);
        if (isfinite(spread))
            TRY(noise_put(&t->noise, p->row, spread, n, e));
    }
out:
    return rc;
}

static int judge(struct selftest *t, const struct cli_env *env, struct err *e)
{
    char path[1200];
    static const char *const label[SIDES] = { "this program", "this program" };
    const struct verdict_rules rules = { 0 };
    int rc = 0;

    TRY(ab_load(&t->plan, t->side, e));
    {
        const struct judge_side both[SIDES] = { side_of(&t->side[SIDE_A]),
                                                side_of(&t->side[SIDE_B]) };

        TRY(comparison_make(both, label, &rules, false, &t->comparison, e));
    }
    /* Rows of earlier self-tests stay; a file that cannot be read is replaced. */
    machine_fingerprint(&t->side[SIDE_A].records[0]->machine, t->noise.fingerprint);
    noise_file_path(env->data_dir, t->noise.fingerprint, path, sizeof(path));
    noise_file_read(path, t->noise.fingerprint, &t->noise, NULL);
    machine_fingerprint(&t->side[SIDE_A].records[0]->machine, t->noise.fingerprint);
    TRY(measure_noise(t, e));
    TRY(relabel(&t->comparison.pairs, &rules, RELABELLED, t->plan.seed, &t->tally, e));
    t->noise.comparisons = t->tally.comparisons;
    t->noise.alarms = t->tally.alarms;
    clock_utc(t->noise.measured);
out:
    return rc;
}

static void print_noise(const struct selftest *t)
{
    const struct comparison *c = &t->comparison;

    printf("%-44s %8s %10s %14s\n", "row", "spread", "band", "keeps from");
    for (int i = 0; i < t->noise.n_rows; i++) {
        const struct noise_row *r = &t->noise.rows[i];
        double band = fmin(fmax(log1p(NOISE_BAND_MIN), r->spread), log1p(NOISE_BAND_MAX));
        char row[320];

        snprintf(row, sizeof(row), "%s %s", r->name, r->settings);
        if (strlen(row) > 44)
            printf("%s\n%44s", row, "");
        else
            printf("%-44s", row);
        printf(" %6.2f %% %8.2f %% %12.1f %%\n", 100 * r->spread, 100 * expm1(band),
               promise_smallest(r->spread, band, verdict_looks[LOOKS - 1]));
    }
    printf("\nspread between runs: %.2f %% (upper quartile of %d rows); it is the band of this "
           "machine\n",
           100 * t->noise.spread, t->noise.n_rows);
    printf("A against A as it ran: %d of %d rows slower or faster, %d unclear\n",
           c->counts.slower + c->counts.faster, c->pairs.n, c->counts.unclear);
    if (t->tally.comparisons == 0)
        printf("A against A, pairs relabelled: %d pairs cannot call anything, %d are needed\n",
               t->plan.pairs, verdict_looks[0]);
    else
        printf("A against A, pairs relabelled %d times a row: %d of %d (%.2f %%; promised: at most "
               "%g %%)\n",
               RELABELLED, t->tally.alarms, t->tally.comparisons,
               100.0 * t->tally.alarms / t->tally.comparisons, 100 * VERDICT_ERROR);
}

static int keep(const struct selftest *t, const struct cli_env *env, struct err *e)
{
    char path[1200];
    int rc = 0;

    noise_file_path(env->data_dir, t->noise.fingerprint, path, sizeof(path));
    if (!path[0])
        return ERR(e, ERR_IO, "%.150s: too long a name to keep the noise there", env->data_dir);
    TRY(noise_file_write(path, &t->noise, e));
    fprintf(stderr, "kept in %s\n", path);
out:
    return rc;
}

static void release(struct selftest *t)
{
    comparison_release(&t->comparison);
    noise_release(&t->noise);
    for (int s = 0; s < SIDES; s++)
        side_release(&t->side[s]);
}

static int selftest_run(const struct cli_args *a, const struct cli_env *env)
{
    static struct selftest t;
    struct err e = { 0 };
    int rc = 0, code = EXIT_FINE;

    t = (struct selftest){ 0 };
    TRY(read_plan(a, env, &t, &e));
    rc = ab_run_pairs(&t.plan, 0, t.plan.pairs, &e);
    if (rc == ERR_INTERRUPT)
        fprintf(stderr, "headroom: interrupted: no noise is kept; what was measured is in %s\n",
                t.plan.folder);
    if (rc < 0)
        goto out;
    TRY(judge(&t, env, &e));
    print_noise(&t);
    TRY(keep(&t, env, &e));
    if (t.tally.alarms > VERDICT_ERROR * t.tally.comparisons)
        code = EXIT_WARNING;
    if (t.comparison.counts.invalid)
        code = EXIT_INVALID;
out:
    release(&t);
    if (*env->stop)
        return EXIT_SIGNAL + (int)*env->stop;
    return rc < 0 ? cli_fail(&e) : code;
}

const struct command command_selftest = {
    .name = "selftest",
    .arguments = "[NAME|GLOB|SUITE ...]",
    .summary = "A against A on this machine: how far runs spread, how often verdicts are wrong",
    .description =
        "Runs this program against itself in interleaved pairs (the suite quick, 0.2 s a row, 10 "
        "pairs) and prints for each row the spread between runs, the band that follows, and from "
        "which loss on a promise can be kept here.  The spread is kept for this machine, and is "
        "the band of its comparisons from then on.  How often identical runs are called slower or "
        "faster is counted as they ran, and over all ways of calling the runs of a pair A and B.\n"
        "\n"
        "Exit code 1 when that is more often than the promised 1 %, 4 when a row is invalid.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = -1,
    .argument_choices = "@benchmarks",
    .run = selftest_run,
};
