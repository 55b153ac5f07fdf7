/* rng.h - seeded random numbers: xoshiro256** seeded through splitmix64 (Blackman & Vigna, 2018).
 *
 * Same seed, same numbers, on every machine.  Not for secrets.  One struct per thread. */
#ifndef CORE_RNG_H
#define CORE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

/* stream separates independent sequences of one seed (one per thread, per tensor, ...). */
void rng_init(struct rng *r, uint64_t seed, uint64_t stream);
uint64_t rng_u64(struct rng *r);
double rng_uniform(struct rng *r);                      /* [0, 1), 53 bits */
double rng_normal(struct rng *r);                       /* mean 0, variance 1 */
uint64_t rng_below(struct rng *r, uint64_t n);          /* [0, n), unbiased; n > 0 */
void rng_fill(struct rng *r, void *p, size_t bytes);    /* incompressible bytes */
void rng_shuffle(struct rng *r, uint32_t *a, size_t n); /* Fisher-Yates */

#endif
