/* ab_compare.c - `compare --ab`: pairs, a look, more pairs for as long as it is unclear. */
#include <stdio.h>
#include <string.h>

#include "command/ab_session.h"
#include "command/judge_options.h"
#include "core/axis.h"
#include "core/clock.h"

enum { PAIRS_MAX = 200 };

struct session {
    struct ab_plan plan;
    struct side side[SIDES];
    struct judge_options options;
    struct comparison comparison;
    char folder[64];
};

static int read_plan(const struct cli_args *a, const struct cli_env *env, struct session *s,
                     struct err *e)
{
    const char *v;
    int64_t n = verdict_looks[LOOKS - 1], seed = 1;
    char now[32];
    int rc = 0;

    if (a->n_words < 3 || strcmp(a->word[2], "run") != 0)
        return ERR(e, ERR_ARG,
                   "compare --ab: two programs and what both run are needed: compare --ab ./old "
                   "./new -- run quick");
    if ((v = cli_value(a, "pairs")))
        TRY(parse_int(v, 1, PAIRS_MAX, "--pairs", &n, e));
    if ((v = cli_value(a, "seed")))
        TRY(parse_int(v, 0, INT64_MAX, "--seed", &seed, e));
    clock_utc_compact(now);
    snprintf(s->folder, sizeof(s->folder), "headroom-ab-%.20s", now);
    s->plan = (struct ab_plan){ .program = { a->word[0], a->word[1] },
                                .argument = a->word + 2,
                                .n_arguments = a->n_words - 2,
                                .folder = cli_value(a, "keep"),
                                .pairs = (int)n,
                                .seed = (uint64_t)seed,
                                .stop = env->stop };
    if (!s->plan.folder)
        s->plan.folder = s->folder;
    TRY(ab_make_folder(&s->plan, e));
out:
    return rc;
}

static void forget(struct session *s)
{
    comparison_release(&s->comparison);
    judge_options_release(&s->options);
    for (int i = 0; i < SIDES; i++)
        side_release(&s->side[i]);
}

/* Judge what lies in the folder. */
static int look(const struct cli_args *a, const struct cli_env *env, struct session *s,
                struct err *e)
{
    struct verdict_rules rules;
    int rc = 0;

    forget(s);
    TRY(ab_load(&s->plan, s->side, e));
    TRY(judge_options_load(a, env, s->side[SIDE_A].records[0], &s->options, e));
    rules = judge_options_rules(&s->options);
    {
        const struct judge_side both[SIDES] = { side_of(&s->side[SIDE_A]),
                                                side_of(&s->side[SIDE_B]) };
        const char *const label[SIDES] = { s->side[SIDE_A].label, s->side[SIDE_B].label };

        TRY(comparison_make(both, label, &rules, s->options.force, &s->comparison, e));
    }
out:
    return rc;
}

/* Up to a look; false when it is the last. */
static bool wants_next(const struct session *s, int pairs)
{
    const struct comparison *c = &s->comparison;

    if (pairs >= s->plan.pairs || !verdict_wants_more(c->verdicts, c->pairs.n))
        return false;
    fprintf(stderr, "%d pairs: %d of %d rows are unclear\n", pairs, c->counts.unclear, c->pairs.n);
    return true;
}

static int run_looks(const struct cli_args *a, const struct cli_env *env, struct session *s,
                     struct err *e)
{
    int done = 0, rc = 0;

    for (int k = 0; k < LOOKS; k++) {
        int to =
            k + 1 < LOOKS && verdict_looks[k] < s->plan.pairs ? verdict_looks[k] : s->plan.pairs;

        TRY(ab_run_pairs(&s->plan, done, to, e));
        done = to;
        TRY(look(a, env, s, e));
        if (!wants_next(s, done))
            break;
    }
out:
    return rc;
}

int ab_compare(const struct cli_args *a, const struct cli_env *env)
{
    static struct session s;
    struct err e = { 0 }, none = { 0 };
    int rc = 0, code = EXIT_FINE;

    s = (struct session){ 0 };
    TRY(read_plan(a, env, &s, &e));
    rc = run_looks(a, env, &s, &e);
    if (rc == ERR_INTERRUPT && look(a, env, &s, &none) < 0) {
        fprintf(stderr, "headroom: interrupted before a pair was whole: nothing to judge\n");
        goto out;
    }
    if (rc < 0 && rc != ERR_INTERRUPT)
        goto out;
    code = verdict_compare_code(&s.comparison.counts);
    TRY(judge_options_print(&s.comparison, cli_flag(a, "json"), code, env, &e));
    fprintf(stderr, "results in %s/a and %s/b: headroom compare %s/a %s/b judges them again\n",
            s.plan.folder, s.plan.folder, s.plan.folder, s.plan.folder);
out:
    forget(&s);
    if (*env->stop)
        return EXIT_SIGNAL + (int)*env->stop;
    return rc < 0 ? cli_fail(&e) : code;
}
