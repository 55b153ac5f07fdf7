/* gate_history.h - what a gate's baseline stands on: itself, and the sessions before it. */
#ifndef COMMAND_GATE_HISTORY_H
#define COMMAND_GATE_HISTORY_H

#include "command/sides.h"

enum { GATE_SESSIONS_MAX = 20 };

/* side_load; and where `word` is one run or baseline of the history, also the complete runs of its
 * suite on its machine that were stored before it, the latest ones. */
int gate_history_load(struct run_refs *refs, const char *word, struct side *out, struct err *e);

#endif
