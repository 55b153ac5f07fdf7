/* size.h - size arithmetic that cannot wrap silently.
 *
 * Each returns 0, or ERR_ARG when the true result does not fit size_t; *out is then untouched. */
#ifndef CORE_SIZE_H
#define CORE_SIZE_H

#include <stddef.h>

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

#endif
