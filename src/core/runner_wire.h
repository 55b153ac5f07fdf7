/* runner_wire.h - the lines between the runner and its workers, written and read in one place. */
#ifndef CORE_RUNNER_WIRE_H
#define CORE_RUNNER_WIRE_H

#include "core/limits.h"
#include "core/plan.h"
#include "core/sampling.h"

/* Settings with every axis a benchmark may have, as long as their values may be. */
enum { WIRE_SETTINGS = AXIS_MAX * (AXIS_TEXT + 26), WIRE_LINE = WIRE_SETTINGS + 256 };

struct wire_case {
    double seconds;
    char bench[64], device[24], settings[WIRE_SETTINGS];
};

void wire_case_write(char *buf, size_t cap, const struct plan_case *c);
int wire_case_read(const char *text, struct wire_case *out, struct err *e); /* after "case " */

void wire_ceiling_write(char *buf, size_t cap, const struct ceiling *c);
int wire_ceiling_read(const char *text, struct ceiling *out); /* after "ceiling " */

/* p may be NULL: only a phase. */
void wire_progress_write(char *buf, size_t cap, const char *phase,
                         const struct sampling_progress *p);
/* After "progress ".  *has tells whether there were numbers. */
int wire_progress_read(const char *text, char phase[16], struct sampling_progress *p, bool *has);

#endif
