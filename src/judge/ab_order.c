/* ab_order.c - which side of a pair runs first. */
#include "judge/ab_order.h"

#include "core/rng.h"

enum pair_side ab_order_first(uint64_t seed, int index)
{
    struct rng r;
    int b_first;

    rng_init(&r, seed, (uint64_t)(index / 2) + 1);
    b_first = (int)(rng_u64(&r) & 1) ^ (index & 1);
    return b_first ? SIDE_B : SIDE_A;
}
