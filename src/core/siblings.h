/* siblings.h - an odd one out among things that should be alike: one slow GPU of eight, one bad
 * link of a matrix.
 *
 * Siblings are rows of one benchmark on GPUs that differ in nothing but the device and its `peer`.
 * With at least three of them that have a value, one is odd when it is worse than their median by
 * more than 5 %, and by more than 5 robust standard deviations (1.4826 x the median absolute
 * deviation), so that a kind of row that varies by nature has none. */
#ifndef CORE_SIBLINGS_H
#define CORE_SIBLINGS_H

#include "core/result.h"

/* Note each odd one out in its row; how many there are, or ERR_NOMEM. */
int siblings_judge(struct result *rows, int n, struct err *e);

#endif
