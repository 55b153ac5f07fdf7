/* env.h - everything about this machine and this build that somebody would need to get the same
 * figures again.  Every key is always there: with its value, or null with the reason.
 *
 * machine (K: an index from 0):
 *   machine.vendor .product .board .firmware .hostname .hypervisor ("none", "KVM", ...)
 *   cpu.vendor .model .architecture .microarchitecture .family .model_number .stepping (x86)
 *      .implementer .part (Arm) .microcode .features .sockets .cores_physical .threads (both: what
 *      affinity leaves) .threads_online (of the machine) .threads_usable (and the cgroup's quota)
 *      .threads_per_core .quota_cpus .affinity .cache_l1d_bytes .cache_l1i_bytes .cache_l2_bytes
 *      .cache_l3_bytes (one instance each) .notes
 *   memory.total_bytes (machine or cgroup: the smaller) .total_gib (rounded) .machine_bytes
 *      .limit_bytes .available_bytes .swap_total_bytes .swap_used_bytes .page_bytes .thp
 *      .thp_defrag .hugetlb.K.page_bytes/total/free .type .speed_mt_s
 *   numa.count .balancing .nodes.K.id/cpus/memory_bytes
 *   clock.driver .governor .energy_preference .min_mhz .max_mhz .locked .boost .source
 *      .sources_available
 *   os.name .version .id .kernel .kernel_build .architecture .libc .boot_id .uptime_s .load_1m
 *      .load_5m .load_15m .aslr .smt .isolated_cpus .perf_event_paranoid .io_uring_disabled
 *      .swappiness .mitigations .vulnerabilities.NAME .limit_memlock_bytes .limit_nofile .root
 *   container.kind ("none", "docker", ...) .cgroup_version
 *   network.K.name/speed_mb_s/state      storage.* (env_storage.h)      environment.NAME
 *
 * The machine's fingerprint (store/) is made of cpu.model, cpu.cores_physical, cpu.threads and
 * memory.total_gib.
 *
 * build:
 *   version type compiler flags architecture libc cuda cuda_architectures
 *   git.commit .branch .dirty .remote     libraries.NAME */
#ifndef HOST_ENV_H
#define HOST_ENV_H

#include "core/err.h"
#include "core/facts.h"

struct env_variable {
    const char *name;
    const char *value; /* NULL: not set */
};

struct env_options {
    const char *root;                     /* "" (or NULL): this machine */
    const char *dir;                      /* whose storage is described; NULL: none */
    const struct env_variable *variables; /* the allow-list: n_variables of them */
    int n_variables;
};

/* Add to *machine and *build (either may be NULL).  ERR_NOMEM when facts were lost; nothing else
 * is an error. */
int env_capture(struct facts *machine, struct facts *build, const struct env_options *o,
                struct err *e);

#endif
