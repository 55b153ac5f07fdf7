/* target_check.h - marks of a good measurement that a result file can be asked for. */
#ifndef JUDGE_TARGET_CHECK_H
#define JUDGE_TARGET_CHECK_H

#include "judge/targets.h"

/* Fill measured, status and why for a TARGET_CHECK; the checks of other targets' outcomes look at
 * `all`, whose n are filled already except for checks. */
void target_check(struct target_outcome *o, const struct run_record *r,
                  const struct target_outcome *all, int n);

#endif
