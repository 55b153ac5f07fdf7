/* card_facts.h - what NVML says of a GPU, among the facts of the machine. */
#ifndef GPU_CARD_FACTS_H
#define GPU_CARD_FACTS_H

#include "core/facts.h"

/* Adds gpus.N.* of the card with this UUID or PCI id, each with a value or the reason why there is
 * none.  What it is and how it is set:
 *   driver ("580.65.06"), vbios, power_limit_w, power_limit_default_w, power_limit_min_w,
 *   power_limit_max_w, sm_clock_max_hz, ecc_mode, mig_mode, persistence_mode ("enabled",
 *   "disabled"), compute_mode ("default", "exclusive process", "prohibited"), pcie_generation_max
 *   (what card and host can do), pcie_generation_card, pcie_width_max.
 * How it was a moment ago:
 *   pcie_generation, pcie_width, sm_clock_hz, temperature_c, power_w, memory_used_bytes,
 *   utilisation_pct, throttle ("none", or the causes), ecc_uncorrected (since the driver was
 *   loaded), pages_pending, rows_pending, rows_failed (0 or 1), processes (their number). */
void card_facts(struct facts *out, int gpu, const char *uuid, const char *pci_id);

#endif
