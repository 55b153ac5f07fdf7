/* child.c - another program, run to its end. */
#include "command/child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* While a program starts and runs, no signal may fall between a look and a wait. */
static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
enum { ENDING = sizeof(ending) / sizeof(ending[0]) };

struct held {
    sigset_t before; /* the mask to go back to, and to wait with */
    struct sigaction child;
};

/* sigsuspend comes back from what has a handler. */
static void child_ended(int signal)
{
    (void)signal;
}

static void hold_signals(struct held *h)
{
    struct sigaction a = { .sa_handler = child_ended };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (int i = 0; i < ENDING; i++)
        sigaddset(&set, ending[i]);
    sigprocmask(SIG_BLOCK, &set, &h->before);
    sigaction(SIGCHLD, &a, &h->child);
}

static void let_signals(const struct held *h)
{
    sigaction(SIGCHLD, &h->child, NULL);
    sigprocmask(SIG_SETMASK, &h->before, NULL);
}

/* In the child our handlers would only tell its copy of us; what is ignored stays so. */
static void drop_handlers(const struct held *h)
{
    struct sigaction a;

    for (int i = 0; i < ENDING; i++)
        if (sigaction(ending[i], NULL, &a) == 0 && a.sa_handler != SIG_IGN)
            signal(ending[i], SIG_DFL);
    let_signals(h);
}

/* In the child, which must not use stdio.  Without a group of its own it would get a signal from
 * the terminal a second time, which would end it at once. */
static void become(const struct child *c, const struct held *h)
{
    int in = open("/dev/null", O_RDONLY), out = c->out;

    if (c->log || out < 0)
        out = open(c->log ? c->log : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    drop_handlers(h);
    if (!c->argv[0] || in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 ||
        dup2(out, STDOUT_FILENO) < 0 || (c->log && dup2(out, STDERR_FILENO) < 0))
        _exit(127);
    execvp(c->argv[0], c->argv);
    dprintf(STDERR_FILENO, "%s: %s", c->argv[0], strerror(errno));
    _exit(127);
}

/* Wait for it; the first signal to us is handed on. */
static int wait_for(pid_t pid, const struct child *c, const struct held *h)
{
    bool told = false;
    pid_t ended;
    int status;

    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        if (*c->stop && !told) {
            kill(c->group ? -pid : pid, (int)*c->stop);
            told = true;
        }
        sigsuspend(&h->before);
    }
    return ended < 0 ? -1 : status;
}

int child_run(const struct child *c, int *status, struct err *e)
{
    struct held held;
    pid_t pid;
    int rc = 0;

    hold_signals(&held);
    pid = fork();
    if (pid == 0)
        become(c, &held);
    if (pid < 0) {
        rc = ERR(e, ERR_IO, "fork: %s", strerror(errno));
    } else {
        setpgid(pid, pid); /* the child does so too: whoever comes first */
        *status = wait_for(pid, c, &held);
    }
    let_signals(&held);
    return rc;
}
