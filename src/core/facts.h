/* facts.h - what is known about the machine, the build and the environment: a flat list of
 * dotted keys ("cpu.model", "os.kernel"), each with a value or with the reason why there is none.
 *
 * Written by host/ and gpu/, printed by report/, turned into nested JSON by store/.  A list index
 * is a number in the key: "gpus.0.model". */
#ifndef CORE_FACTS_H
#define CORE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fact_kind { FACT_NULL, FACT_BOOL, FACT_INT, FACT_REAL, FACT_TEXT };

struct fact {
    char *key; /* owned */
    enum fact_kind kind;
    int64_t i;  /* FACT_BOOL, FACT_INT */
    double r;   /* FACT_REAL */
    char *text; /* FACT_TEXT: the value; FACT_NULL: the reason; owned */
};

struct facts {
    struct fact *f; /* in the order written; owned */
    size_t n, cap;
    bool lost; /* memory ran out: some are missing */
};

void facts_release(struct facts *fs);

/* Each sets a key (the last writer wins). */
void facts_text(struct facts *fs, const char *key, const char *value);
void facts_int(struct facts *fs, const char *key, int64_t value);
void facts_real(struct facts *fs, const char *key, double value);
void facts_bool(struct facts *fs, const char *key, bool value);
void facts_null(struct facts *fs, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* NULL when the key is not there. */
const struct fact *facts_get(const struct facts *fs, const char *key);
const char *facts_get_text(const struct facts *fs, const char *key, const char *otherwise);
double facts_get_number(const struct facts *fs, const char *key, double otherwise);

#endif
