/* ab_session.c - two programs run the same rows in turn, in fresh processes. */
#include "command/ab_session.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "command/child.h"
#include "command/words.h"
#include "core/atomic_file.h"
#include "core/clock.h"
#include "core/mem.h"
#include "judge/ab_order.h"
#include "judge/evidence.h"

static const char *const halves[SIDES] = { "a", "b" };
static const char *const names[SIDES] = { "A", "B" };

enum { PATH_CAP = 1024, TAIL = 160 };

static int path_of(const struct ab_plan *p, enum pair_side side, int pair, const char *ending,
                   char out[PATH_CAP], struct err *e)
{
    if (snprintf(out, PATH_CAP, "%s/%s/%02d%s", p->folder, halves[side], pair + 1, ending) <
        PATH_CAP)
        return 0;
    return ERR(e, ERR_ARG, "--keep: the folder's name is too long");
}

/* ---- one run ---- */

/* One run of one program. */
struct job {
    const char *program;
    const char *const *argument; /* n of them */
    int n;
    const char *output;
    const char *log; /* what it says; NULL: on our stderr */
    const volatile sig_atomic_t *stop;
};

/* The program's words, what it runs, and where the result goes.  A run with a log is part of a
 * comparison, and not one for the history. */
static int command_of(const struct job *job, struct words *w, struct err *e)
{
    const char *const tail[] = { "-o", job->output, "--wait", "3600", "--no-store" };
    size_t n_tail = sizeof(tail) / sizeof(tail[0]) - (job->log ? 0 : 1);
    int rc = 0;

    *w = (struct words){ 0 };
    for (const char *from = job->program, *to; *from; from = to) {
        from += strspn(from, " ");
        to = from + strcspn(from, " ");
        if (to > from)
            TRY(words_add_part(w, from, (size_t)(to - from), e));
    }
    if (w->n == 0)
        return ERR(e, ERR_ARG, "compare --ab: the name of a program is empty");
    for (int i = 0; i < job->n; i++)
        TRY(words_add(w, job->argument[i], e));
    for (size_t i = 0; i < n_tail; i++)
        TRY(words_add(w, tail[i], e));
out:
    return rc;
}

/* The last words of a program that did not make it. */
static void tail_of(const char *log, char out[TAIL])
{
    char *text = NULL;
    size_t n;

    snprintf(out, TAIL, log ? "it said nothing" : "see above");
    if (!log || atomic_file_read(log, 1 << 20, &text, &n, NULL) < 0 || n == 0) {
        mem_free(text);
        return;
    }
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
        text[--n] = '\0';
    {
        const char *line = strrchr(text, '\n');

        snprintf(out, TAIL, "%s", line ? line + 1 : text);
    }
    mem_free(text);
}

static int outcome(const struct job *job, int status, struct err *e)
{
    char tail[TAIL];

    if (*job->stop)
        return ERR(e, ERR_INTERRUPT, "interrupted");
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 4))
        return 0; /* 4: a row failed, which the verdict says */
    tail_of(job->log, tail);
    if (WIFEXITED(status))
        return ERR(e, WEXITSTATUS(status) == EXIT_USAGE ? ERR_ARG : ERR_IO,
                   "%.60s ended with exit code %d: %s", job->program, WEXITSTATUS(status), tail);
    return ERR(e, ERR_IO, "%.60s was ended by signal %d: %s", job->program, WTERMSIG(status), tail);
}

static int run_job(const struct job *job, struct err *e)
{
    static struct words words;
    struct child child = { .log = job->log, .out = -1, .stop = job->stop };
    int status, rc = 0;

    TRY(command_of(job, &words, e));
    child.argv = words.argv;
    TRY(child_run(&child, &status, e));
    rc = outcome(job, status, e);
out:
    return rc;
}

int ab_run_once(const char *program, const char *const *argument, int n, const char *output,
                const volatile sig_atomic_t *stop, struct err *e)
{
    const struct job job = {
        .program = program, .argument = argument, .n = n, .output = output, .stop = stop
    };

    return run_job(&job, e);
}

static int run_one(const struct ab_plan *p, enum pair_side side, int pair, struct err *e)
{
    char path[PATH_CAP], log[PATH_CAP];
    const struct job job = { .program = p->program[side],
                             .argument = p->argument,
                             .n = p->n_arguments,
                             .output = path,
                             .log = log,
                             .stop = p->stop };
    int rc = 0;

    TRY(path_of(p, side, pair, ".json", path, e));
    TRY(path_of(p, side, pair, ".log", log, e));
    rc = run_job(&job, e);
out:
    return rc;
}

/* ---- pairs ---- */

/* Half a pair is set aside, so that the folder holds whole ones. */
static void set_aside(const struct ab_plan *p, int pair)
{
    char from[PATH_CAP], to[PATH_CAP];

    for (int s = 0; s < SIDES; s++)
        if (path_of(p, (enum pair_side)s, pair, ".json", from, NULL) == 0 &&
            path_of(p, (enum pair_side)s, pair, ".json.half", to, NULL) == 0)
            rename(from, to);
}

static int run_pair(const struct ab_plan *p, int pair, struct err *e)
{
    enum pair_side first = ab_order_first(p->seed, pair);
    double seconds[SIDES] = { 0 };
    int rc = 0;

    for (int k = 0; k < SIDES; k++) {
        enum pair_side side = k == 0 ? first : (enum pair_side)(SIDES - 1 - first);
        uint64_t start = clock_now_ns();

        TRY(run_one(p, side, pair, e));
        seconds[side] = (double)(clock_now_ns() - start) * 1e-9;
    }
    if (!p->quiet)
        fprintf(stderr, "pair %d: A %.1f s, B %.1f s, %s first\n", pair + 1, seconds[SIDE_A],
                seconds[SIDE_B], names[first]);
out:
    if (rc < 0)
        set_aside(p, pair);
    return rc;
}

int ab_run_pairs(const struct ab_plan *plan, int from, int to, struct err *e)
{
    int rc = 0;

    for (int pair = from; pair < to && rc == 0; pair++)
        rc = run_pair(plan, pair, e);
    return rc;
}

int ab_make_folder(const struct ab_plan *plan, struct err *e)
{
    char path[PATH_CAP];
    int rc = 0;

    for (int s = 0; s < SIDES; s++) {
        TRY(path_of(plan, (enum pair_side)s, 0, ".json", path, e));
        if (access(path, F_OK) == 0)
            return ERR(e, ERR_ARG, "%.150s holds results already: another --keep, or remove it",
                       plan->folder);
        TRY(atomic_file_make_folders(path, e));
        TRY(atomic_file_check(path, e));
    }
out:
    return rc;
}

int ab_load(const struct ab_plan *plan, struct side side[SIDES], struct err *e)
{
    struct run_refs files = { 0 };
    char folder[PATH_CAP];
    int rc = 0;

    for (int s = 0; s < SIDES; s++) {
        side[s] = (struct side){ 0 };
        if (snprintf(folder, sizeof(folder), "%s/%s", plan->folder, halves[s]) >= PATH_CAP)
            return ERR(e, ERR_ARG, "--keep: the folder's name is too long");
        TRY(side_load(&files, folder, &side[s], e));
        snprintf(side[s].label, sizeof(side[s].label), "%s", plan->program[s]);
    }
out:
    run_refs_close(&files);
    return rc;
}
