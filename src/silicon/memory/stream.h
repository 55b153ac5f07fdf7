/* stream.h - the loops behind silicon.memory on a CPU, one table of variants.
 *
 * All work on FP64 arrays aligned to 64 bytes with n a multiple of STREAM_BLOCK.
 *
 *   read   the wrapping sum of the 64-bit words (exact, independent of the order)
 *   write  a[i] = v
 *   copy   a[i] = b[i]
 *   triad  a[i] = b[i] + s * c[i], product and sum rounded once or twice: with small integers the
 *          result is exact either way
 *
 * Each does `passes` passes over the arrays; the sum of read runs over all of them.
 * Each makes `passes` passes; the sum of read runs over all of them.  Streaming variants store past
 * the caches (non-temporal) and are globally visible on return. */
#ifndef SILICON_MEMORY_STREAM_H
#define SILICON_MEMORY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STREAM_BLOCK = 64 }; /* elements: 512 bytes */

/* What the CPU must have; asked before a file built for it is entered. */
enum stream_isa { STREAM_ISA_ANY, STREAM_ISA_AVX2, STREAM_ISA_AVX512 };

struct stream_variant {
    const char *name;
    enum stream_isa isa;
    bool streaming;
    uint64_t (*read)(const double *a, size_t n, size_t passes); /* NULL in streaming variants */
    void (*write)(double *a, double v, size_t n, size_t passes);
    void (*copy)(double *a, const double *b, size_t n, size_t passes);
    void (*triad)(double *a, const double *b, const double *c, double s, size_t n, size_t passes);
};

/* NULL-terminated; every variant of this build, the widest first, "portable" last. */
extern const struct stream_variant *const stream_variants[];

/* May this CPU run it? */
bool stream_here(const struct stream_variant *v);

extern const struct stream_variant stream_portable;
extern const struct stream_variant stream_avx2, stream_avx2_nt;
extern const struct stream_variant stream_avx512, stream_avx512_nt;
extern const struct stream_variant stream_neon, stream_neon_nt;

/* Between two passes: as far as the compiler knows memory has changed, so it merges none. */
static inline void stream_fresh(void)
{
    __asm__ volatile("" : : : "memory");
}

#endif
