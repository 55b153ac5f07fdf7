/* profile_print.h - what a profiler found, as a short table beside the row's own figures. */
#ifndef COMMAND_PROFILE_PRINT_H
#define COMMAND_PROFILE_PRINT_H

#include <stdint.h>
#include <stdio.h>

#include "command/profile_figures.h"
#include "core/result.h"
#include "report/style.h"

/* What a repetition launches, as the row's properties say; nothing where there are none. */
void profile_print_launches(FILE *f, const struct result *row);

/* repetitions: that the figures are of. */
void profile_print_kernels(FILE *f, const struct profile_kernels *k, uint64_t repetitions,
                           const struct terminal_style *style);
void profile_print_counts(FILE *f, const struct profile_count *c, int n, uint64_t repetitions,
                          const struct terminal_style *style);

#endif
