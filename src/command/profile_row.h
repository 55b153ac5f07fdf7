/* profile_row.h - which row `profile` is asked for. */
#ifndef COMMAND_PROFILE_ROW_H
#define COMMAND_PROFILE_ROW_H

#include "command/cli.h"
#include "core/plan.h"

/* The one row of the benchmark a->word[0] with --set and --device, to be measured once for so many
 * seconds: of several the GPU's, and then those whose other axes are as they normally are.
 * devices: room for DEVICES_MAX, filled.  ERR_ARG for every way to be wrong; where more than one
 * row is left they are listed on stderr. */
int profile_row_find(const struct cli_args *a, double seconds, struct device *devices,
                     struct plan_list *plan, struct err *e);

#endif
