/* card_monitor.h - what a GPU tells about itself while it is measured (core/monitor.h), by NVML. */
#ifndef GPU_CARD_MONITOR_H
#define GPU_CARD_MONITOR_H

#include "core/monitor.h"

/* Channels, all "gpu.":
 * power [W] now; power_average [W] of the last second; power_from_energy [W]; temperature,
 * memory_temperature [C]; sm_clock, memory_clock [MHz]; utilisation, memory_utilisation [% of the
 * driver's last period]; memory_used [GB]; pcie_generation; pcie_width [lanes]; pcie_sent,
 * pcie_received [GB/s] by the card, over 20 ms once a second; throttle_* [% of the time], by the
 * driver's own clock where it keeps one, else by the bits seen at each reading; ecc_corrected,
 * ecc_uncorrected since the driver was loaded; xid_errors since opening; other_processes on the
 * card; others_utilisation [%], the busiest of the machine's other GPUs. */
extern const struct monitor_ops card_monitor_ops;

#endif
