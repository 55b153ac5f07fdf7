/* kernel_parity.h - every variant of a kernel against its reference, over shapes and inputs.
 *
 * A test describes its operation in a struct parity_op and calls parity_walk: each variant that
 * this CPU can run meets each shape with each kind of input.  `run` makes the inputs of one case
 * (parity_fill, parity_new), calls the variant, and says with parity_values or parity_same what
 * came out and how far it may be off.  Three rules make a comparison worth something:
 *
 *   - outputs are poisoned with NaN first (parity_new does it), so that what is not written shows;
 *   - a tolerance is derived from the operation and the inputs, one per output, and NaN is never
 *     within it: where the reference is NaN the output has to be NaN, where it is infinite the
 *     output may be anything that is not finite, elsewhere it has to be near;
 *   - parity_catches runs a variant that is wrong on purpose; a harness that lets it pass fails.
 *
 * A buffer ends (but for `gap` bytes) where an unreadable page begins, and has guard bytes before
 * it and in the gap: a read or write past the end faults, any other write outside is reported. */
#ifndef KERNEL_PARITY_H
#define KERNEL_PARITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/rng.h"
#include "host/cpu.h"
#include "test.h"

#define PARITY_FN static __attribute__((unused))

enum parity_input {
    PARITY_RANDOM,   /* normal, variance 1 */
    PARITY_ZERO,     /* zeros of both signs */
    PARITY_HUGE,     /* normal times 1e18: products of two stay finite */
    PARITY_DENORMAL, /* below the smallest normal float */
    PARITY_NAN,      /* normal with one NaN in its last third */
    PARITY_INF,      /* likewise, one infinity */
    PARITY_INPUTS
};

enum {
    PARITY_GUARD = 64,
    PARITY_GUARD_BYTE = 0xa5,
    /* Every input that has finite outputs only. */
    PARITY_FINITE = 1 << PARITY_RANDOM | 1 << PARITY_ZERO | 1 << PARITY_HUGE | 1 << PARITY_DENORMAL,
    PARITY_ALL = (1 << PARITY_INPUTS) - 1
};

struct parity_shape {
    const char *what; /* "one", "tail", "odd", "large", "misaligned" */
    size_t dim[4];    /* the operation's own: rows, cols, tokens ... */
    size_t gap;       /* bytes by which inputs are moved away from their natural alignment */
};

struct parity_case {
    const char *op, *variant;
    const struct parity_shape *shape;
    enum parity_input input;
    uint64_t seed;
};

/* What came of one walk. */
struct parity_report {
    long compared, wrong;
    double worst;    /* largest error / tolerance among the finite outputs */
    char first[240]; /* the first that was wrong */
};

struct parity_op {
    const char *name;
    const struct parity_shape *shapes;
    int n_shapes;
    unsigned inputs; /* mask of 1 << enum parity_input */
    int n_variants;
    const char *(*variant)(int v); /* its name */
    uint64_t (*needs)(int v);      /* bits 1 << enum cpu_feature */
    void (*run)(int v, const struct parity_case *c, struct parity_report *r);
};

/* ---- buffers */

struct parity_buffer {
    void *p; /* `bytes` bytes, all 0xff: NaN in every float format */
    size_t bytes, gap, mapped;
    uint8_t *base;
};

PARITY_FN struct parity_buffer parity_new(size_t bytes, size_t gap)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t body = (PARITY_GUARD + bytes + gap + page - 1) / page * page;
    struct parity_buffer b = { .bytes = bytes, .gap = gap, .mapped = body + page };

    b.base = mmap(NULL, b.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b.base == MAP_FAILED || mprotect(b.base + body, page, PROT_NONE) != 0) {
        perror("parity_new");
        exit(1);
    }
    b.p = b.base + body - gap - bytes;
    memset(b.base, PARITY_GUARD_BYTE, body);
    memset(b.p, 0xff, bytes);
    return b;
}

/* Bytes outside of the buffer that have been written. */
PARITY_FN long parity_trespass(const struct parity_buffer *b)
{
    const uint8_t *p = b->p, *end = p + b->bytes;
    long n = 0;

    for (const uint8_t *g = b->base; g < p; g++)
        n += *g != PARITY_GUARD_BYTE;
    for (size_t i = 0; i < b->gap; i++)
        n += end[i] != PARITY_GUARD_BYTE;
    return n;
}

/* Unmap; what was written outside of it is wrong. */
PARITY_FN void parity_free(struct parity_buffer *b, const struct parity_case *c,
                           struct parity_report *r)
{
    long n = parity_trespass(b);

    if (n > 0) {
        if (r->wrong == 0)
            snprintf(r->first, sizeof(r->first), "%s %s %s: %ld bytes written outside of a buffer",
                     c->op, c->variant, c->shape->what, n);
        r->wrong += n;
    }
    munmap(b->base, b->mapped);
    *b = (struct parity_buffer){ 0 };
}

/* ---- inputs */

PARITY_FN const char *parity_input_name(enum parity_input i)
{
    static const char *const names[] = { "random", "zero", "huge", "denormal", "NaN", "infinity" };

    return names[i];
}

/* n floats of this kind; the same for the same seed and stream. */
PARITY_FN void parity_fill(float *x, size_t n, enum parity_input input, uint64_t seed,
                           uint64_t stream)
{
    struct rng rng;

    rng_init(&rng, seed, stream);
    for (size_t i = 0; i < n; i++) {
        float v = (float)rng_normal(&rng);

        if (input == PARITY_ZERO)
            v = v < 0 ? -0.0f : 0.0f;
        else if (input == PARITY_HUGE)
            v *= 1e18f;
        else if (input == PARITY_DENORMAL)
            v *= 1e-39f;
        x[i] = v;
    }
    if (n > 0 && (input == PARITY_NAN || input == PARITY_INF))
        x[n - 1 - (size_t)rng_below(&rng, n / 3 + 1)] = input == PARITY_NAN ? NAN : INFINITY;
}

/* ---- comparisons */

PARITY_FN void parity_wrong(const struct parity_case *c, struct parity_report *r, size_t i,
                            double got, double want, double tol)
{
    const size_t *d = c->shape->dim;

    if (r->wrong++ == 0)
        snprintf(r->first, sizeof(r->first),
                 "%s %s %s (%zu, %zu, %zu, %zu), input %s: [%zu] is %.9g, not %.9g +- %.3g", c->op,
                 c->variant, c->shape->what, d[0], d[1], d[2], d[3], parity_input_name(c->input), i,
                 got, want, tol);
}

/* |got - want| <= tol, one tolerance an output.  Neither got nor tol may make a NaN pass. */
PARITY_FN void parity_values(const struct parity_case *c, struct parity_report *r, const float *got,
                             const double *want, const double *tol, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double g = (double)got[i], error = fabs(g - want[i]);
        bool right;

        if (isnan(want[i]))
            right = isnan(g);
        else if (isinf(want[i]))
            right = !isfinite(g);
        else
            right = error <= tol[i];
        r->compared++;
        if (!right)
            parity_wrong(c, r, i, g, want[i], tol[i]);
        else if (isfinite(want[i]) && tol[i] > 0 && error / tol[i] > r->worst)
            r->worst = error / tol[i];
    }
}

/* The same bits; any NaN is like any other. */
PARITY_FN void parity_same(const struct parity_case *c, struct parity_report *r, const float *got,
                           const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool nan = isnan(got[i]) && isnan(want[i]);

        r->compared++;
        if (!nan && memcmp(&got[i], &want[i], sizeof(float)) != 0)
            parity_wrong(c, r, i, (double)got[i], (double)want[i], 0);
    }
}

/* Bound of a sum of n products in F32, in any order: n rounding errors on the sum of |terms|, and
 * for each term what underflow may take. */
PARITY_FN double parity_sum_bound(double n, double sum_of_abs)
{
    const double half_ulp = 0x1p-24, least = 0x1p-149;

    return (n + 2) * (half_ulp * 1.01 * sum_of_abs + least);
}

/* ---- the walk */

/* All shapes and inputs for one variant. */
PARITY_FN void parity_variant(const struct parity_op *op, int v, struct parity_report *r)
{
    for (int s = 0; s < op->n_shapes; s++)
        for (int i = 0; i < PARITY_INPUTS; i++) {
            struct parity_case c = { .op = op->name,
                                     .variant = op->variant(v),
                                     .shape = &op->shapes[s],
                                     .input = (enum parity_input)i,
                                     .seed = (uint64_t)(s * PARITY_INPUTS + i + 1) };

            if (op->inputs & 1u << i)
                op->run(v, &c, r);
        }
}

/* Every variant that this CPU has; fails the test where one is wrong or none could be run. */
PARITY_FN void parity_walk(const struct parity_op *op)
{
    uint64_t have = cpu_here()->features;
    int ran = 0;

    for (int v = 0; v < op->n_variants; v++) {
        struct parity_report r = { 0 };

        if (op->needs(v) & ~have) {
            printf("%s %s: not on this CPU\n", op->name, op->variant(v));
            continue;
        }
        parity_variant(op, v, &r);
        ran++;
        if (r.wrong > 0)
            fprintf(stderr, "%ld of %ld wrong; first: %s\n", r.wrong, r.compared, r.first);
        CHECK_EQ(r.wrong, 0);
        CHECK(r.compared > 0);
    }
    CHECK(ran > 0);
}

/* op has one variant that is wrong on purpose: it has to be found out. */
PARITY_FN void parity_catches(const struct parity_op *op)
{
    for (int v = 0; v < op->n_variants; v++) {
        struct parity_report r = { 0 };

        parity_variant(op, v, &r);
        if (r.wrong == 0)
            fprintf(stderr, "%s %s is wrong and was not noticed\n", op->name, op->variant(v));
        CHECK(r.wrong > 0);
    }
}

#endif
