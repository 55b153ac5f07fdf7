/* platform.c - the kinds of device and the services that this program gives to its runs. */
#include "command/platform.h"

#include "gpu/gpu.h"
#include "host/clockspeed.h"
#include "host/cpuwait.h"
#include "host/sampler.h"

const char platform_lock_path[] = "/tmp/headroom.lock";

const struct device_ops *const platform_devices[] = { &device_cpu_ops, &gpu_device_ops, NULL };

const struct worker_services platform_services = {
    .telemetry_open = sampler_open,
    .telemetry_close = sampler_close,
    .telemetry_focus = sampler_focus,
    .telemetry_mark = sampler_mark,
    .telemetry_window = sampler_window,
    .clock_hz = clockspeed_now_hz,
    .cpu_now = cpuwait_now,
};
