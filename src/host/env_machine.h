/* env_machine.h - CPU, memory, NUMA, clock policy and network of the machine as facts. */
#ifndef HOST_ENV_MACHINE_H
#define HOST_ENV_MACHINE_H

#include "core/facts.h"
#include "host/cpu.h"

void env_machine_cpu(struct facts *fs, const char *root, const struct cpu_info *c);
void env_machine_memory(struct facts *fs, const char *root, const struct cpu_info *c);
void env_machine_clock(struct facts *fs, const char *root, const struct cpu_info *c);
void env_machine_identity(struct facts *fs, const char *root);
void env_machine_network(struct facts *fs, const char *root);

#endif
