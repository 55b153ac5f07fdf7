/* copy_limit_gpu.c - what binds a GPU's row that moves bytes and does little else. */
#include "kernels/variant/copy_limit_gpu.h"

#include <stdio.h>

#include "core/limits.h"

static const double RARE = 8;

enum work_memory copy_limit_memory(const struct copy_limit *l)
{
    const double l2 = (double)gpu_properties_of(l->gpu)->l2_bytes;

    return l->cold || l->bytes > l2 ? WORK_HBM : WORK_CACHE;
}

int copy_limit_add(struct bench_ctx *c, const struct copy_limit *l, struct limits *out,
                   struct err *e)
{
    const double l2 = (double)gpu_properties_of(l->gpu)->l2_bytes;
    const bool all = l->cold || l->bytes >= RARE * l2;
    char settings[64];
    int rc = 0;

    if (copy_limit_memory(l) == WORK_HBM) {
        snprintf(settings, sizeof(settings), "op=%s level=hbm threads=all", l->op);
        TRY(limit_measured(c, out, "silicon.memory", settings, all ? 1 : 1 / (1 - l2 / l->bytes),
                           e));
    }
    if (!all) {
        snprintf(settings, sizeof(settings), "op=%s level=l2 threads=all", l->op);
        TRY(limit_measured(c, out, "silicon.memory", settings, 1, e));
    }
    if (l->launches > 0) /* bytes a microsecond are 1e-3 GB/s */
        TRY(limit_measured_on(c, out,
                              &(struct limit_row){ .device = c->device,
                                                   .bench = "silicon.launch",
                                                   .settings = "what=graph_node",
                                                   .factor = 1,
                                                   .phases = l->launches,
                                                   .over = 1e-3 * l->bytes },
                              e));
out:
    return rc;
}
