/* test.h - the whole test framework: a test is a program; 0 passed, 1 failed, 77 skipped. */
#ifndef TEST_H
#define TEST_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static __attribute__((unused)) int test_failures; /* a test that is only skipped has none */

#define CHECK(cond)                                                            \
    do {                                                                       \
        if (!(cond)) {                                                         \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #cond); \
            test_failures++;                                                   \
        }                                                                      \
    } while (0)

#define CHECK_EQ(a, b)                                                                            \
    do {                                                                                          \
        long long a_ = (long long)(a), b_ = (long long)(b);                                       \
        if (a_ != b_) {                                                                           \
            fprintf(stderr, "%s:%d: failed: %s == %s (%lld, %lld)\n", __FILE__, __LINE__, #a, #b, \
                    a_, b_);                                                                      \
            test_failures++;                                                                      \
        }                                                                                         \
    } while (0)

/* |a - b| <= tol, written so that NaN fails. */
#define CHECK_NEAR(a, b, tol)                                                                      \
    do {                                                                                           \
        double a_ = (a), b_ = (b);                                                                 \
        if (!(fabs(a_ - b_) <= (tol))) {                                                           \
            fprintf(stderr, "%s:%d: failed: %s ~ %s (%.17g, %.17g)\n", __FILE__, __LINE__, #a, #b, \
                    a_, b_);                                                                       \
            test_failures++;                                                                       \
        }                                                                                          \
    } while (0)

#define CHECK_STR(a, b)                                                                           \
    do {                                                                                          \
        const char *a_ = (a), *b_ = (b);                                                          \
        if (strcmp(a_, b_) != 0) {                                                                \
            fprintf(stderr, "%s:%d: failed: %s == %s (\"%s\", \"%s\")\n", __FILE__, __LINE__, #a, \
                    #b, a_, b_);                                                                  \
            test_failures++;                                                                      \
        }                                                                                         \
    } while (0)

/* The line says why; ctest counts the test as skipped. */
#define TEST_SKIP(...)                   \
    do {                                 \
        printf("skipped: " __VA_ARGS__); \
        printf("\n");                    \
        exit(77);                        \
    } while (0)

#define TEST_DONE() return test_failures ? 1 : 0

#endif
