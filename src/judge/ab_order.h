/* ab_order.h - which side of a pair runs first.
 *
 * Two pairs are A B, B A or B A, A B, by the toss of a seeded coin: a drift of the machine, or what
 * the first run of a pair leaves to the second, falls on both sides alike, and nothing periodic
 * stays in step with one side. */
#ifndef JUDGE_AB_ORDER_H
#define JUDGE_AB_ORDER_H

#include <stdint.h>

#include "judge/pair.h"

/* The side that is first in pair `index`, 0 being the first pair. */
enum pair_side ab_order_first(uint64_t seed, int index);

#endif
