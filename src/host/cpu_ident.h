/* cpu_ident.h - which CPU this is, and which of its instructions may be used.
 *
 * Two ways, kept apart so that trees made by tests go through the same parsers: from the text of
 * /proc/cpuinfo, and from the CPU itself. */
#ifndef HOST_CPU_IDENT_H
#define HOST_CPU_IDENT_H

#include "host/cpu.h"

/* Vendor, model, family, features ... from the text of /proc/cpuinfo of either architecture, and
 * for Arm the kinds of the cores (c->cores must be there).  ERR_NOTSUP: it names no CPU. */
int cpu_ident_from_text(struct cpu_info *c, const char *cpuinfo, struct err *e);

/* The same by CPUID and XGETBV, or HWCAP and MIDR.  cpuinfo may be NULL (no /proc). */
int cpu_ident_from_cpu(struct cpu_info *c, const char *cpuinfo, struct err *e);

/* Caches by CPUID leaf 4 or 0x8000001D into c->caches; leaves none where there is no such leaf. */
void cpu_ident_caches(struct cpu_info *c);

/* The hypervisor as it names itself to CPUID: "KVM", "Hyper-V", ...; "" where it cannot be asked
 * or there is none. */
const char *cpu_ident_hypervisor(void);

#endif
