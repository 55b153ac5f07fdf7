/* profile_inside.c - `profile --tool none`: the row in this process, for whoever watches it. */
#include "command/profile_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/marked_row.h"
#include "gpu/gpu_range.h"

enum { ANSWER_MS = 10000 };

struct control {
    bool gpu;
    int to, from; /* -1: no perf */
};

/* perf counts from the moment on at which it has answered. */
static int tell(const struct control *c, const char *what, struct err *e)
{
    struct pollfd answer = { .fd = c->from, .events = POLLIN };
    char byte = '\0';

    if (c->to < 0)
        return 0;
    if (write(c->to, what, strlen(what)) != (ssize_t)strlen(what))
        return ERR(e, ERR_IO, "--control: perf cannot be told: %s", strerror(errno));
    while (byte != '\n')
        if (poll(&answer, 1, ANSWER_MS) <= 0 || read(c->from, &byte, 1) != 1)
            return ERR(e, ERR_IO, "--control: perf does not answer");
    return 0;
}

static int begin(void *self, void *handle, const char *label, struct err *e)
{
    const struct control *c = self;
    int rc = 0;

    if (c->gpu)
        TRY(gpu_range_begin(handle, label, e));
    TRY(tell(c, "enable\n", e));
out:
    return rc;
}

static int end(void *self, void *handle, struct err *e)
{
    const struct control *c = self;
    int rc = 0;

    TRY(tell(c, "disable\n", e));
    if (c->gpu)
        TRY(gpu_range_end(handle, e));
out:
    return rc;
}

static int open_fifos(const char *text, struct control *c, struct err *e)
{
    char path[2][512];

    if (sscanf(text, "fifo:%511[^,],%511[^,]", path[0], path[1]) != 2)
        return ERR(e, ERR_ARG, "--control: \"%.60s\" is neither fd:CTL,ACK nor fifo:CTL,ACK", text);
    c->to = open(path[0], O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (c->to < 0)
        return ERR(e, ERR_IO, "--control: %.200s: %s", path[0],
                   errno == ENXIO ? "no perf listens there" : strerror(errno));
    c->from = open(path[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (c->from < 0)
        return ERR(e, ERR_IO, "--control: %.200s: %s", path[1], strerror(errno));
    return 0;
}

static int open_control(const char *text, struct control *c, struct err *e)
{
    char rest;

    if (!text)
        return 0;
    if (strncmp(text, "fd:", 3) != 0)
        return open_fifos(text, c, e);
    if (sscanf(text, "fd:%d,%d%c", &c->to, &c->from, &rest) != 2 || fcntl(c->to, F_GETFD) < 0 ||
        fcntl(c->from, F_GETFD) < 0) {
        c->to = c->from = -1;
        return ERR(e, ERR_ARG, "--control: \"%.60s\" names no open descriptors", text);
    }
    return 0;
}

int profile_inside_run(const struct profile_inside *p, const struct cli_env *env, struct err *e)
{
    struct control control = { .gpu = p->row->device->kind == DEVICE_GPU, .to = -1, .from = -1 };
    struct marked_row r = { .bench = p->row->bench,
                            .device = p->row->device,
                            .params = &p->row->params,
                            .seed = p->seed,
                            .dir = p->dir,
                            .models = p->models,
                            .picks = p->picks,
                            .repetitions = p->repetitions,
                            .marks = { .begin = begin, .end = end, .self = &control },
                            .stop = env->stop };
    char settings[256];
    int rc = 0;

    params_format(r.params, settings, sizeof(settings));
    TRY(open_control(p->control, &control, e));
    TRY(marked_row_run(&r, e));
    fprintf(stderr, "headroom: %llu repetitions of %s %s on %s are done (%s)\n",
            (unsigned long long)r.done, r.bench->name, settings, r.device->name, r.variant);
out:
    if (control.to >= 0)
        close(control.to);
    if (control.from >= 0)
        close(control.from);
    return rc;
}
