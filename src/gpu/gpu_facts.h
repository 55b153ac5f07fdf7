/* gpu_facts.h - the GPUs among the facts of the machine. */
#ifndef GPU_GPU_FACTS_H
#define GPU_GPU_FACTS_H

#include "core/facts.h"

/* Adds gpus.N.model, pci_id, uuid, compute_capability, multiprocessors, clock_max_hz, memory_bytes,
 * memory_clock_hz, memory_bus_bits, memory_paper_bytes_per_s, l2_bytes, integrated, host_link
 * ("PCIe", "NVLink-C2C", "one memory") of every GPU, what NVML says of it (card_facts.h), and
 * cuda.driver, cuda.runtime ("13.0").  What is not known is null with the reason; so is "gpus"
 * where there is none.  Makes no context. */
void gpu_facts(struct facts *out);

#endif
