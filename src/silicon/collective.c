/* collective.c - silicon.collective: how fast GPUs add up, gather and exchange data among them.
 *
 * NCCL's all-reduce, all-gather, and all-to-all made of send and receive, in FP32, over the first
 * `gpus` GPUs.  The value is bus bandwidth by NCCL's definition (silicon/collective/
 * collective_point.h); algorithm bandwidth and time are in a note.
 *
 * Work    bytes of the larger buffer x the factor of bus bandwidth, over the link.
 * Limit   what a copy to a peer reaches. */
#include "core/bench.h"
#include "gpu/gpu_none.h"
#include "silicon/collective/collective_point.h"

#if HAVE_CUDA
#include "silicon/collective/collective_gpu.h"
#endif

static const char *const op_names[] = { "all_reduce", "all_gather", "all_to_all", NULL };

static const struct axis axes[] = {
    { .name = "op",
      .help = "every GPU gets the sum, all parts, or its part of all",
      .kind = AXIS_ENUM,
      .names = op_names,
      .normal = "all_reduce" },
    { .name = "gpus",
      .help = "how many GPUs take part, from the first on",
      .kind = AXIS_INT,
      .lo = 2,
      .hi = COLLECTIVE_RANKS_MAX,
      .normal = "2" },
    { .name = "size",
      .help = "bytes of the larger buffer of a GPU",
      .kind = AXIS_SIZE,
      .lo = 1 << 10,
      .hi = 16LL << 30,
      .normal = "1GiB" },
};

#define SIZES "size=8KiB,128KiB,2MiB,32MiB,1GiB"

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_GPU, "op=all_reduce gpus=2,4,8,16 " SIZES, 0.3 },
    { SUITE_STANDARD, DEVICE_GPU, "op=all_gather,all_to_all gpus=2,4,8,16 size=1GiB", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "op=* gpus=2,3,4,5,6,7,8,12,16 " SIZES, 0.3 },
};
#undef SIZES

/* On a machine with one GPU a row of two says that there is no second. */
static bool exists(const struct params *p, const struct device *d)
{
    int64_t gpus = params_get(p, "gpus");

    return d->index == 0 && (gpus <= d->of || (d->of == 1 && gpus == 2));
}

const struct bench bench_silicon_collective = {
    .name = "silicon.collective",
    .question = "How fast do GPUs add up, gather and exchange data among them?",
    .devices = DEVICE_GPU,
    .metric = { .name = "bus_bandwidth",
                .unit = "GB/s",
                .basis = METRIC_BYTES_PER_S,
                .scale = 1e-9,
                .direction = HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .setup_timeout_s = 90, /* NCCL looks at the whole machine before it connects */
    .exists = exists,
#if HAVE_CUDA
    .state_size = sizeof(struct collective),
    .several_devices = true,
    .setup = collective_gpu_setup,
    .verify = collective_gpu_verify,
    .once = collective_gpu_once,
    .work = collective_gpu_work,
    .limit = collective_gpu_limit,
    .teardown = collective_gpu_teardown,
#else
    .setup = gpu_none_hook,
    .verify = gpu_none_hook,
    .once = gpu_none_hook,
    .work = gpu_none_work,
    .limit = gpu_none_limit,
#endif
};
