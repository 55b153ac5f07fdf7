/* runner.c - a run: rows measured in worker processes.
 *
 * Invariants: 1. at most one worker lives at a time; 2. a row ends with a result whatever the
 * worker does: its own, or one that says how the worker died; 3. results of earlier repeats are
 * never touched by a later one that fails, except that the row's status says so. */
#include "core/runner.h"

#include <errno.h>
#include <fcntl.h>
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

enum { POLL_MS = 100, STOP_GRACE_MS = 3000, END_GRACE_MS = 3000, LAUNCHER_MAX = 32, SELF = 4096 };

/* Longer than this between two looks at the worker, and it was this process that stood still
 * (stopped at a terminal, a suspended machine): that is not held against the worker. */
static const double STOOD_STILL_S = 1;

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

/* The path of this program, for the worker to be the same. */
static int own_path(char out[SELF], struct err *e)
{
    ssize_t n = readlink("/proc/self/exe", out, SELF - 1);

    if (n < 0)
        return ERR(e, ERR_IO, "/proc/self/exe: %s", strerror(errno));
    out[n] = '\0';
    /* Replaced or removed since we started: the kernel still has the old one. */
    if (access(out, X_OK) != 0)
        snprintf(out, SELF, "/proc/%ld/exe", (long)getpid());
    return 0;
}

/* In the child, between fork and exec. */
static void child_exec(const struct runner *r, const char *self, int fd, pid_t parent)
{
    char fd_text[16], seed[32], target[32];
    const char *argv[LAUNCHER_MAX + 9];
    int n = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); /* it died before that line, and would never be heard of */
    fcntl(fd, F_SETFD, 0);
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
    argv[n++] = r->c->models ? r->c->models : "";
    argv[n] = NULL;
    execvp(argv[0], (char *const *)(uintptr_t)argv); /* exec never writes to its words */
    _exit(127);
}

static int worker_start(struct runner *r, struct err *e)
{
    char self[SELF], line[WIRE_LINE];
    pid_t parent = getpid();
    int pair[2], rc = 0;

    TRY(own_path(self, e));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return ERR(e, ERR_IO, "socketpair: %s", strerror(errno));
    r->pid = fork();
    if (r->pid == 0)
        child_exec(r, self, pair[1], parent);
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
        if (lines_write(r->fd, line, strlen(line), NULL) < 0)
            break; /* a worker that died at once is found by its first row */
    }
out:
    return rc;
}

/* Reap a process that was told to end, or kill it when it does not. */
static int reap(pid_t pid)
{
    uint64_t asked = clock_now_ns();
    int status = 0;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (clock_now_ns() - asked > (uint64_t)END_GRACE_MS * 1000000u)
            kill(pid, SIGKILL);
        clock_sleep_ns(1000000);
    }
    return status;
}

/* End the worker: by the end of its stream, which lets it and a launcher finish in good order, or
 * at once.  why, if wanted, says how it ended. */
static void worker_end(struct runner *r, bool kill_it, char *why, size_t cap)
{
    int status;

    if (!r->pid)
        return;
    if (kill_it)
        kill(r->pid, SIGKILL);
    close(r->fd);
    lines_release(&r->in);
    status = reap(r->pid);
    r->pid = 0;
    if (!why)
        return;
    if (stopped(r)) /* at a terminal the signal reaches both */
        snprintf(why, cap, "interrupted before it was measured");
    else if (WIFSIGNALED(status))
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

/* A line that is not the result.  What is wrong with it goes to *said; an error of ours to *e. */
static int take_line(struct runner *r, int index, const char *line, struct err *said, struct err *e)
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
    return ERR(said, ERR_FORMAT, "\"%.60s\"", line);
}

static double hang_bound(const struct runner *r, const struct plan_case *c)
{
    if (r->c->hang_seconds > 0)
        return r->c->hang_seconds + c->seconds;
    return (c->bench->setup_timeout_s > 0 ? c->bench->setup_timeout_s : 30) + c->seconds;
}

/* What await_result is waiting for, and since when. */
struct waiting {
    double bound_s;  /* silence longer than this is a hang */
    double silent_s; /* how long it has lasted */
    uint64_t looked_ns, told_ns;
    bool is_result; /* the next line is */
};

/* Has the worker been silent for too long, or not ended although it was told to?  Then it is killed
 * and *why says so. */
static bool given_up(struct runner *r, struct waiting *w, char *why, size_t cap)
{
    uint64_t now = clock_now_ns();
    double since = (double)(now - w->looked_ns) * 1e-9;

    w->looked_ns = now;
    w->silent_s += since < STOOD_STILL_S ? since : 0;
    if (stopped(r) && !w->told_ns) {
        w->told_ns = now;
        kill(r->pid, SIGTERM);
    }
    if (w->told_ns && now - w->told_ns > (uint64_t)STOP_GRACE_MS * 1000000u)
        snprintf(why, cap, "interrupted; the worker had to be killed");
    else if (!w->told_ns && w->silent_s > w->bound_s)
        snprintf(why, cap, "hung: no sign of life for %.1f s, killed", w->bound_s);
    else
        return false;
    worker_end(r, true, NULL, 0);
    return true;
}

/* Wait for the result of one case.  1: *out is the worker's; 0: the worker is gone and reaped, *why
 * says how; negative: the run must end. */
static int await_result(struct runner *r, int index, struct result *out, char *why, size_t cap,
                        struct err *e)
{
    struct waiting w = { .bound_s = hang_bound(r, &r->c->plan->cases[index]),
                         .looked_ns = clock_now_ns() };
    struct err said = { 0 };
    char *line;
    int rc;

    for (;;) {
        rc = lines_read(&r->in, POLL_MS, &line, &said);
        if (rc == 1 && w.is_result) {
            rc = r->c->codec->decode(line, strlen(line), out, &said);
            if (rc == 0)
                return 1;
        } else if (rc == 1) {
            w.silent_s = 0;
            w.is_result = strcmp(line, "result") == 0;
            rc = w.is_result ? 0 : take_line(r, index, line, &said, e);
        } else if (rc == 0) {
            worker_end(r, false, why, cap);
            return 0;
        } else if (rc == ERR_TIMEOUT || rc == ERR_INTERRUPT) {
            rc = 0;
        }
        if (rc < 0 && said.code) { /* it is the worker's fault, and no reason to end the run */
            snprintf(why, cap, "the worker's answer makes no sense: %.140s", said.msg);
            worker_end(r, true, NULL, 0);
            return 0;
        }
        if (rc < 0)
            return rc;
        if (given_up(r, &w, why, cap))
            return 0;
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
        result_release(out); /* a decoder may have begun */
        empty_result(c, stopped(r) ? RESULT_SKIPPED : RESULT_FAILED, out);
        snprintf(out->reason, sizeof(out->reason), "%s", why);
    }
    if (rc == 1 && r->last)
        worker_end(r, false, NULL, 0); /* the next row gets a fresh process */
    rc = 0;
out:
    return rc;
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
        TRY(result_merge(row, &fresh, e));
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

static int runs_of(const struct runner *r, int index)
{
    int runs = r->c->plan->cases[index].runs;

    return runs > 0 && runs < r->c->repeats ? runs : r->c->repeats;
}

/* Rows with fewer runs than the others say so: their intervals know of less. */
static void note_missing(const struct runner *r)
{
    for (int i = 0; i < r->c->plan->n && out_of_time(r); i++)
        if (r->results[i].status == RESULT_OK && r->results[i].n_runs < runs_of(r, i))
            result_note(&r->results[i], "%d of %d runs: the suite's time of %.0f s was over",
                        r->results[i].n_runs, runs_of(r, i), r->c->run_seconds_max);
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
            if (r.repeat >= runs_of(&r, i) || (r.repeat > 0 && results[i].status != RESULT_OK))
                continue; /* what failed once has no value, and a hang would be waited for again */
            if (out_of_time(&r)) {
                if (r.repeat == 0)
                    snprintf(results[i].reason, sizeof(results[i].reason),
                             "the suite's time of %.0f s was over", c->run_seconds_max);
                continue;
            }
            TRY(run_case(&r, i, e));
        }
        worker_end(&r, false, NULL, 0); /* every repeat is a fresh process */
    }
    note_missing(&r);
    if (stopped(&r))
        rc = ERR(e, ERR_INTERRUPT, "stopped by signal %d", (int)*c->stop);
out:
    worker_end(&r, true, NULL, 0);
    return rc;
}
