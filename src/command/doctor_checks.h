/* doctor_checks.h - the capabilities that the benchmarks themselves bring: devices, code paths. */
#ifndef COMMAND_DOCTOR_CHECKS_H
#define COMMAND_DOCTOR_CHECKS_H

#include <signal.h>

#include "host/advice.h"

/* Append one entry a device, and one for each benchmark and device: its setup and its check run
 * once (no timing), so that a wrong kernel is "failing" here as it would be in a run.  While
 * another run measures on this machine one entry says that the benchmarks were not tried.  dir: for
 * scratch files.  ERR_INTERRUPT when *stop was set (the entries so far are in the list), ERR_NOMEM,
 * ERR_IO. */
int doctor_checks(struct advice_list *list, const char *dir, const volatile sig_atomic_t *stop,
                  struct err *e);

#endif
