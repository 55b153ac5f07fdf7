/* env_busy.c - is somebody else using this machine just now? */
#include "host/env_busy.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "host/sysfile.h"

/* A machine may run tens of thousands of processes; the first so many are looked at. */
enum { TASKS_MAX = 4096 };

static double tick_s(void)
{
    return 1.0 / (double)sysconf(_SC_CLK_TCK);
}

/* pid (name) state ppid ... with utime and stime as fields 14 and 15; a name may hold blanks and
 * parentheses, so the fields are counted from the last closing one. */
static bool parse_task(const char *text, struct env_busy_task *t)
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')'), *p;
    int64_t pid, v[13];

    if (!open || !close || close < open || sysfile_parse_int(text, &pid, NULL) < 0 ||
        close[1] != ' ' || close[2] == '\0')
        return false;
    p = close + 3; /* past the state's letter */
    for (int i = 0; i < 12; i++)
        if (sysfile_parse_int(p, &v[i], &p) < 0)
            return false;
    t->pid = (int)pid;
    t->parent = (int)v[0];
    t->cpu_s = tick_s() * (double)(v[10] + v[11]);
    snprintf(t->name, sizeof(t->name), "%.*s", (int)(close - open - 1), open + 1);
    return true;
}

static void total_time(struct env_busy_snapshot *s, const char *root)
{
    char text[512];
    const char *p = text + 4;
    int64_t t[8];

    s->busy_s = s->steal_s = (double)NAN;
    if (sysfile_read(root, "/proc/stat", text, sizeof(text), NULL) < 0 ||
        strncmp(text, "cpu ", 4) != 0)
        return;
    for (int i = 0; i < 8; i++)
        if (sysfile_parse_int(p, &t[i], &p) < 0)
            return;
    s->busy_s = tick_s() * (double)(t[0] + t[1] + t[2] + t[5] + t[6]);
    s->steal_s = tick_s() * (double)t[7];
}

static bool is_ours(const struct env_busy_task *t, int self)
{
    return t->pid == self || t->parent == self;
}

int env_busy_snapshot(struct env_busy_snapshot *s, const char *root, int self, struct err *e)
{
    char dir[SYSFILE_PATH], text[1024];
    struct dirent *entry;
    DIR *d = NULL;
    int rc = 0;

    *s = (struct env_busy_snapshot){ 0 };
    TRY(sysfile_path(dir, sizeof(dir), root, "/proc", e));
    s->task = mem_calloc(TASKS_MAX, sizeof(*s->task));
    if (!s->task) {
        rc = ERR(e, ERR_NOMEM, "no memory for the list of processes");
        goto out;
    }
    total_time(s, root);
    d = opendir(dir);
    while (d && s->n < TASKS_MAX && (entry = readdir(d)) != NULL) {
        struct env_busy_task *t = &s->task[s->n];

        if (!isdigit((unsigned char)entry->d_name[0]) ||
            sysfile_readf(root, text, sizeof(text), NULL, "/proc/%s/stat", entry->d_name) < 0 ||
            !parse_task(text, t))
            continue;
        if (is_ours(t, self))
            s->ours_s += t->cpu_s;
        s->n++;
    }
out:
    if (d)
        closedir(d);
    return rc;
}

void env_busy_snapshot_release(struct env_busy_snapshot *s)
{
    mem_free(s->task);
    *s = (struct env_busy_snapshot){ 0 };
}

static double spent_before(const struct env_busy_snapshot *s, int pid)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->task[i].pid == pid)
            return s->task[i].cpu_s;
    return 0; /* new: all it spent was spent since */
}

/* Keep the largest, in order. */
static void into_top(struct env_busy *b, const struct env_busy_task *t, double pct)
{
    int at = b->n_top;

    while (at > 0 && b->top[at - 1].cpu_pct < pct)
        at--;
    if (at == BUSY_TOP)
        return;
    if (b->n_top < BUSY_TOP)
        b->n_top++;
    memmove(&b->top[at + 1], &b->top[at], (size_t)(b->n_top - at - 1) * sizeof(b->top[0]));
    b->top[at] = (struct env_busy_process){ .pid = t->pid, .cpu_pct = pct };
    memcpy(b->top[at].name, t->name, sizeof(b->top[at].name));
}

void env_busy_between(struct env_busy *b, const struct env_busy_snapshot *before,
                      const struct env_busy_snapshot *after, double seconds, int self)
{
    double ours = after->ours_s - before->ours_s;

    b->n_top = 0;
    b->others_cpu_pct = fmax(0, 100 * (after->busy_s - before->busy_s - ours) / seconds);
    b->steal_pct = fmax(0, 100 * (after->steal_s - before->steal_s) / seconds);
    if (isnan(before->busy_s) || isnan(after->busy_s)) {
        b->others_cpu_pct = b->steal_pct = (double)NAN; /* fmax(0, NaN) is 0 */
        snprintf(b->why, sizeof(b->why), "/proc/stat does not tell the CPU time");
    }
    for (size_t i = 0; i < after->n; i++) {
        const struct env_busy_task *t = &after->task[i];
        double pct = 100 * (t->cpu_s - spent_before(before, t->pid)) / seconds;

        if (pct > 1 && !is_ours(t, self))
            into_top(b, t, pct);
    }
}

static void read_load(struct env_busy *b, const char *root)
{
    char text[128], *end;
    int64_t runnable;

    b->load_1m = (double)NAN;
    b->runnable = -1;
    if (sysfile_read(root, "/proc/loadavg", text, sizeof(text), NULL) < 0)
        goto bad;
    b->load_1m = strtod(text, &end);
    if (end == text) {
        b->load_1m = (double)NAN;
        goto bad;
    }
    strtod(end, &end);
    strtod(end, &end);
    if (sysfile_parse_int(end, &runnable, NULL) == 0)
        b->runnable = runnable > 0 ? (int)runnable - 1 : 0;
    return;
bad:
    if (b->why[0] == '\0')
        snprintf(b->why, sizeof(b->why), "/proc/loadavg does not tell the load");
}

int env_busy(struct env_busy *b, const char *root, double seconds, struct err *e)
{
    struct env_busy_snapshot before = { 0 }, after = { 0 };
    int self = (int)getpid(), rc = 0;
    uint64_t t0;

    *b = (struct env_busy){ 0 };
    TRY(env_busy_snapshot(&before, root, self, e));
    t0 = clock_now_ns();
    clock_sleep_ns((uint64_t)(seconds * 1e9));
    TRY(env_busy_snapshot(&after, root, self, e));
    env_busy_between(b, &before, &after, 1e-9 * (double)(clock_now_ns() - t0), self);
    read_load(b, root);
out:
    env_busy_snapshot_release(&before);
    env_busy_snapshot_release(&after);
    return rc;
}

static void real_or_null(struct facts *fs, const char *key, double v, const char *why)
{
    if (isnan(v))
        facts_null(fs, key, "%s", why);
    else
        facts_real(fs, key, v);
}

void env_busy_facts(struct facts *fs, const struct env_busy *b)
{
    char key[64];

    real_or_null(fs, "busy.others_cpu_pct", b->others_cpu_pct, b->why);
    real_or_null(fs, "busy.steal_pct", b->steal_pct, b->why);
    real_or_null(fs, "busy.load_1m", b->load_1m, b->why);
    if (b->runnable >= 0)
        facts_int(fs, "busy.runnable", b->runnable);
    else
        facts_null(fs, "busy.runnable", "%s", b->why);
    for (int i = 0; i < b->n_top; i++) {
        snprintf(key, sizeof(key), "busy.processes.%d.name", i);
        facts_text(fs, key, b->top[i].name);
        snprintf(key, sizeof(key), "busy.processes.%d.pid", i);
        facts_int(fs, key, b->top[i].pid);
        snprintf(key, sizeof(key), "busy.processes.%d.cpu_pct", i);
        facts_real(fs, key, b->top[i].cpu_pct);
    }
}
