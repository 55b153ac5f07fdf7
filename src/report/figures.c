/* figures.c - numbers for people. */
#include "report/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    int exponent;
} prefixes[] = { { "n", -9 }, { "u", -6 }, { "\xC2\xB5", -6 }, { "m", -3 }, { "", 0 },
                 { "k", 3 },  { "M", 6 },  { "G", 9 },         { "T", 12 }, { "P", 15 } };

enum { PREFIXES = sizeof(prefixes) / sizeof(prefixes[0]) };

/* Units that take a prefix; all others ("tok/s") are shown as they are. */
static const char *const bases[] = { "B/s", "FLOPS", "OPS", "IOPS", "s", "J", "W", "Hz" };

/* The base of a unit and its exponent, or NULL. */
static const char *split_unit(const char *unit, int *exponent)
{
    for (size_t p = 0; p < PREFIXES; p++) {
        size_t n = strlen(prefixes[p].text);

        if (strncmp(unit, prefixes[p].text, n) != 0)
            continue;
        for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++)
            if (strcmp(unit + n, bases[b]) == 0) {
                *exponent = prefixes[p].exponent;
                return bases[b];
            }
    }
    return NULL;
}

struct figures_unit figures_unit_for(const char *unit, double largest)
{
    struct figures_unit u = { .factor = 1 };
    int exponent = 0, wanted;
    const char *base = split_unit(unit, &exponent);

    snprintf(u.name, sizeof(u.name), "%s", unit);
    largest = fabs(largest);
    if (!base || !isfinite(largest) || largest == 0 || (largest >= 0.1 && largest < 10000))
        return u;
    wanted = 3 * (int)floor((log10(largest) + exponent) / 3);
    for (size_t p = 0; p < PREFIXES; p++)
        if (prefixes[p].exponent == wanted) {
            snprintf(u.name, sizeof(u.name), "%s%s", prefixes[p].text, base);
            u.factor = pow(10, exponent - wanted);
            return u;
        }
    return u;
}

int figures_decimals(double v)
{
    int digits_before;

    v = fabs(v);
    if (!isfinite(v) || v == 0)
        return 0;
    digits_before = (int)floor(log10(v)) + 1;
    return digits_before >= 4 ? 0 : digits_before <= -2 ? 6 : 4 - digits_before;
}

void figures_number(char out[FIGURES_TEXT], double v, int decimals, bool utf8)
{
    char digits[FIGURES_TEXT - 4];

    if (!isfinite(v)) {
        snprintf(out, FIGURES_TEXT, "-");
        return;
    }
    snprintf(digits, sizeof(digits), fabs(v) < 1e9 ? "%.*f" : "%.*e", fabs(v) < 1e9 ? decimals : 3,
             fabs(v));
    snprintf(out, FIGURES_TEXT, "%s%s",
             v >= 0 || strspn(digits, "0.") == strlen(digits) ? ""
             : utf8                                           ? "\xE2\x88\x92"
                                                              : "-",
             digits);
}

void figures_percent(char out[FIGURES_TEXT], double v, bool utf8)
{
    char number[FIGURES_TEXT];

    figures_number(number, v, 1, utf8);
    snprintf(out, FIGURES_TEXT, isfinite(v) ? "%.*s %%" : "%.*s", FIGURES_TEXT - 4, number);
}

void figures_gib(char out[FIGURES_TEXT], double bytes)
{
    double gib = bytes / 1073741824.0;

    snprintf(out, FIGURES_TEXT, gib < 10 ? "%.1f GiB" : "%.0f GiB", gib);
}

void figures_duration(char out[FIGURES_TEXT], double seconds)
{
    long s;

    if (!(seconds >= 0) || seconds > 1e8) {
        snprintf(out, FIGURES_TEXT, "-");
        return;
    }
    s = lround(seconds);
    if (seconds < 9.95)
        snprintf(out, FIGURES_TEXT, "%.1f s", seconds);
    else if (s < 60)
        snprintf(out, FIGURES_TEXT, "%ld s", s);
    else if (s < 3600)
        snprintf(out, FIGURES_TEXT, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(out, FIGURES_TEXT, "%ld h %02ld min", s / 3600, s / 60 % 60);
}
