/* atoms.c - atoms made up from a seed, and the order along a curve. */
#include "kernels/attention/atoms.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "core/rng.h"

static const double lattice_density = 0.115, kept = 0.87; /* a cubic angstrom; of the sites */
static const double jitter = 0.3;                         /* angstroms */

void atoms_release(struct atoms *a)
{
    mem_free(a->atom);
    *a = (struct atoms){ 0 };
}

int atoms_add(struct atoms *a, struct atom x, struct err *e)
{
    if (a->n == ATOMS_MAX)
        return ERR(e, ERR_FORMAT, "more than %d atoms", ATOMS_MAX);
    if (a->n == a->cap) {
        const int cap = a->cap ? 2 * a->cap : 1024;
        struct atom *grown = mem_realloc(a->atom, (size_t)cap, sizeof(*grown));

        if (!grown)
            return ERR(e, ERR_NOMEM, "no memory for %d atoms", cap);
        a->atom = grown;
        a->cap = cap;
    }
    a->atom[a->n++] = x;
    return 0;
}

/* ---- a globule */

struct site {
    float far; /* how far out, in units of the ellipsoid */
    struct atom x;
};

static int compare_sites(const void *a, const void *b)
{
    const struct site *x = a, *y = b;

    return (x->far > y->far) - (x->far < y->far);
}

/* Sites of a box around the ellipsoid; those of the corners are further out than any that is
 * wanted. */
static int fill_sites(struct site *s, const int side[3], const double axis[3], struct rng *rng)
{
    const double step = cbrt(1 / lattice_density);
    int n = 0;

    for (int z = 0; z < side[2]; z++)
        for (int y = 0; y < side[1]; y++)
            for (int x = 0; x < side[0]; x++) {
                const int place[3] = { x, y, z };
                double far = 0;

                if (rng_uniform(rng) >= kept)
                    continue;
                for (int d = 0; d < 3; d++) {
                    const double at = step * (place[d] - 0.5 * (side[d] - 1));

                    s[n].x.at[d] = (float)(at + jitter * rng_normal(rng));
                    far += at * at / (axis[d] * axis[d]);
                }
                s[n++].far = (float)far;
            }
    return n;
}

int atoms_generate(struct atoms *a, int n, uint64_t seed, struct err *e)
{
    const double step = cbrt(1 / lattice_density);
    double axis[3] = { 1, 1, 1 }, radius;
    struct site *s = NULL;
    struct rng rng;
    size_t sites = 1;
    int side[3], found, rc = 0;

    rng_init(&rng, seed, 1);
    for (int d = 1; d < 3; d++)
        axis[d] = 0.7 + 0.3 * rng_uniform(&rng);
    /* 3 % and two sites more than n atoms need. */
    radius = cbrt(1.03 * 3 * n / (4 * M_PI * lattice_density * kept * axis[1] * axis[2]));
    for (int d = 0; d < 3; d++) {
        axis[d] *= radius;
        side[d] = 2 * (int)ceil(axis[d] / step) + 3;
        sites *= (size_t)side[d];
    }
    s = mem_calloc(sites, sizeof(*s));
    if (!s)
        return ERR(e, ERR_NOMEM, "no memory for %zu sites of atoms", sites);
    found = fill_sites(s, side, axis, &rng);
    qsort(s, (size_t)found, sizeof(*s), compare_sites);
    BUG_ON(found < n);
    for (int i = 0; i < n; i++)
        TRY(atoms_add(a, s[i].x, e));
out:
    mem_free(s);
    return rc;
}

/* ---- the order */

enum { CURVE_BITS = 16 };

/* Coordinates become the bits of their place on the curve, the highest of each first. */
static void to_curve(uint32_t x[3])
{
    const uint32_t top = 1u << (CURVE_BITS - 1);
    uint32_t flip = 0;

    for (uint32_t bit = top; bit > 1; bit >>= 1)
        for (int d = 0; d < 3; d++) {
            const uint32_t below = bit - 1, differ = (x[0] ^ x[d]) & below;

            if (x[d] & bit) {
                x[0] ^= below;
            } else {
                x[0] ^= differ;
                x[d] ^= differ;
            }
        }
    for (int d = 1; d < 3; d++)
        x[d] ^= x[d - 1];
    for (uint32_t bit = top; bit > 1; bit >>= 1)
        if (x[2] & bit)
            flip ^= bit - 1;
    for (int d = 0; d < 3; d++)
        x[d] ^= flip;
}

static uint64_t place_on_curve(const struct atom *a, const double low[3], double scale)
{
    uint32_t x[3];
    uint64_t place = 0;

    for (int d = 0; d < 3; d++)
        x[d] = (uint32_t)(((double)a->at[d] - low[d]) * scale);
    to_curve(x);
    for (int bit = CURVE_BITS - 1; bit >= 0; bit--)
        for (int d = 0; d < 3; d++)
            place = place << 1 | (x[d] >> bit & 1);
    return place;
}

struct placed {
    uint64_t place;
    int index; /* of atoms at one place, the one that came first */
    struct atom x;
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

int atoms_order(struct atoms *a, struct err *e)
{
    double low[3] = { 0 }, most = 0, scale;
    struct placed *p = mem_calloc((size_t)a->n, sizeof(*p));

    if (!p)
        return ERR(e, ERR_NOMEM, "no memory to order %d atoms", a->n);
    for (int d = 0; d < 3 && a->n > 0; d++) {
        double high = low[d] = (double)a->atom[0].at[d];

        for (int i = 1; i < a->n; i++) {
            low[d] = fmin(low[d], (double)a->atom[i].at[d]);
            high = fmax(high, (double)a->atom[i].at[d]);
        }
        most = fmax(most, high - low[d]);
    }
    scale = most > 0 ? ((1 << CURVE_BITS) - 1) / most : 0;
    for (int i = 0; i < a->n; i++)
        p[i] = (struct placed){ place_on_curve(&a->atom[i], low, scale), i, a->atom[i] };
    qsort(p, (size_t)a->n, sizeof(*p), compare_placed);
    for (int i = 0; i < a->n; i++)
        a->atom[i] = p[i].x;
    mem_free(p);
    return 0;
}
