/* platform.h - the kinds of device and the services that this program gives to its runs. */
#ifndef COMMAND_PLATFORM_H
#define COMMAND_PLATFORM_H

#include "core/device.h"
#include "core/worker.h"

extern const struct device_ops *const platform_devices[]; /* NULL-terminated */
extern const struct worker_services platform_services;

/* The file whose lock says that somebody measures on this machine (core/lock.h). */
extern const char platform_lock_path[];

#endif
