/* launch.c - silicon.launch: what it costs to begin something on a GPU, and to wait for it.
 *
 * These are the latencies that bound whatever consists of many dependent small steps: so many
 * kernels of a graph, so many barriers of a persistent kernel.  Time is per step; each kernel
 * leaves a trace that is checked. */
#include "core/bench.h"
#include "gpu/gpu_none.h"
#include "silicon/launch/launch_gpu.h"

static const char *const what_names[] = { "kernel",          "graph_node",
                                          "round_trip",      "event",
                                          "barrier_atomic",  "barrier_cooperative",
                                          "barrier_cluster", "dependent",
                                          "dependent_early", NULL };

static const struct axis axes[] = {
    { .name = "what",
      .help = "the step: a launch, a graph's node, launch and wait, an event, a barrier over the "
              "grid or clusters of 8, a grid that needs the one before (early: programmatically)",
      .kind = AXIS_ENUM,
      .names = what_names,
      .normal = "graph_node" },
};

static const struct plan plans[] = {
    { SUITE_QUICK, DEVICE_GPU, "what=graph_node,barrier_atomic", 0.3 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "what=*", 0.5 },
};

static const char *timing_of(const struct params *p, const struct device *d)
{
    (void)d;
    switch ((enum launch_what)params_get(p, "what")) {
    case LAUNCH_GRAPH_NODE:
    case LAUNCH_AFTER:
    case LAUNCH_EARLY: return "graph";
    case LAUNCH_KERNEL:
    case LAUNCH_ROUND_TRIP:
    case LAUNCH_EVENT:
    case LAUNCH_ATOMIC:
    case LAUNCH_COOPERATIVE:
    case LAUNCH_CLUSTERS: break;
    }
    return NULL;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct launch_gpu *s = state;
    bool barrier = s->what >= LAUNCH_ATOMIC && s->what <= LAUNCH_CLUSTERS;

    (void)c;
    w->items = barrier ? LAUNCH_ROUNDS : 1;
}

const struct bench bench_silicon_launch = {
    .name = "silicon.launch",
    .question = "What does it cost to begin something on the GPU, and to wait for it?",
    .devices = DEVICE_GPU,
    .metric = { .name = "time",
                .unit = "us",
                .basis = METRIC_TIME_PER_ITEM,
                .scale = 1e6,
                .direction = LOWER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct launch_gpu),
    .timing_of = timing_of,
    .work = work,
#if HAVE_CUDA
    .setup = launch_gpu_setup,
    .verify = launch_gpu_verify,
    .once = launch_gpu_once,
    .limit = launch_gpu_limit,
    .teardown = launch_gpu_teardown,
#else
    .setup = gpu_none_hook,
    .verify = gpu_none_hook,
    .once = gpu_none_hook,
    .limit = gpu_none_limit,
#endif
};
