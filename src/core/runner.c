/* runner.c - a run: rows measured in worker processes.
 *
 * Invariants: 1. at most one worker lives at a time; 2. a row ends with a result whatever the
 * worker does: its own, or one that says how the worker died; 3. results of earlier repeats are
 * never touched by a later one that fails, except that the row's status says so. */
#include "core/runner.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/lines.h"
#include "core/mem.h"
#include "core/runner_wire.h"

enum { POLL_MS = 100, STOP_GRACE_MS = 3000, LAUNCHER_MAX = 32 };

struct runner {
    const struct runner_config *c;
    struct result *results;
    pid_t pid; /* 0: no worker */
    int fd;
    struct lines in;
    uint64_t started_ns;
    int repeat;
    bool last; /* the worker said that the coming result is its last: its device failed */
};

static bool stopped(const struct runner *r)
{
    return r->c->stop && *r->c->stop;
}

/* In the child, between fork and exec. */
static void child_exec(const struct runner *r, const char *self, int fd)
{
    char fd_text[16], seed[32], target[32];
    const char *argv[LAUNCHER_MAX + 8];
    int n = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(fd_text, sizeof(fd_text), "%d", fd);
    snprintf(seed, sizeof(seed), "%lld", (long long)r->c->seed);
    snprintf(target, sizeof(target), "%.17g", r->c->target);
    for (; r->c->launcher && r->c->launcher[n] && n < LAUNCHER_MAX; n++)
        argv[n] = r->c->launcher[n];
    argv[n++] = self;
    argv[n++] = "worker";
    argv[n++] = fd_text;
    argv[n++] = seed;
    argv[n++] = target;
    argv[n++] = r->c->dir;
    argv[n] = NULL;
    execvp(argv[0], (char *const *)(uintptr_t)argv); /* exec never writes to its words */
    _exit(127);
}

static int worker_start(struct runner *r, struct err *e)
{
    char self[4096], line[WIRE_LINE];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    int pair[2], rc = 0;

    if (n < 0)
        return ERR(e, ERR_IO, "/proc/self/exe: %s", strerror(errno));
    self[n] = '\0';
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return ERR(e, ERR_IO, "socketpair: %s", strerror(errno));
    r->pid = fork();
    if (r->pid == 0) {
        close(pair[0]);
        child_exec(r, self, pair[1]);
    }
    close(pair[1]);
    if (r->pid < 0) {
        close(pair[0]);
        r->pid = 0;
        return ERR(e, ERR_IO, "cannot start a worker process: %s", strerror(errno));
    }
    r->fd = pair[0];
    r->last = false;
    lines_init(&r->in, r->fd);
    for (int i = 0; i < r->c->ceilings->n; i++) {
        wire_ceiling_write(line, sizeof(line), &r->c->ceilings->c[i]);
        TRY(lines_write(r->fd, line, strlen(line), NULL));
    }
out:
    return rc == ERR_IO ? 0 : rc; /* a worker that died at once is found by its first row */
}

/* Reap the worker; why, if wanted, says how it ended. */
static void worker_end(struct runner *r, bool kill_it, char *why, size_t cap)
{
    int status = 0;

    if (!r->pid)
        return;
    if (kill_it)
        kill(r->pid, SIGKILL);
    close(r->fd);
    lines_release(&r->in);
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        ;
    r->pid = 0;
    if (!why)
        return;
    if (WIFSIGNALED(status))
        snprintf(why, cap, "the worker process crashed: signal %d (%s)%s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)),
                 WTERMSIG(status) == SIGKILL ? "; was the machine out of memory?" : "");
    else if (WEXITSTATUS(status) == 127)
        snprintf(why, cap, "the worker process could not be started (exit code 127)");
    else
        snprintf(why, cap, "the worker process ended with exit code %d", WEXITSTATUS(status));
}

static void empty_result(const struct plan_case *c, enum result_status status, struct result *out)
{
    worker_describe(out, c->bench, c->device, &c->params);
    out->status = status;
}

static int announce(struct runner *r, struct runner_event ev, struct err *e)
{
    ev.total = r->c->plan->n;
    ev.repeat = r->repeat;
    ev.repeats = r->c->repeats;
    return r->c->on_event ? r->c->on_event(r->c->self, &ev, e) : 0;
}

static int take_line(struct runner *r, int index, const char *line, struct err *e)
{
    char phase[16];
    struct sampling_progress p;
    struct ceiling c;
    bool has;

    if (strncmp(line, "progress ", 9) == 0 && wire_progress_read(line + 9, phase, &p, &has) == 0)
        return announce(r,
                        (struct runner_event){ .kind = RUNNER_CASE_PROGRESS,
                                               .index = index,
                                               .phase = phase,
                                               .progress = has ? &p : NULL },
                        e);
    if (strncmp(line, "ceiling ", 8) == 0 && wire_ceiling_read(line + 8, &c) == 0)
        return ceilings_put(r->c->ceilings, &c, e);
    if (strcmp(line, "last") == 0) {
        r->last = true;
        return 0;
    }
    return ERR(e, ERR_FORMAT, "the worker said \"%.60s\"", line);
}

static double hang_bound(const struct runner *r, const struct plan_case *c)
{
    if (r->c->hang_seconds > 0)
        return r->c->hang_seconds + c->seconds;
    return (c->bench->setup_timeout_s > 0 ? c->bench->setup_timeout_s : 30) + c->seconds;
}

/* Wait for the result of one case.  1: *out is the worker's; 0: the worker is gone and reaped, *why
 * says how; negative: the run must end. */
static int await_result(struct runner *r, int index, struct result *out, char *why, size_t cap,
                        struct err *e)
{
    double bound = hang_bound(r, &r->c->plan->cases[index]);
    uint64_t heard = clock_now_ns(), told = 0;
    bool is_result = false;
    char *line;
    int rc;

    for (;;) {
        uint64_t now;

        rc = lines_read(&r->in, POLL_MS, &line, e);
        now = clock_now_ns();
        if (rc == 1 && is_result)
            return r->c->codec->decode(line, strlen(line), out, e) < 0 ? e->code : 1;
        if (rc == 1) {
            heard = now;
            is_result = strcmp(line, "result") == 0;
            if (!is_result && (rc = take_line(r, index, line, e)) < 0)
                return rc;
        } else if (rc == 0) {
            worker_end(r, false, why, cap);
            return 0;
        } else if (rc != ERR_TIMEOUT && rc != ERR_INTERRUPT) {
            return rc;
        }
        if (stopped(r) && !told) {
            told = now;
            kill(r->pid, SIGTERM);
        }
        if (told && now - told > (uint64_t)STOP_GRACE_MS * 1000000u) {
            worker_end(r, true, NULL, 0);
            snprintf(why, cap, "interrupted; the worker had to be killed");
            return 0;
        }
        if (!told && (double)(now - heard) * 1e-9 > bound) {
            worker_end(r, true, NULL, 0);
            snprintf(why, cap, "hung: no sign of life for %.1f s, killed", bound);
            return 0;
        }
    }
}

static int ask(struct runner *r, int index, struct result *out, struct err *e)
{
    const struct plan_case *c = &r->c->plan->cases[index];
    char line[WIRE_LINE], why[200] = "";
    int rc = 0;

    if (!r->pid)
        TRY(worker_start(r, e));
    wire_case_write(line, sizeof(line), c);
    lines_write(r->fd, line, strlen(line), NULL); /* a dead worker shows as the end of its stream */
    TRY(await_result(r, index, out, why, sizeof(why), e));
    if (rc == 0) {
        empty_result(c, stopped(r) ? RESULT_SKIPPED : RESULT_FAILED, out);
        snprintf(out->reason, sizeof(out->reason), "%s", why);
    }
    if (rc == 1 && r->last)
        worker_end(r, false, NULL, 0); /* the next row gets a fresh process */
    rc = 0;
out:
    return rc;
}

/* Add the run of a later repeat to the row. */
static int merge(struct result *into, struct result *from, struct err *e)
{
    struct result_run *grown;
    bool base = into->status == RESULT_OK;

    if (from->status != RESULT_OK || !base) {
        if (base && from->status != RESULT_SKIPPED) {
            into->status = from->status;
            snprintf(into->reason, sizeof(into->reason), "in a later repeat: %.200s", from->reason);
        }
        return 0;
    }
    grown = mem_realloc(into->runs, (size_t)(into->n_runs + from->n_runs), sizeof(*grown));
    if (!grown)
        return ERR(e, ERR_NOMEM, "no memory for another repeat");
    into->runs = grown;
    for (int i = 0; i < from->n_runs; i++)
        into->runs[into->n_runs++] = from->runs[i];
    from->n_runs = 0; /* taken */
    into->limits = from->limits;
    into->seconds += from->seconds;
    result_settle(into);
    return 0;
}

static int run_case(struct runner *r, int index, struct err *e)
{
    struct result fresh = { 0 }, *row = &r->results[index];
    int rc = 0;

    TRY(announce(r, (struct runner_event){ .kind = RUNNER_CASE_START, .index = index }, e));
    TRY(ask(r, index, &fresh, e));
    if (r->repeat == 0) {
        result_release(row);
        *row = fresh;
        fresh = (struct result){ 0 };
    } else {
        TRY(merge(row, &fresh, e));
    }
    TRY(announce(
        r, (struct runner_event){ .kind = RUNNER_CASE_DONE, .index = index, .result = row }, e));
out:
    result_release(&fresh);
    return rc;
}

static bool out_of_time(const struct runner *r)
{
    return r->c->run_seconds_max > 0 &&
           (double)(clock_now_ns() - r->started_ns) * 1e-9 > r->c->run_seconds_max;
}

int runner_run(const struct runner_config *c, struct result *results, struct err *e)
{
    struct runner r = { .c = c, .results = results, .started_ns = clock_now_ns() };
    int rc = 0;

    for (int i = 0; i < c->plan->n; i++) {
        empty_result(&c->plan->cases[i], RESULT_SKIPPED, &results[i]);
        snprintf(results[i].reason, sizeof(results[i].reason), "the run ended before this row");
    }
    for (r.repeat = 0; r.repeat < c->repeats; r.repeat++) {
        for (int i = 0; i < c->plan->n && !stopped(&r); i++) {
            if (out_of_time(&r)) {
                if (r.repeat == 0)
                    snprintf(results[i].reason, sizeof(results[i].reason),
                             "the suite's time of %.0f s was over", c->run_seconds_max);
                continue;
            }
            TRY(run_case(&r, i, e));
        }
        worker_end(&r, true, NULL, 0); /* every repeat is a fresh process */
    }
    if (stopped(&r))
        rc = ERR(e, ERR_INTERRUPT, "stopped by signal %d", (int)*c->stop);
out:
    worker_end(&r, true, NULL, 0);
    return rc;
}
