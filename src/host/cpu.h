/* cpu.h - what the CPU of this machine is and how much of it this process may use.
 *
 * "This machine" is what the affinity mask and the cgroup leave of it: a container with 4 CPUs and
 * 8 GiB is a machine with 4 CPUs and 8 GiB.  Counts that could not be read are 0, memory -1, and
 * `why` says so. */
#ifndef HOST_CPU_H
#define HOST_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "host/uarch.h"

enum {
    CPU_MAX = 2048,
    CPU_CACHES_MAX = 8,
    CPU_NODES_MAX = 64,
    CPU_POOLS_MAX = 4,
    CPU_KINDS_MAX = 4
};

enum cpu_arch { CPU_ARCH_UNKNOWN, CPU_ARCH_X86, CPU_ARCH_ARM };

enum cpu_feature {
    CPU_AVX2,
    CPU_FMA,
    CPU_F16C,
    CPU_AVX512F,
    CPU_AVX512BW,
    CPU_AVX512DQ,
    CPU_AVX512VL,
    CPU_AVX512VNNI,
    CPU_AVXVNNI,
    CPU_AVX512BF16,
    CPU_AVX512FP16,
    CPU_AMX_TILE, /* the kernel must still be asked: cpu_amx_enable() */
    CPU_AMX_INT8,
    CPU_AMX_BF16,
    CPU_AMX_FP16,
    CPU_NEON,
    CPU_FP16,
    CPU_DOTPROD,
    CPU_I8MM,
    CPU_BF16, /* Arm BFDOT, BFMMLA */
    CPU_SVE,
    CPU_SVE2,
    CPU_FEATURES
};

struct cpu_cache {
    int level;
    char type;      /* 'd' data, 'i' instructions, 'u' both */
    int64_t bytes;  /* of one instance */
    int line_bytes; /* 0: unknown */
    int shared_by;  /* logical CPUs that share one instance, in the machine */
    int instances;  /* that the allowed CPUs reach; 0: unknown */
};

struct cpu_node {
    int id;
    int n_cpus;           /* 0: memory only (HBM, CXL, a GPU's) */
    int64_t memory_bytes; /* 0: a node without memory */
};

struct cpu_hugetlb {
    int64_t page_bytes, total, free; /* pages */
};

/* A group of equal cores among `cores`; more than one in big.LITTLE designs. */
struct cpu_kind {
    enum uarch uarch;
    int implementer, part; /* Arm; 0 on x86 */
    int cores;
};

struct cpu_info {
    enum cpu_arch arch;
    char vendor[32];                 /* "GenuineIntel", "AuthenticAMD", "ARM", "NVIDIA", ... */
    char model[96];                  /* as the CPU calls itself; on Arm the core names */
    int family, cpu_model, stepping; /* x86, the family and model with their extensions added */
    int implementer, part;           /* Arm, of best_cpu */
    enum uarch uarch;                /* of best_cpu */
    struct cpu_kind kinds[CPU_KINDS_MAX];
    int n_kinds;
    uint64_t features; /* bits of enum cpu_feature: use cpu_has() */

    int allowed[CPU_MAX]; /* logical CPUs of the affinity mask, ascending */
    int n_allowed;
    int cores[CPU_MAX]; /* one allowed logical CPU per physical core, ascending */
    int n_cores;        /* allowed physical cores */
    int n_cores_all;    /* what "threads=all" uses: min(n_cores, ceil(quota)) of `cores` */
    int usable;         /* min(n_allowed, ceil(quota)) */
    int best_cpu;       /* of the fastest kind: where "one core" runs */
    int sockets;
    int threads_per_core; /* of the hardware, as it is switched now */
    int online;           /* logical CPUs online in the whole machine */

    struct cpu_node nodes[CPU_NODES_MAX];
    int n_nodes;
    struct cpu_cache caches[CPU_CACHES_MAX];
    int n_caches;

    double quota_cpus;                                  /* of the cgroup; INFINITY: none */
    int64_t memory_limit_bytes;                         /* of the cgroup; -1: none */
    int64_t memory_total_bytes, memory_available_bytes; /* machine and cgroup: the smaller */
    int64_t memory_machine_bytes;                       /* MemTotal */
    int64_t page_bytes;
    char thp[16]; /* "always", "madvise", "never"; "" unknown */
    struct cpu_hugetlb hugetlb[CPU_POOLS_MAX];
    int n_hugetlb;

    char why[200]; /* what could not be found out and how it was made up for; "" all well */
};

/* Fill *c.  root "": this machine (CPUID, HWCAP and the affinity of the calling thread: call it
 * before pinning); a directory: all from the files below it, with the features the kernel lists.
 * Absent files are no error: only a tree that names no CPU at all is ERR_NOTSUP. */
int cpu_detect(struct cpu_info *c, const char *root, struct err *e);

/* This machine, detected at the first call of the process; any thread.  Never NULL. */
const struct cpu_info *cpu_here(void);

bool cpu_has(const struct cpu_info *c, enum cpu_feature f);
const char *cpu_feature_name(enum cpu_feature f); /* "avx512_vnni": as Linux spells it */
const char *cpu_arch_name(enum cpu_arch a);       /* "x86_64", "aarch64", "unknown" */

/* Ask the kernel for the use of AMX tiles by this process (arch_prctl(ARCH_REQ_XCOMP_PERM)).
 * Threads made later have it too.  0 or ERR_NOTSUP with the reason. */
int cpu_amx_enable(struct err *e);

/* The cache that data of `level` goes through, or NULL when it is not known. */
const struct cpu_cache *cpu_data_cache(const struct cpu_info *c, int level);
int cpu_cache_levels(const struct cpu_info *c); /* highest level known; 0: none */

/* What the caches of the last level that the process reaches hold together; 0: not known. */
uint64_t cpu_last_cache_bytes(const struct cpu_info *c);

/* The nearest cache whose instances hold `bytes` that `threads` cores share out, each instance
 * counted once a thread at most; 0: none, so memory. */
int cpu_level_holding(const struct cpu_info *c, double bytes, int threads);

#endif
