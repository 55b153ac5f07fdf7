/* cpu_topo.h - cores, sockets, NUMA nodes, caches and memory of a machine, from its files. */
#ifndef HOST_CPU_TOPO_H
#define HOST_CPU_TOPO_H

#include "host/cpu.h"

/* allowed, cores, sockets, threads_per_core, best_cpu, online.  cpuinfo (may be NULL) helps where
 * sysfs is absent. */
void cpu_topo_cores(struct cpu_info *c, const char *root, const char *cpuinfo);
void cpu_topo_nodes(struct cpu_info *c, const char *root);
void cpu_topo_caches(struct cpu_info *c, const char *root);
void cpu_topo_memory(struct cpu_info *c, const char *root);

/* Add a sentence to c->why. */
void cpu_topo_why(struct cpu_info *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
