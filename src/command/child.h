/* child.h - another program, run to its end. */
#ifndef COMMAND_CHILD_H
#define COMMAND_CHILD_H

#include <signal.h>
#include <stdbool.h>

#include "core/err.h"

struct child {
    char *const *argv; /* NULL-terminated; the program is looked for on PATH */
    const char *log;   /* file for what it says on both outputs; NULL: its errors go to ours */
    int out;           /* without a log: descriptor for its standard output; -1: nowhere */
    bool group;        /* a signal goes to all that it has started, not to it alone */
    const volatile sig_atomic_t *stop; /* the first signal to us is handed on */
};

/* Start it, wait for it, and give waitpid's status; its standard input is empty.  It is in a
 * process group of its own, so that a signal from the terminal comes once, through us.  What cannot
 * be started says so on its stderr and ends with 127.  ERR_IO where there is no process for it. */
int child_run(const struct child *c, int *status, struct err *e);

#endif
