/* run_session.c - one run from start to end. */
#include "command/run_session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/model_place.h"
#include "command/platform.h"
#include "command/run_store.h"
#include "command/tty.h"
#include "core/clock.h"
#include "core/lock.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/runner.h"
#include "core/siblings.h"
#include "core/slope.h"
#include "gpu/gpu_facts.h"
#include "host/env_busy.h"
#include "report/progress.h"
#include "report/terminal.h"
#include "store/ceilings_file.h"
#include "store/history.h"
#include "store/run_file.h"
#include "store/run_json.h"
#include "store/store_codec.h"

struct session {
    const struct plan_list *plan;
    const struct run_options *o;
    const struct cli_env *env;
    struct run_record record;
    struct progress progress;
    struct terminal_style style;
    struct run_store store;
    const char *path; /* NULL: no file */
    char default_path[64];
    char cache_path[1200];
    char fingerprint[24];
    char warning[400];
    uint64_t started_ns;
};

static int columns_now(void *self)
{
    (void)self;
    return tty_columns(STDERR_FILENO);
}

/* Whoever sees a result must not learn the password of the server that keeps it. */
static char *copy_word(const char *word)
{
    size_t cap = 4 * strlen(word) + 16; /* a hidden password may be longer than the real one */
    char *copy = mem_calloc(cap, 1);

    if (copy)
        history_shown(word, copy, cap);
    return copy;
}

static int copy_argv(struct run_record *r, const struct cli_env *env, struct err *e)
{
    r->argv = mem_calloc((size_t)env->argc, sizeof(*r->argv));
    if (!r->argv)
        return ERR(e, ERR_NOMEM, "no memory for the run's record");
    for (; r->argc < env->argc; r->argc++) {
        r->argv[r->argc] = copy_word(env->argv[r->argc]);
        if (!r->argv[r->argc])
            return ERR(e, ERR_NOMEM, "no memory for the run's record");
    }
    return 0;
}

int run_session_describe(struct run_record *r, const struct cli_env *env, const char *dir,
                         struct err *e)
{
    struct env_options eo = { .dir = dir,
                              .variables = env->variables,
                              .n_variables = env->n_variables };
    char day[32];
    struct rng rng;
    int rc = 0;

    clock_utc(r->start);
    clock_utc_compact(day);
    rng_init(&rng, clock_now_ns(), (uint64_t)getpid());
    snprintf(r->id, sizeof(r->id), "%.20s-%08x", day, (unsigned)rng_u64(&rng));
    r->status = RUN_PARTIAL;
    TRY(copy_argv(r, env, e));
    TRY(env_capture(&r->machine, &r->build, &eo, e));
    gpu_facts(&r->machine);
out:
    return rc;
}

/* Others that use more than this of one CPU move our figures. */
static const double BUSY_PCT = 15;

static void busy_warning(const struct env_busy *b, char *out, size_t cap)
{
    size_t n;

    out[0] = '\0';
    if (!(b->others_cpu_pct > BUSY_PCT) && !(b->steal_pct > BUSY_PCT))
        return;
    snprintf(out, cap,
             "the machine is busy: others use %.0f %% of a CPU, the hypervisor takes %.0f %%",
             b->others_cpu_pct, b->steal_pct);
    for (int i = 0; i < b->n_top; i++) {
        n = strlen(out);
        snprintf(out + n, cap - n, "%s%s (%d) %.0f %%", i ? ", " : ": ", b->top[i].name,
                 b->top[i].pid, b->top[i].cpu_pct);
    }
}

/* The record as it is now, to the file. */
static int save(struct session *s, struct err *e)
{
    return s->path ? run_file_write(s->path, &s->record, e) : 0;
}

static int on_event(void *self, const struct runner_event *ev, struct err *e)
{
    struct session *s = self;
    int rc = 0;

    progress_event(&s->progress, ev, clock_now_ns());
    if (ev->kind == RUNNER_CASE_DONE) {
        TRY(save(s, e));
    }
out:
    return rc;
}

static double suite_seconds(const char *suite)
{
    if (strcmp(suite, "quick") == 0)
        return 28; /* no row begins later: the suite promises 30 s */
    if (strcmp(suite, "standard") == 0)
        return 290;
    return strcmp(suite, "full") == 0 ? 880 : 0;
}

static void output_path(struct session *s)
{
    char now[32];

    s->path = s->o->output;
    if (s->path || s->o->json)
        return;
    clock_utc_compact(now);
    snprintf(s->default_path, sizeof(s->default_path), "headroom-%.20s.json", now);
    /* Another run may have ended in this same second. */
    for (int i = 2; access(s->default_path, F_OK) == 0 && i < 1000; i++)
        snprintf(s->default_path, sizeof(s->default_path), "headroom-%.20s-%d.json", now, i);
    s->path = s->default_path;
}

/* Everything that can be refused is, before the first row. */
static int prepare(struct session *s, struct err *e)
{
    char note[1600] = "";
    struct env_busy busy;
    int rc = 0;

    output_path(s);
    if (s->path)
        TRY(run_file_check_writable(s->path, e));
    TRY(run_store_begin(&s->store, s->o, s->env, e));
    TRY(run_session_describe(&s->record, s->env, s->o->dir, e));
    TRY(env_busy(&busy, "", 0.1, e));
    env_busy_facts(&s->record.machine, &busy);
    busy_warning(&busy, s->warning, sizeof(s->warning));
    s->record.seed = s->o->seed;
    snprintf(s->record.suite, sizeof(s->record.suite), "%s", s->plan->suite);
    s->record.n_results = s->plan->n;
    s->record.results = mem_calloc((size_t)s->plan->n, sizeof(*s->record.results));
    if (!s->record.results)
        return ERR(e, ERR_NOMEM, "no memory for %d rows", s->plan->n);
    machine_fingerprint(&s->record.machine, s->fingerprint);
    if (s->env->cache_dir[0]) {
        snprintf(s->cache_path, sizeof(s->cache_path), "%s/ceilings-%s.json", s->env->cache_dir,
                 facts_get_text(&s->record.machine, "os.boot_id", "unknown"));
        ceilings_file_load(s->cache_path, s->fingerprint, &s->record.ceilings, note, sizeof(note));
        if (note[0])
            fprintf(stderr, "headroom: %s\n", note);
    }
out:
    return rc;
}

static void begin_output(struct session *s)
{
    struct progress_config pc = { .f = stderr,
                                  .live = s->env->stderr_tty,
                                  .utf8 = s->env->utf8,
                                  .colour = s->env->colour && s->env->stderr_tty,
                                  .plan = s->plan,
                                  .columns = columns_now };

    s->style = tty_style(s->env);
    if (!s->o->json)
        terminal_header(stdout, &s->record, s->warning[0] ? s->warning : NULL, &s->style);
    else if (s->warning[0])
        fprintf(stderr, "headroom: warning: %s\n", s->warning);
    fflush(stdout);
    progress_begin(&s->progress, &pc, clock_now_ns());
}

/* The cache is a convenience: failing to keep it is worth a line, not an exit code. */
static void keep_ceilings(struct session *s)
{
    struct err e = { 0 };

    if (s->cache_path[0] && s->record.ceilings.n &&
        ceilings_file_save(s->cache_path, s->fingerprint, &s->record.ceilings, &e) < 0)
        fprintf(stderr, "headroom: the measured ceilings are not kept: %s\n", e.msg);
}

static int finish(struct session *s, int rc, struct err *e)
{
    struct err json_error = { 0 }, save_error = { 0 };
    double seconds = (double)(clock_now_ns() - s->started_ns) * 1e-9;
    int code, odd = siblings_judge(s->record.results, s->record.n_results, NULL);

    slope_judge(s->record.results, s->record.n_results);
    progress_clear(&s->progress);
    clock_utc(s->record.end);
    s->record.status = rc == 0 ? RUN_COMPLETE : RUN_INTERRUPTED;
    code = run_record_exit_code(&s->record);
    if (odd > 0 && code == EXIT_FINE)
        code = EXIT_WARNING;
    if (save(s, &save_error) < 0)
        code = cli_fail(e->code && e->code != ERR_INTERRUPT ? e : &save_error);
    else if (rc < 0 && rc != ERR_INTERRUPT)
        code = cli_fail(e);
    if (run_store_end(&s->store, &s->record, save_error.code ? NULL : s->path) != EXIT_FINE)
        code = EXIT_NO_RUN;
    keep_ceilings(s);
    if (s->o->json) {
        if (run_json_print(&s->record, stdout, &json_error) < 0)
            code = cli_fail(&json_error);
    } else {
        terminal_table(stdout, &s->record, &s->style);
        terminal_closing(stdout, &s->record, save_error.code ? NULL : s->path, seconds, &s->style);
    }
    return *s->env->stop ? EXIT_SIGNAL + (int)*s->env->stop : code;
}

/* Wait for another run only when asked to, and say whom for. */
static int take_lock(struct lock *lock, const struct run_options *o, const struct cli_env *env,
                     struct err *e)
{
    struct err busy = { 0 };
    int rc = lock_take(lock, platform_lock_path, 0, env->stop, &busy);

    if (rc == ERR_BUSY && o->wait_s > 0) {
        fprintf(stderr, "headroom: %s\n", busy.msg);
        fprintf(stderr, "headroom: waiting up to %g s for it to end\n", o->wait_s);
        return lock_take(lock, platform_lock_path, o->wait_s, env->stop, e);
    }
    if (rc == ERR_BUSY)
        return ERR(e, rc, "%s; with --wait S this one waits for its end", busy.msg);
    return rc < 0 ? ERR(e, rc, "%s", busy.msg) : 0;
}

int run_session(const struct plan_list *plan, const struct run_options *o,
                const struct cli_env *env)
{
    struct session s = { .plan = plan, .o = o, .env = env, .started_ns = clock_now_ns() };
    struct lock lock = { .fd = -1 };
    struct err e = { 0 };
    char models[MODEL_PLACE_TEXT];
    struct runner_config c = { .plan = plan,
                               .repeats = plan->rounds,
                               .seed = o->seed,
                               .dir = o->dir,
                               .models = o->models ? o->models : model_place_folder(env, models),
                               .target = o->target,
                               .codec = &store_codec,
                               .launcher = o->launcher[0] ? o->launcher : NULL,
                               .ceilings = &s.record.ceilings,
                               .stop = env->stop,
                               .run_seconds_max =
                                   o->seconds > 0 || o->repeat > 0 ? 0 : suite_seconds(plan->suite),
                               .on_event = on_event,
                               .self = &s };
    int rc = 0, code;

    TRY(take_lock(&lock, o, env, &e));
    TRY(prepare(&s, &e));
    begin_output(&s);
    rc = runner_run(&c, s.record.results, &e);
    code = finish(&s, rc, &e);
    rc = 0;
out:
    if (rc < 0)
        code = rc == ERR_INTERRUPT ? EXIT_SIGNAL + (int)*env->stop : cli_fail(&e);
    lock_release(&lock);
    run_record_release(&s.record);
    return code;
}
