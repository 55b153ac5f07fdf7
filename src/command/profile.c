/* profile.c - `headroom profile`: one row under a profiler. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/model_place.h"
#include "command/platform.h"
#include "command/profile_inside.h"
#include "command/profile_print.h"
#include "command/profile_row.h"
#include "command/profile_run.h"
#include "command/run_options.h"
#include "command/self_path.h"
#include "command/tty.h"
#include "core/atomic_file.h"
#include "core/clock.h"
#include "core/lock.h"
#include "core/mem.h"
#include "core/record.h"
#include "core/runner.h"
#include "report/terminal.h"
#include "store/store_codec.h"

enum { NO_TOOL = PROFILE_TOOLS, AUTOMATIC, MANY_LAUNCHES = 16 };

/* Repetitions that a watched row may have: under perf they fill a time. */
static const double REPETITIONS_MAX = 1e7;

static const struct cli_option options[] = {
    { "set", 0, "AXIS=VALUE", "the row, as in headroom run; repeatable", NULL },
    { "tool", 0, "TOOL",
      "ncu, nsys, perf, or none: the row alone in this process, for another tool to watch "
      "(normally by what the row does)",
      "ncu nsys perf none" },
    { "repetitions", 0, "N", "repetitions that the tool sees (ncu 3, nsys 20, perf for 2 s)",
      NULL },
    { "output", 'o', "FILE", "the report, without its ending (else headroom-profile-NAME-UTC)",
      "@files" },
    { "device", 0, "DEVICE", "cpu or gpu:N; normally the first GPU where the row has one",
      "cpu gpu gpu:0" },
    { "dir", 0, "DIR", "folder for scratch files (else this folder)", "@dirs" },
    { "models", 0, "DIR", "folder with the models that benchmarks name (else the usual one)",
      "@dirs" },
    { "seed", 0, "N", "seed of all inputs (1)", NULL },
    { "seconds", 0, "S", "time for the row's own figures, without the tool (1)", NULL },
    { "wait", 0, "S", "wait up to S for another run on this machine to end", NULL },
    { "control", 0, "CTL", "with --tool none: perf's --control (fifo:CTL,ACK), told when to count",
      NULL },
    { "picks", 0, "N,N",
      "with --tool none: take these of the code paths that are chosen by trial (property picks)",
      NULL },
    { "dry-run", 0, NULL, "print the commands, and run nothing", NULL },
};

struct profile {
    const struct cli_args *a;
    const struct cli_env *env;
    struct device devices[DEVICES_MAX];
    struct plan_list plan;
    const struct plan_case *row;
    int tool; /* enum profile_tool_id, NO_TOOL, AUTOMATIC */
    const char *dir, *models;
    char models_place[MODEL_PLACE_TEXT];
    double seconds, wait_s;
    int64_t seed, repetitions; /* 0: as fits the tool */
    struct result own;         /* without a tool */
    const char *missed;        /* the tool that would fit better; NULL: it is here */
    char program[PROFILE_PATH], report[PROFILE_PATH];
    struct words inside;
};

/* ---- what is asked for ---- */

static int read_tool(struct profile *p, struct err *e)
{
    const char *name = cli_value(p->a, "tool");

    p->tool = AUTOMATIC;
    if (!name)
        return 0;
    if (strcmp(name, "none") == 0)
        p->tool = NO_TOOL;
    for (int i = 0; i < PROFILE_TOOLS; i++)
        if (strcmp(name, profile_tools[i].name) == 0)
            p->tool = i;
    if (p->tool == AUTOMATIC)
        return ERR(e, ERR_ARG, "--tool: \"%.40s\" is none of ncu, nsys, perf, none", name);
    return 0;
}

static int read_options(struct profile *p, struct err *e)
{
    const char *v;
    int rc = 0;

    p->seconds = 1;
    p->seed = 1;
    p->dir = ".";
    p->models = model_place_folder(p->env, p->models_place);
    TRY(read_tool(p, e));
    if ((v = cli_value(p->a, "repetitions")))
        TRY(parse_int(v, 1, (int64_t)REPETITIONS_MAX, "--repetitions", &p->repetitions, e));
    if ((v = cli_value(p->a, "seed")))
        TRY(parse_int(v, 0, INT64_MAX, "--seed", &p->seed, e));
    if ((v = cli_value(p->a, "seconds")))
        TRY(parse_seconds(v, 0.01, SAMPLING_SECONDS_MAX, "--seconds", &p->seconds, e));
    if ((v = cli_value(p->a, "wait")))
        TRY(parse_seconds(v, 0, 86400, "--wait", &p->wait_s, e));
    if ((v = cli_value(p->a, "dir")))
        TRY(run_options_check_dir("--dir", p->dir = v, e));
    if ((v = cli_value(p->a, "models")))
        TRY(run_options_check_dir("--models", p->models = v, e));
    if ((v = cli_value(p->a, "output")) && !v[0])
        return ERR(e, ERR_ARG, "--output: the name of the file is empty");
    if (v && strlen(v) >= sizeof(p->report) - 64) /* its ending comes behind it */
        return ERR(e, ERR_ARG, "--output: the name of the file is too long");
    if ((cli_value(p->a, "control") || cli_value(p->a, "picks")) && p->tool != NO_TOOL)
        return ERR(e, ERR_ARG, "--control and --picks go with --tool none");
out:
    return rc;
}

static int find_row(struct profile *p, struct err *e)
{
    int rc = 0;

    TRY(profile_row_find(p->a, p->seconds, p->devices, &p->plan, e));
    p->row = &p->plan.cases[0];
    if (p->tool < PROFILE_TOOLS && profile_tools[p->tool].device == DEVICE_GPU &&
        p->row->device->kind == DEVICE_CPU)
        rc = ERR(e, ERR_ARG, "--tool %s looks at a GPU's kernels, and this row is the CPU's",
                 profile_tools[p->tool].name);
out:
    return rc;
}

/* ---- the row without a tool ---- */

static int lock_machine(const struct profile *p, struct lock *lock, struct err *e)
{
    return lock_take(lock, platform_lock_path, p->wait_s, p->env->stop, e);
}

static int measure(struct profile *p, struct err *e)
{
    struct ceilings ceilings = { 0 };
    struct runner_config c = { .plan = &p->plan,
                               .repeats = 1,
                               .seed = (uint64_t)p->seed,
                               .dir = p->dir,
                               .models = p->models,
                               .target = sampling_defaults().target,
                               .codec = &store_codec,
                               .ceilings = &ceilings,
                               .stop = p->env->stop };
    struct run_record shown = { .results = &p->own, .n_results = 1 };
    struct terminal_style style = tty_style(p->env);
    struct lock lock = { .fd = -1 };
    int rc = 0;

    TRY(lock_machine(p, &lock, e));
    TRY(runner_run(&c, &p->own, e));
    terminal_table(stdout, &shown, &style);
    profile_print_launches(stdout, &p->own);
    if (p->own.status == RESULT_OK)
        goto out;
    rc = ERR(e, p->own.status == RESULT_SKIPPED ? ERR_NOTSUP : ERR_MISMATCH,
             "nothing to profile: %s", p->own.reason);
out:
    lock_release(&lock);
    ceilings_release(&ceilings);
    return rc;
}

static int inside(const struct profile *p, struct err *e)
{
    const struct profile_inside row = { .row = p->row,
                                        .seed = (uint64_t)p->seed,
                                        .repetitions =
                                            p->repetitions ? (uint64_t)p->repetitions : 3,
                                        .dir = p->dir,
                                        .models = p->models,
                                        .picks = cli_value(p->a, "picks"),
                                        .control = cli_value(p->a, "control") };
    struct lock lock = { .fd = -1 };
    int rc = 0;

    TRY(lock_machine(p, &lock, e));
    rc = profile_inside_run(&row, p->env, e);
out:
    lock_release(&lock);
    return rc;
}

/* ---- the row under a tool ---- */

/* This program with --tool none: what the tool runs, and a person may. */
static int inside_words(struct profile *p, uint64_t repetitions, struct err *e)
{
    const struct result_property *picks = result_find(&p->own, "picks");
    char self[PROFILE_PATH], text[2 * AXIS_TEXT + 32];
    int rc = 0;

    p->inside = (struct words){ 0 };
    TRY(self_path(self, sizeof(self), e));
    TRY(words_add_list(&p->inside,
                       (const char *const[]){ self, "profile", p->row->bench->name, "--device",
                                              p->row->device->name, "--tool", "none", NULL },
                       e));
    for (int i = 0; i < p->row->params.n; i++) {
        const struct param *axis = &p->row->params.p[i];

        snprintf(text, sizeof(text), "%s=%s", axis->axis->name, axis->text);
        TRY(words_add_list(&p->inside, (const char *const[]){ "--set", text, NULL }, e));
    }
    snprintf(text, sizeof(text), "%llu", (unsigned long long)repetitions);
    TRY(words_add_list(&p->inside, (const char *const[]){ "--repetitions", text, NULL }, e));
    snprintf(text, sizeof(text), "%lld", (long long)p->seed);
    TRY(words_add_list(&p->inside, (const char *const[]){ "--seed", text, "--wait", "60", NULL },
                       e));
    TRY(words_add_list(&p->inside, (const char *const[]){ "--dir", p->dir, NULL }, e));
    if (picks) /* a trial that the tool watches may end in another way */
        TRY(words_add_list(&p->inside, (const char *const[]){ "--picks", picks->text, NULL }, e));
    if (cli_value(p->a, "models"))
        TRY(words_add_list(&p->inside, (const char *const[]){ "--models", p->models, NULL }, e));
out:
    return rc;
}

static uint64_t repetitions_of(const struct profile *p)
{
    const struct profile_tool *tool = &profile_tools[p->tool];
    double ns = p->own.n_runs ? p->own.runs[0].sampling.summary.median : (double)NAN;

    if (p->repetitions)
        return (uint64_t)p->repetitions;
    if (tool->repetitions)
        return tool->repetitions;
    if (!(ns > 0))
        return 100;
    return (uint64_t)fmin(REPETITIONS_MAX, fmax(3, ceil(PROFILE_PERF_SECONDS * 1e9 / ns)));
}

/* ncu looks into kernels, nsys at how many follow each other; the other one where that is not here.
 * false: none of them is. */
static bool choose(struct profile *p)
{
    const struct result_property *launches = result_find(&p->own, "launches");
    const char *search = p->env->search_path;
    int other;

    if (p->tool != AUTOMATIC)
        return profile_tool_find((enum profile_tool_id)p->tool, search, p->program);
    p->tool = PROFILE_PERF;
    if (p->row->device->kind == DEVICE_CPU)
        return profile_tool_find(PROFILE_PERF, search, p->program);
    p->tool = launches && launches->value > MANY_LAUNCHES ? PROFILE_NSYS : PROFILE_NCU;
    if (profile_tool_find((enum profile_tool_id)p->tool, search, p->program))
        return true;
    other = p->tool == PROFILE_NCU ? PROFILE_NSYS : PROFILE_NCU;
    if (!profile_tool_find((enum profile_tool_id)other, search, p->program))
        return false;
    p->missed = profile_tools[p->tool].name;
    p->tool = other;
    return true;
}

static void report_name(struct profile *p)
{
    const char *asked = cli_value(p->a, "output");
    char now[32];

    clock_utc_compact(now);
    if (asked)
        snprintf(p->report, sizeof(p->report), "%s", asked);
    else
        snprintf(p->report, sizeof(p->report), "headroom-profile-%.48s-%.20s", p->row->bench->name,
                 now);
}

/* Before anything is measured: is there any tool that could look at such a row? */
static bool any_tool(const struct profile *p)
{
    struct profile probe = { .env = p->env, .row = p->row, .tool = p->tool };

    return choose(&probe);
}

static int under_tool(struct profile *p, struct err *e)
{
    bool dry = cli_flag(p->a, "dry-run"), there = any_tool(p);
    struct profile_run run = { .env = p->env };
    int rc = 0;

    report_name(p);
    if (!dry && there) {
        TRY(atomic_file_check(p->report, e)); /* before anything is measured */
        TRY(measure(p, e));
    }
    if (!choose(p))
        snprintf(p->program, sizeof(p->program), "%s", profile_tools[p->tool].name);
    if (p->missed)
        fprintf(stderr, "headroom: %s would fit this row better, and is not here\n", p->missed);
    run.repetitions = repetitions_of(p);
    TRY(inside_words(p, run.repetitions, e));
    run.job = (struct profile_job){ .tool = (enum profile_tool_id)p->tool,
                                    .program = p->program,
                                    .report = p->report,
                                    .extra = p->a->word + 1,
                                    .n_extra = p->a->n_words - 1,
                                    .inside = &p->inside };
    if (!dry && there)
        return profile_run_tool(&run, e);
    TRY(profile_run_print(&run, stdout, e));
    if (!there)
        rc = ERR(e, ERR_NOTSUP,
                 "%s (%s) is not here: %s; the commands above are for a machine that has it",
                 profile_tools[p->tool].name, profile_tools[p->tool].what,
                 profile_tools[p->tool].install);
out:
    return rc;
}

static int profile_run(const struct cli_args *a, const struct cli_env *env)
{
    static struct profile p;
    struct err e = { 0 };
    int rc = 0;

    p = (struct profile){ .a = a, .env = env };
    TRY(read_options(&p, &e));
    TRY(find_row(&p, &e));
    rc = p.tool == NO_TOOL ? inside(&p, &e) : under_tool(&p, &e);
out:
    result_release(&p.own);
    plan_release(&p.plan);
    if (*env->stop)
        return EXIT_SIGNAL + (int)*env->stop;
    return rc < 0 ? cli_fail(&e) : EXIT_FINE;
}

const struct command command_profile = {
    .name = "profile",
    .arguments = "NAME [-- ARGUMENT ...]",
    .summary = "look into one row with Nsight Compute, Nsight Systems or perf",
    .description =
        "Measures one row, then runs it once more under a profiler: ncu for a GPU's kernels, nsys "
        "where a repetition launches many, perf on the CPU.  The tool sees the repetitions alone, "
        "not the set-up, the check or the warm-up.  Its report stays, and a short table of what it "
        "found stands beside the row's own figures; no result is stored.  ARGUMENTs are the "
        "tool's.  Where the tool is not here the commands are printed and the exit code is 5.  "
        "With --tool none the row runs in this process alone, for any other tool to watch: "
        "valgrind, heaptrack, compute-sanitizer, a debugger (docs/profiling.md).",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_arguments = -1,
    .argument_choices = "@benchmarks",
    .run = profile_run,
};
