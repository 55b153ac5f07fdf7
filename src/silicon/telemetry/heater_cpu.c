/* heater_cpu.c - multiply-adds in registers on all cores. */
#include <stdio.h>

#include "host/cpu.h"
#include "host/sysfile.h"
#include "silicon/compute/team.h"
#include "silicon/telemetry/heater.h"

/* A repetition of a loop takes 100 to 200 us (loop.h). */
static const double REPETITION_S = 150e-6;

static int meter(struct bench_ctx *c, struct err *e)
{
    int64_t uj;

    (void)c;
    if (sysfile_int("", "/sys/class/powercap/intel-rapl:0/energy_uj", &uj, NULL) < 0)
        return ERR(e, ERR_NOTSUP, "no RAPL energy counter that may be read");
    return 0;
}

static int heater_open(struct bench_ctx *c, void *state, struct err *e)
{
    struct team *t = state;
    const struct cpu_info *cpu = cpu_here();
    int rc = 0;

    TRY(loop_any_supported(COMPUTE_FP32, e));
    TRY(team_open(t, cpu->n_cores_all, cpu->cores, e));
    TRY(team_set_best(t, c, COMPUTE_FP32, e));
    snprintf(c->variant, sizeof(c->variant), "FP32 multiply-adds, %s, %d threads",
             compute_path_names[t->loop->path], t->threads);
    snprintf(c->inputs, sizeof(c->inputs), "integers of magnitude 1..%d, seed %llu", t->loop->max,
             (unsigned long long)c->seed);
out:
    return rc;
}

static int heater_run(void *state, struct err *e)
{
    (void)e;
    team_run(state);
    return 0;
}

static int heater_heat(void *state, double seconds, struct err *e)
{
    (void)e;
    for (int i = 0; i < (int)(seconds / REPETITION_S); i++)
        team_run(state);
    return 0;
}

static int heater_check(struct bench_ctx *c, void *state, struct err *e)
{
    return team_check(state, &c->check, e);
}

static void heater_work(const void *state, struct work *w)
{
    const struct team *t = state;

    w->flops = 2 * loop_macs(t->loop) * (double)t->iterations * t->threads;
}

static void heater_close(void *state)
{
    team_close(state);
}

const struct heater heater_cpu = {
    .state_size = sizeof(struct team),
    .meter = meter,
    .open = heater_open,
    .run = heater_run,
    .heat = heater_heat,
    .check = heater_check,
    .work = heater_work,
    .close = heater_close,
};
