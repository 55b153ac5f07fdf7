/* size.h - sizes: arithmetic that cannot wrap silently, and words.
 *
 * The arithmetic returns 0, or ERR_ARG when the true result does not fit size_t; *out is then
 * untouched. */
#ifndef CORE_SIZE_H
#define CORE_SIZE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/err.h"

static inline int size_mul(size_t a, size_t b, size_t *out)
{
    size_t r;

    if (__builtin_mul_overflow(a, b, &r))
        return ERR_ARG;
    *out = r;
    return 0;
}

static inline int size_add(size_t a, size_t b, size_t *out)
{
    size_t r;

    if (__builtin_add_overflow(a, b, &r))
        return ERR_ARG;
    *out = r;
    return 0;
}

/* Round a up to a multiple of `to`, a power of two. */
static inline int size_pad(size_t a, size_t to, size_t *out)
{
    size_t r;

    if (to == 0 || (to & (to - 1)) != 0 || __builtin_add_overflow(a, to - 1, &r))
        return ERR_ARG;
    *out = r & ~(to - 1);
    return 0;
}

/* In words, with four digits at most: "24 KiB", "256 MiB", "1.172 GiB".  Gives buf. */
enum { SIZE_TEXT = 24 };
static inline const char *size_text(char buf[SIZE_TEXT], uint64_t bytes)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    double x = (double)bytes;
    int unit = 0;

    for (; x >= 1024 && unit < 4; unit++)
        x /= 1024;
    snprintf(buf, SIZE_TEXT, "%.4g %s", x, units[unit]);
    return buf;
}

#endif
