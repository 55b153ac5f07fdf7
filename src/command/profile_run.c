/* profile_run.c - a row under a profiler. */
#include "command/profile_run.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/child.h"
#include "command/profile_print.h"
#include "command/tty.h"
#include "core/mem.h"

enum { SAID_MAX = 64 << 20 };

/* What a tool wrote to an unnamed file: a pipe would have to be read while it runs.  Owned by the
 * caller; NULL with the reason in *e. */
static char *read_said(int fd, struct err *e)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = size < 0 || size > SAID_MAX ? NULL : mem_calloc((size_t)size + 1, 1);

    if (text && pread(fd, text, (size_t)size, 0) == size)
        return text;
    ERR(e, ERR_IO, "what the tool said cannot be read, or is more than %d MiB", SAID_MAX >> 20);
    mem_free(text);
    return NULL;
}

/* The lines of ncu that say what is wrong, else its last one. */
static void complaint(const char *said, char *out, size_t cap)
{
    static const char mark[] = "==ERROR==";
    const char *from = strstr(said, mark);

    if (from)
        from += strlen(mark) + strspn(from + strlen(mark), " ");
    else
        for (from = said + strlen(said); from > said && (from[-1] != '\n' || from[0] == '\0');)
            from--;
    snprintf(out, cap, "%.*s", (int)strcspn(from, "\n"), from);
}

static int failed(const struct profile_run *r, int status, const char *said, struct err *e)
{
    const char *name = profile_tools[r->job.tool].name;
    char why[200], line[120];

    if (*r->env->stop)
        return ERR(e, ERR_INTERRUPT, "interrupted");
    profile_tool_explain(r->job.tool, said, why, sizeof(why));
    complaint(said, line, sizeof(line));
    if (why[0])
        return ERR(e, ERR_IO, "%s: %s", name, why);
    if (WIFSIGNALED(status))
        return ERR(e, ERR_IO, "%s was ended by signal %d", name, WTERMSIG(status));
    return ERR(e, ERR_IO, "%s ended with exit code %d: %s", name, WEXITSTATUS(status),
               line[0] ? line : "see above");
}

/* ncu ends with 0 also when it may not look, or had nothing to look at. */
static bool saw_nothing(const struct profile_run *r, const char *said)
{
    return r->job.tool == PROFILE_NCU &&
           (strstr(said, "ERR_NVGPUCTRPERM") || strstr(said, "No kernels were profiled"));
}

/* Run one command; *said is what it wrote to its standard output (and to `also`, where not -1). */
static int run_command(const struct profile_run *r, const struct words *w, int also, char **said,
                       struct err *e)
{
    int fd = memfd_create("said", MFD_CLOEXEC), status = 0, rc = 0;
    struct child c = { .argv = w->argv, .out = fd, .group = true, .stop = r->env->stop };

    *said = NULL;
    if (fd < 0)
        return ERR(e, ERR_IO, "memfd_create: %s", strerror(errno));
    TRY(child_run(&c, &status, e));
    *said = read_said(also >= 0 ? also : fd, e);
    if (!*said)
        rc = ERR_IO;
    else if (*r->env->stop || !WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
             saw_nothing(r, *said))
        rc = failed(r, status, *said, e);
out:
    close(fd);
    if (rc < 0) {
        mem_free(*said);
        *said = NULL;
    }
    return rc;
}

/* Two pipes between perf and the row: "enable" one way, "ack" the other. */
struct control {
    int fd[4]; /* commands: read, write; answers: read, write */
    char perf[40], row[40];
};

static void close_control(struct control *c)
{
    for (int i = 0; i < 4; i++)
        if (c->fd[i] >= 0)
            close(c->fd[i]);
}

static int open_control(struct control *c, struct err *e)
{
    *c = (struct control){ .fd = { -1, -1, -1, -1 } };
    if (pipe(c->fd) < 0 || pipe(c->fd + 2) < 0) {
        close_control(c);
        return ERR(e, ERR_IO, "pipe: %s", strerror(errno));
    }
    snprintf(c->perf, sizeof(c->perf), "fd:%d,%d", c->fd[0], c->fd[3]);
    snprintf(c->row, sizeof(c->row), "fd:%d,%d", c->fd[1], c->fd[2]);
    return 0;
}

static int with_control(struct profile_run *r, const struct words *w, int also, struct err *e)
{
    char *said = NULL;
    int rc = run_command(r, w, also, &said, e);

    mem_free(said);
    return rc;
}

static int count(struct profile_run *r, struct err *e)
{
    static struct words words;
    struct profile_count counts[PROFILE_COUNTS_MAX];
    struct terminal_style style = tty_style(r->env);
    struct control control;
    char *text = NULL;
    int fd = memfd_create("counts", 0), n, rc = 0; /* perf inherits it */

    if (fd < 0)
        return ERR(e, ERR_IO, "memfd_create: %s", strerror(errno));
    rc = open_control(&control, e);
    if (rc < 0)
        goto out;
    r->job.perf_control[0] = control.perf;
    r->job.perf_control[1] = control.row;
    rc = profile_command_counts(&r->job, fd, &words, e);
    if (rc == 0)
        rc = with_control(r, &words, fd, e);
    close_control(&control);
    TRY(rc);
    text = read_said(fd, e);
    if (!text) {
        rc = ERR_IO;
        goto out;
    }
    rc = n = profile_counts_read(text, counts, e);
    if (n > 0)
        profile_print_counts(stdout, counts, n, r->repetitions, &style);
out:
    mem_free(text);
    close(fd);
    return rc < 0 ? rc : 0;
}

static int make_report(struct profile_run *r, struct err *e)
{
    static struct words words;
    struct control control = { .fd = { -1, -1, -1, -1 } };
    int rc = 0;

    if (r->job.tool == PROFILE_PERF) {
        TRY(open_control(&control, e));
        r->job.perf_control[0] = control.perf;
        r->job.perf_control[1] = control.row;
    }
    TRY(profile_command(&r->job, &words, e));
    rc = with_control(r, &words, -1, e);
out:
    close_control(&control);
    return rc;
}

/* perf's and nsys' own tables, without their heads of comments. */
static void print_table(char *text)
{
    char *save = NULL;

    putchar('\n');
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (line[0] != '#')
            printf("%s\n", line);
}

static int show_report(struct profile_run *r, struct err *e)
{
    static struct profile_kernels kernels;
    static struct words words;
    struct terminal_style style = tty_style(r->env);
    char *text = NULL;
    int rc = 0;

    TRY(profile_command_show(&r->job, &words, e));
    TRY(run_command(r, &words, -1, &text, e));
    if (r->job.tool == PROFILE_NCU) {
        TRY(profile_kernels_read(text, &kernels, e));
        profile_print_kernels(stdout, &kernels, r->repetitions, &style);
    } else {
        print_table(text);
    }
    printf("\nreport: %s%s\nshow:   ", r->job.report, profile_tools[r->job.tool].ending);
    words_print(stdout, &words);
out:
    mem_free(text);
    return rc;
}

int profile_run_tool(struct profile_run *r, struct err *e)
{
    int rc = 0;

    fflush(stdout);
    if (r->job.tool == PROFILE_PERF)
        TRY(count(r, e));
    fflush(stdout);
    TRY(make_report(r, e));
    TRY(show_report(r, e));
out:
    return rc;
}

int profile_run_print(struct profile_run *r, FILE *f, struct err *e)
{
    static struct words words;
    int rc = 0;

    if (r->job.tool == PROFILE_PERF) {
        r->job.perf_control[0] = "fifo:perf.ctl,perf.ack";
        r->job.perf_control[1] = "fifo:perf.ctl,perf.ack";
        fputs("mkfifo perf.ctl perf.ack\n", f);
        TRY(profile_command_counts(&r->job, STDERR_FILENO, &words, e));
        words_print(f, &words);
    }
    TRY(profile_command(&r->job, &words, e));
    words_print(f, &words);
    TRY(profile_command_show(&r->job, &words, e));
    words_print(f, &words);
out:
    return rc;
}
