/* verdict_markdown.h - a comparison as one summary for a pull request: regressed first, at most 20
 * rows, what else differs, by which rule. */
#ifndef REPORT_VERDICT_MARKDOWN_H
#define REPORT_VERDICT_MARKDOWN_H

#include <stdio.h>

#include "judge/comparison.h"

enum { VERDICT_MARKDOWN_ROWS = 20 };

/* outcome: the gate's word, "passed", "regression" ...; it is the heading. */
void verdict_markdown(FILE *f, const struct comparison *c, const char *outcome);

#endif
