/* doctor_checks.h - the capabilities that the benchmarks themselves bring: devices, code paths. */
#ifndef COMMAND_DOCTOR_CHECKS_H
#define COMMAND_DOCTOR_CHECKS_H

#include "host/advice.h"

/* Append one entry a device, and one for each benchmark and device: its setup and its check run once
 * (no timing), so that a wrong kernel is "failing" here as it would be in a run. */
void doctor_checks(struct advice_list *list);

#endif
