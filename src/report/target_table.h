/* target_table.h - targets beside what was measured: target, expected, measured, status, why. */
#ifndef REPORT_TARGET_TABLE_H
#define REPORT_TARGET_TABLE_H

#include <stdio.h>

#include "judge/targets.h"
#include "report/style.h"

void target_table(FILE *f, const struct targets *ts, const struct target_outcome *o,
                  const struct terminal_style *s);
void target_markdown(FILE *f, const struct targets *ts, const struct target_outcome *o);

#endif
