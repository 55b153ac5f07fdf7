/* fuzz.h - what every fuzz/fuzz_<x>.c is made of.
 *
 * A target defines LLVMFuzzerTestOneInput and states its oracles with FUZZ_CHECK.  In the preset
 * `fuzz` libFuzzer drives it; everywhere else replay.c runs it over fuzz/corpus/<x>. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An oracle that does not hold is a finding, like a crash. */
#define FUZZ_CHECK(cond)                                                              \
    do {                                                                              \
        if (!(cond)) {                                                                \
            fprintf(stderr, "%s:%d: oracle failed: %s\n", __FILE__, __LINE__, #cond); \
            abort();                                                                  \
        }                                                                             \
    } while (0)

/* The input in a block of exactly its size, so that the address sanitizer sees the first byte read
 * past its end; with a terminator where the target reads text.  free() it. */
static inline char *fuzz_copy(const uint8_t *data, size_t size)
{
    char *p = malloc(size ? size : 1);

    FUZZ_CHECK(p);
    if (size)
        memcpy(p, data, size);
    return p;
}

static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *p = malloc(size + 1);

    FUZZ_CHECK(p);
    if (size)
        memcpy(p, data, size);
    p[size] = '\0';
    return p;
}

#endif
