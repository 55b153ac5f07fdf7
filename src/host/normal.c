/* normal.c - reference ranges per CPU and GPU generation, each with its source. */
#include "host/normal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The more special entry of a benchmark comes first.  A range from results/ spans the runs on file;
 * one from paper names its formula.  Rates per core and cycle need no entry: they derive their
 * range from the clocks below. */
static const struct normal_entry entries[] = {
    { .kind = NULL },
};

/* Nominal base clock of the slowest model .. highest boost of the fastest, both named, among the
 * server and desktop processors of the generation.  Heavy 512-bit code may run below the nominal
 * base before Ice Lake, and under a power limit anything may. */
static const struct {
    enum uarch uarch;
    struct normal_clock clock;
} clocks[] = {
    { UARCH_SKYLAKE_SP, { 1.7, 4.2, "Bronze 3104 base, Gold 6144 turbo" } },
    { UARCH_CASCADE_LAKE, { 1.9, 4.5, "Bronze 3204 base, Gold 6256 turbo" } },
    { UARCH_ICE_LAKE_SP, { 2.0, 3.7, "Gold 6338 base, Platinum 8368Q turbo" } },
    { UARCH_SAPPHIRE_RAPIDS, { 1.7, 4.8, "Platinum 8470N base, w9-3495X turbo" } },
    { UARCH_EMERALD_RAPIDS, { 1.9, 4.2, "Platinum 8592+ base, Gold 6534 turbo" } },
    { UARCH_ZEN2, { 2.0, 4.7, "EPYC 7702 base, Ryzen 9 3950X boost" } },
    { UARCH_ZEN3, { 2.0, 4.9, "EPYC 7713 base, Ryzen 9 5950X boost" } },
    { UARCH_ZEN4, { 2.2, 5.7, "EPYC 9734 base, Ryzen 9 7950X boost" } },
    { UARCH_ZEN5, { 2.1, 5.7, "EPYC 9845 base, Ryzen 9 9950X boost" } },
};

/* Is `word` (n characters) one of the words of `text`? */
static bool has_word(const char *text, const char *word, size_t n)
{
    while (*text) {
        size_t len = strcspn(text, " ");

        if (len == n && memcmp(text, word, n) == 0)
            return true;
        text += len + (text[len] == ' ');
    }
    return false;
}

static bool asks_for_less(const char *asked, const char *settings)
{
    while (*asked) {
        size_t len = strcspn(asked, " ");

        if (len && !has_word(settings, asked, len))
            return false;
        asked += len + (asked[len] == ' ');
    }
    return true;
}

const struct normal_entry *normal_match(const struct normal_entry *table, const char *kind,
                                        const char *bench, const char *settings)
{
    for (const struct normal_entry *t = table; t->kind; t++)
        if (strcmp(t->kind, kind) == 0 && strcmp(t->bench, bench) == 0 &&
            asks_for_less(t->settings, settings))
            return t;
    return NULL;
}

bool normal_find(const char *kind, const char *bench, const char *settings, struct expected *out)
{
    const struct normal_entry *found = normal_match(entries, kind, bench, settings);

    if (!found)
        return false;
    out->lo = found->lo;
    out->hi = found->hi;
    snprintf(out->source, sizeof(out->source), "%s", found->source);
    return true;
}

bool normal_clock_of(enum uarch u, struct normal_clock *out)
{
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
        if (clocks[i].uarch == u) {
            *out = clocks[i].clock;
            return true;
        }
    return false;
}
