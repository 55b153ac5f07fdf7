/* runner_worker.c - the worker's side of a run: read a case, measure it, send the result.
 *
 * In:  "ceiling KEY\tVALUE\tLO\tHI\tUNIT\tTIME", "case SECONDS NAME DEVICE SETTINGS..."
 * Out: "progress PHASE N MEDIAN HALF ELAPSED BUDGET WARMING", "ceiling ..." for each new one,
 *      "last" when the process will measure nothing more, "result" and then the JSON, which ends
 *      the case.  The end of the stream ends the process. */
#include "core/runner_worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/device.h"
#include "core/lines.h"
#include "core/mem.h"
#include "core/registry.h"
#include "core/runner_wire.h"

static volatile sig_atomic_t worker_stop;

static void on_term(int sig)
{
    worker_stop = sig;
}

struct worker_side {
    int fd;
    struct worker *worker;
    struct ceilings ceilings;
    int ceilings_sent;
    const struct runner_codec *codec;
    const struct device_ops *const *kinds;
    struct device devices[DEVICES_MAX];
    int n_devices;
    char why[128]; /* the last kind without devices has none */
};

static int send_progress(void *self, const char *phase, const struct sampling_progress *p)
{
    struct worker_side *s = self;
    char line[WIRE_LINE];

    wire_progress_write(line, sizeof(line), phase, p);
    if (worker_stop || lines_write(s->fd, line, strlen(line), NULL) < 0)
        return ERR_INTERRUPT;
    return 0;
}

static int send_result(struct worker_side *s, const struct result *r, struct err *e)
{
    char *json = s->codec->encode(r, e);
    char line[WIRE_LINE];
    int rc = 0;

    if (!json)
        return e->code ? e->code : ERR_NOMEM;
    for (; s->ceilings_sent < s->ceilings.n; s->ceilings_sent++) {
        wire_ceiling_write(line, sizeof(line), &s->ceilings.c[s->ceilings_sent]);
        TRY(lines_write(s->fd, line, strlen(line), e));
    }
    TRY(lines_write(s->fd, "result", 6, e));
    TRY(lines_write(s->fd, json, strlen(json), e));
out:
    mem_free(json);
    return rc;
}

/* The device was there when the run was planned and this process does not see it: it was lost, and
 * took the process before this one with it. */
static void device_gone(const struct worker_side *s, const struct bench *b, const char *name,
                        const struct params *p, struct result *out)
{
    struct device d = { .ops = s->kinds[0] };
    struct bench untimed = *b;

    untimed.timing_of = NULL;
    snprintf(d.name, sizeof(d.name), "%.15s", name);
    worker_describe(out, &untimed, &d, p);
    out->timing_mode[0] = '\0';
    out->status = RESULT_FAILED;
    snprintf(out->reason, sizeof(out->reason), "%s is not there any more%s%s", name,
             s->why[0] ? ": " : "", s->why);
}

static int run_case(struct worker_side *s, const char *text, struct err *e)
{
    struct wire_case c;
    struct params p;
    struct result r = { 0 };
    const struct bench *b;
    const struct device *d;
    int rc = 0, after = 0;

    TRY(wire_case_read(text, &c, e));
    b = registry_find(c.bench);
    d = device_find(s->devices, s->n_devices, c.device);
    if (!b) {
        rc = ERR(e, ERR_ARG, "%s is not in this process", c.bench);
        goto out;
    }
    /* A device that is gone is a GPU. */
    TRY(plan_point_on(b, d ? d->kind : DEVICE_GPU, c.settings, &p, e));
    if (d)
        after = worker_case(s->worker, b, d, &p, c.seconds, &r);
    else
        device_gone(s, b, c.device, &p, &r);
    if (after < 0)
        TRY(lines_write(s->fd, "last", 4, e));
    TRY(send_result(s, &r, e));
    rc = after;
out:
    result_release(&r);
    return rc;
}

static int serve(struct worker_side *s, struct err *e)
{
    struct lines in;
    char *line;
    int rc;

    lines_init(&in, s->fd);
    for (;;) {
        rc = lines_read(&in, -1, &line, e);
        if (rc == ERR_INTERRUPT && !worker_stop)
            continue;
        if (rc <= 0)
            break;
        if (strncmp(line, "ceiling ", 8) == 0) {
            struct ceiling c;

            if (wire_ceiling_read(line + 8, &c) == 0)
                ceilings_put(&s->ceilings, &c, NULL);
            s->ceilings_sent = s->ceilings.n;
        } else if (strncmp(line, "case ", 5) == 0) {
            rc = run_case(s, line + 5, e);
            if (rc < 0)
                break;
        } else {
            rc = ERR(e, ERR_FORMAT, "worker: no such request: %.40s", line);
            break;
        }
    }
    lines_release(&in);
    return rc;
}

/* The parent died or was killed: so do we.  SIGINT and SIGHUP from a terminal reach the whole
 * group; the parent decides what they mean and sends SIGTERM. */
static void worker_signals(void)
{
    struct sigaction term = { .sa_handler = on_term };

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigaction(SIGTERM, &term, NULL);
}

int runner_worker_main(int argc, char **argv, const struct worker_services *services,
                       const struct runner_codec *codec, const struct device_ops *const *ops,
                       struct err *e)
{
    struct worker_side s = { .codec = codec };
    struct worker_options o = { .services = services,
                                .progress = send_progress,
                                .progress_self = &s,
                                .ceilings = &s.ceilings };
    struct stat st;
    int64_t fd = -1, seed;
    int rc = 0;

    if (argc != 6 || parse_int(argv[1], 0, 1 << 20, "worker", &fd, NULL) < 0 ||
        fstat((int)fd, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        rc = ERR(e, ERR_ARG, "worker: started by \"run\", not by hand");
        goto out;
    }
    worker_signals();
    TRY(parse_int(argv[2], INT64_MIN, INT64_MAX, "worker", &seed, e));
    s.fd = (int)fd;
    o.seed = (uint64_t)seed;
    o.target = strtod(argv[3], NULL);
    o.dir = argv[4];
    o.models = argv[5];
    dup2(STDERR_FILENO, STDOUT_FILENO); /* a chatty library must not reach the JSON on stdout */
    s.kinds = ops;
    s.n_devices = device_list(ops, s.devices, s.why, sizeof(s.why));
    TRY(worker_open(&s.worker, &o, e));
    rc = serve(&s, e);
out:
    worker_close(s.worker);
    ceilings_release(&s.ceilings);
    return rc;
}
