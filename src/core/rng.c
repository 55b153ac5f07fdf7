/* rng.c - seeded random numbers. */
#include "core/rng.h"

#include <math.h>
#include <string.h>

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void rng_init(struct rng *r, uint64_t seed, uint64_t stream)
{
    uint64_t x = stream, mixed = seed ^ splitmix64(&x);

    /* Stream 0 is the plain seed, so that the published vectors hold. */
    if (stream == 0)
        mixed = seed;
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix64(&mixed);
}

uint64_t rng_u64(struct rng *r)
{
    uint64_t *s = r->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

double rng_uniform(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}

double rng_normal(struct rng *r)
{
    /* Box & Muller (1958); 1 - u keeps the logarithm finite. */
    double radius = sqrt(-2 * log(1 - rng_uniform(r)));

    return radius * cos(2 * M_PI * rng_uniform(r));
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    /* Lemire (2019): multiply, and throw away the few draws that would be unfair. */
    unsigned __int128 m = (unsigned __int128)rng_u64(r) * n;

    if ((uint64_t)m < n) {
        uint64_t unfair = -n % n;

        while ((uint64_t)m < unfair)
            m = (unsigned __int128)rng_u64(r) * n;
    }
    return (uint64_t)(m >> 64);
}

void rng_fill(struct rng *r, void *p, size_t bytes)
{
    unsigned char *out = p;

    while (bytes) {
        uint64_t v = rng_u64(r);
        size_t n = bytes < sizeof(v) ? bytes : sizeof(v);

        memcpy(out, &v, n);
        out += n;
        bytes -= n;
    }
}

void rng_shuffle(struct rng *r, uint32_t *a, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)rng_below(r, i);
        uint32_t t = a[i - 1];

        a[i - 1] = a[j];
        a[j] = t;
    }
}
