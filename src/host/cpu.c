/* cpu.c - what the CPU of this machine is and how much of it this process may use. */
#include "host/cpu.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/mem.h"
#include "host/cpu_ident.h"
#include "host/cpu_topo.h"
#include "host/sysfile.h"

bool cpu_has(const struct cpu_info *c, enum cpu_feature f)
{
    return (c->features >> f & 1) != 0;
}

const char *cpu_feature_name(enum cpu_feature f)
{
    static const char *const names[CPU_FEATURES] = {
        [CPU_AVX2] = "avx2",
        [CPU_FMA] = "fma",
        [CPU_F16C] = "f16c",
        [CPU_AVX512F] = "avx512f",
        [CPU_AVX512BW] = "avx512bw",
        [CPU_AVX512DQ] = "avx512dq",
        [CPU_AVX512VL] = "avx512vl",
        [CPU_AVX512VNNI] = "avx512_vnni",
        [CPU_AVXVNNI] = "avx_vnni",
        [CPU_AVX512BF16] = "avx512_bf16",
        [CPU_AVX512FP16] = "avx512_fp16",
        [CPU_AMX_TILE] = "amx_tile",
        [CPU_AMX_INT8] = "amx_int8",
        [CPU_AMX_BF16] = "amx_bf16",
        [CPU_AMX_FP16] = "amx_fp16",
        [CPU_NEON] = "asimd",
        [CPU_FP16] = "asimdhp",
        [CPU_DOTPROD] = "asimddp",
        [CPU_I8MM] = "i8mm",
        [CPU_BF16] = "bf16",
        [CPU_SVE] = "sve",
        [CPU_SVE2] = "sve2",
    };

    BUG_ON(f < 0 || f >= CPU_FEATURES);
    return names[f];
}

const char *cpu_arch_name(enum cpu_arch a)
{
    return a == CPU_ARCH_X86 ? "x86_64" : a == CPU_ARCH_ARM ? "aarch64" : "unknown";
}

int cpu_detect(struct cpu_info *c, const char *root, struct err *e)
{
    char *cpuinfo = NULL;
    int rc, limit;

    *c = (struct cpu_info){ 0 };
    rc = sysfile_slurp(root, "/proc/cpuinfo", &cpuinfo, NULL);
    if (rc < 0)
        cpu_topo_why(c, "/proc/cpuinfo cannot be read");
    cpu_topo_cores(c, root, cpuinfo);
    rc = root[0] == '\0' ? cpu_ident_from_cpu(c, cpuinfo, e) : cpu_ident_from_text(c, cpuinfo, e);
    cpu_topo_nodes(c, root);
    cpu_topo_caches(c, root);
    cpu_topo_memory(c, root);
    limit = isinf(c->quota_cpus) ? CPU_MAX : (int)fmin(ceil(c->quota_cpus), CPU_MAX);
    c->usable = c->n_allowed < limit ? c->n_allowed : limit;
    c->n_cores_all = c->n_cores < limit ? c->n_cores : limit;
    mem_free(cpuinfo);
    return rc;
}

static struct cpu_info here;

static void detect_here(void)
{
    /* What cannot be found out is said in `why`; there is nothing to fail. */
    cpu_detect(&here, "", NULL);
}

const struct cpu_info *cpu_here(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, detect_here);
    return &here;
}

int cpu_amx_enable(struct err *e)
{
#if defined(__x86_64__)
    enum { REQ_XCOMP_PERM = 0x1023, XTILEDATA = 18 }; /* Linux asm/prctl.h */

    if (!cpu_has(cpu_here(), CPU_AMX_TILE))
        return ERR(e, ERR_NOTSUP, "this CPU or kernel has no AMX");
    if (syscall(SYS_arch_prctl, REQ_XCOMP_PERM, XTILEDATA) != 0)
        return ERR(e, ERR_NOTSUP, "the kernel refuses AMX tiles: %s (Linux >= 5.16 is needed)",
                   strerror(errno));
    return 0;
#else
    return ERR(e, ERR_NOTSUP, "AMX exists on x86-64 only");
#endif
}

const struct cpu_cache *cpu_data_cache(const struct cpu_info *c, int level)
{
    for (int i = 0; i < c->n_caches; i++)
        if (c->caches[i].level == level && c->caches[i].type != 'i')
            return &c->caches[i];
    return NULL;
}

int cpu_cache_levels(const struct cpu_info *c)
{
    int most = 0;

    for (int i = 0; i < c->n_caches; i++)
        if (c->caches[i].level > most && c->caches[i].type != 'i')
            most = c->caches[i].level;
    return most;
}

uint64_t cpu_last_cache_bytes(const struct cpu_info *c)
{
    const struct cpu_cache *last = cpu_data_cache(c, cpu_cache_levels(c));

    if (!last || last->bytes <= 0)
        return 0;
    return (uint64_t)last->bytes * (uint64_t)(last->instances > 0 ? last->instances : 1);
}

int cpu_level_holding(const struct cpu_info *c, double bytes, int threads)
{
    for (int level = 1; level <= cpu_cache_levels(c); level++) {
        const struct cpu_cache *cache = cpu_data_cache(c, level);
        int instances = !cache || cache->instances < 1 ? 1 : cache->instances;

        if (cache && bytes <= (double)cache->bytes * (instances < threads ? instances : threads))
            return level;
    }
    return 0;
}
