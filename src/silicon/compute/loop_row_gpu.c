/* loop_row_gpu.c - the loops of loop_gpu.h on one GPU. */
#include "silicon/compute/loop_row_gpu.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "core/pick.h"

/* Long enough that making the factors and the gap to the next launch (some us) do not count. */
static const double LAUNCH_SECONDS = 2e-3;
/* To size a repetition where nobody says how fast the unit is. */
static const double UNKNOWN_OPS_PER_CYCLE = 256;

static bool fits(const struct loop_gpu *l, enum gpu_type type, enum loop_gpu_path path)
{
    return l->type == type && (path == LOOP_GPU_PATHS || l->path == path);
}

bool loop_row_exists(enum gpu_type type, enum loop_gpu_path path)
{
    for (const struct loop_gpu *l = loop_gpu_table; l->name; l++)
        if (fits(l, type, path))
            return true;
    return false;
}

/* Those that run here; where there are none, the reason of the last. */
static int find_loops(struct loop_row *r, enum gpu_type type, enum loop_gpu_path path,
                      struct err *e)
{
    int capability = gpu_properties_of(r->gpu)->capability;
    struct err why = { 0 };

    for (const struct loop_gpu *l = loop_gpu_table; l->name; l++) {
        if (!fits(l, type, path))
            continue;
        why = (struct err){ 0 };
        if (loop_gpu_supported(l, capability, &why) == 0 && r->n_tried < LOOP_ROW_TRIED)
            r->tried[r->n_tried++] = l;
    }
    if (r->n_tried == 0)
        return ERR(e, ERR_NOTSUP, "%s", why.msg);
    return 0;
}

/* Operations of a repetition: the same for all that are tried. */
static double wanted_ops(const struct loop_row *r)
{
    const struct gpu_properties *p = gpu_properties_of(r->gpu);
    double most = 0;

    for (int i = 0; i < r->n_tried; i++) {
        enum gpu_unit unit = r->tried[i]->path == LOOP_GPU_FMA ? GPU_CORES : GPU_TENSOR;
        double f = gpu_ops_per_cycle(p->capability, unit, r->tried[i]->type).value;

        most = fmax(most, isfinite(f) ? f : UNKNOWN_OPS_PER_CYCLE);
    }
    return LAUNCH_SECONDS * p->clock_hz * most * p->multiprocessors;
}

/* As many rounds as make up a repetition, in several launches where so many sums would not stay
 * exact; and the factors, where they are kept in memory. */
static int use(struct loop_row *r, const struct loop_gpu *l, struct err *e)
{
    const struct gpu_properties *p = gpu_properties_of(r->gpu);
    double rounds;
    int rc = 0;

    r->loop = l;
    r->args.seed = r->seed;
    loop_gpu_factors(l, r->zeros, &r->args);
    r->args.blocks = (unsigned)(p->multiprocessors * l->blocks_per_sm);
    rounds = fmax(1, wanted_ops(r) / (loop_gpu_block_ops(l) * r->args.blocks));
    r->launches = (int)ceil(rounds / l->rounds_most);
    r->args.rounds = (int)ceil(rounds / r->launches);
    if (l->prepare)
        TRY(l->prepare(l, &r->args, gpu_stream_of(r->gpu), e));
out:
    return rc;
}

static int launch(struct loop_row *r, struct err *e)
{
    int rc = 0;

    TRY(r->loop->launch(r->loop, &r->args, gpu_stream_of(r->gpu), e));
    r->launched++;
out:
    return rc;
}

int loop_row_run(struct loop_row *r, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < r->launches; i++)
        TRY(launch(r, e));
out:
    return rc;
}

static int try_loop(struct bench_ctx *c, void *self, int which, struct err *e)
{
    struct loop_row *r = self;
    int rc = 0;

    (void)c;
    if (r->loop != r->tried[which])
        TRY(use(r, r->tried[which], e));
    TRY(loop_row_run(r, e));
out:
    return rc;
}

static int alloc_buffers(struct loop_row *r, struct err *e)
{
    size_t sums = 0, image = 0, blocks = 0;
    void *d = NULL;
    int rc = 0;

    for (int i = 0; i < r->n_tried; i++) {
        const struct loop_gpu *l = r->tried[i];
        size_t of = (size_t)gpu_properties_of(r->gpu)->multiprocessors * (size_t)l->blocks_per_sm;

        sums = loop_gpu_sums_bytes(l) > sums ? loop_gpu_sums_bytes(l) : sums;
        image = l->image_bytes > image ? l->image_bytes : image;
        blocks = of > blocks ? of : blocks;
    }
    TRY(gpu_alloc(&d, sums, e));
    r->args.d_sums = d;
    TRY(gpu_alloc(&d, blocks * sizeof(unsigned), e));
    r->args.d_marks = d;
    if (image > 0) {
        TRY(gpu_alloc(&d, image, e));
        r->args.d_image = d;
    }
out:
    return rc;
}

/* Nothing that a check could take for a result may be there before. */
static int clear(struct loop_row *r, struct err *e)
{
    gpu_stream stream = gpu_stream_of(r->gpu);
    int rc = 0;

    r->launched = 0;
    TRY(gpu_fill(r->args.d_sums, 0xff, loop_gpu_sums_bytes(r->loop), stream, e));
    TRY(gpu_fill(r->args.d_marks, 0, r->args.blocks * sizeof(unsigned), stream, e));
out:
    return rc;
}

/* r->tried is known: buffers for all of them, and the fastest is used. */
static int open_tried(struct loop_row *r, struct bench_ctx *c, struct err *e)
{
    int best, rc = 0;

    TRY(alloc_buffers(r, e));
    TRY(pick_fastest(c, r->n_tried, try_loop, r, &best, e));
    TRY(use(r, r->tried[best], e));
    TRY(clear(r, e));
    TRY(gpu_sync(gpu_stream_of(r->gpu), e));
out:
    return rc;
}

static int begin(struct loop_row *r, struct bench_ctx *c, bool zeros, struct err *e)
{
    *r = (struct loop_row){ .gpu = c->device_handle, .seed = (unsigned)c->seed, .zeros = zeros };
    return gpu_enter(r->gpu, e);
}

int loop_row_open(struct loop_row *r, struct bench_ctx *c, enum gpu_type type,
                  enum loop_gpu_path path, bool zeros, struct err *e)
{
    int rc = 0;

    TRY(begin(r, c, zeros, e));
    TRY(find_loops(r, type, path, e));
    TRY(open_tried(r, c, e));
out:
    return rc;
}

int loop_row_open_one(struct loop_row *r, struct bench_ctx *c, const struct loop_gpu *loop,
                      bool zeros, struct err *e)
{
    int rc = 0;

    TRY(begin(r, c, zeros, e));
    TRY(loop_gpu_supported(loop, gpu_properties_of(r->gpu)->capability, e));
    r->tried[r->n_tried++] = loop;
    TRY(open_tried(r, c, e));
out:
    return rc;
}

void loop_row_close(struct loop_row *r)
{
    struct err ignored = { 0 };

    if (!r->gpu || gpu_enter(r->gpu, &ignored) < 0)
        return;
    gpu_free(r->args.d_sums);
    gpu_free(r->args.d_marks);
    gpu_free(r->args.d_image);
    *r = (struct loop_row){ 0 };
}

/* What the launches since clear() left. */
static int check_launches(struct loop_row *r, struct check *check, struct err *e)
{
    size_t bytes = loop_gpu_sums_bytes(r->loop), marks_bytes = r->args.blocks * sizeof(unsigned);
    char *sums = mem_calloc(1, bytes + marks_bytes);
    gpu_stream stream = gpu_stream_of(r->gpu);
    int rc = 0;

    if (!sums)
        return ERR(e, ERR_NOMEM, "no memory to check %zu bytes", bytes + marks_bytes);
    TRY(gpu_to_host(sums, r->args.d_sums, bytes, stream, e));
    TRY(gpu_to_host(sums + bytes, r->args.d_marks, marks_bytes, stream, e));
    TRY(loop_gpu_check(r->loop, &r->args, r->launched, sums, (const void *)(sums + bytes), check,
                       e));
out:
    mem_free(sums);
    return rc;
}

/* Zeros alone would not show that anything is multiplied. */
static int check_with_factors(struct loop_row *r, struct check *check, struct err *e)
{
    int rc = 0;

    r->zeros = false;
    TRY(use(r, r->loop, e));
    TRY(clear(r, e));
    TRY(launch(r, e));
    TRY(check_launches(r, check, e));
out:
    r->zeros = true;
    if (rc == 0)
        rc = use(r, r->loop, e);
    return rc;
}

int loop_row_check(struct loop_row *r, struct check *check, struct err *e)
{
    int rc = 0;

    TRY(gpu_enter(r->gpu, e));
    if (r->launched == 0)
        TRY(launch(r, e));
    TRY(check_launches(r, check, e));
    if (r->zeros)
        TRY(check_with_factors(r, check, e));
    TRY(clear(r, e));
out:
    return rc;
}

double loop_row_ops(const struct loop_row *r)
{
    return loop_gpu_block_ops(r->loop) * r->args.blocks * r->args.rounds * r->launches;
}
