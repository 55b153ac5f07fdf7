/* figures.h - numbers for people: three to four significant digits, one unit per benchmark. */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

enum { FIGURES_TEXT = 32 };

/* A unit to show `unit` in: value shown = factor x value. */
struct figures_unit {
    double factor;
    char name[24];
};

/* Chosen for the largest value of all that share it: as it is from 0.1 to 10,000, else with the
 * decimal prefix that puts it between 1 and 1,000 ("IOPS" -> "kIOPS", "ns" -> "ms"). */
struct figures_unit figures_unit_for(const char *unit, double largest);

/* Decimals that give v four significant digits (0 to 6). */
int figures_decimals(double v);

/* The minus is U+2212 with utf8.  NaN gives "-". */
void figures_number(char out[FIGURES_TEXT], double v, int decimals, bool utf8);

/* "34.9 %"; more digits near 0 and 100 say nothing. */
void figures_percent(char out[FIGURES_TEXT], double v, bool utf8);

/* "12.5 GiB": memory sizes. */
void figures_gib(char out[FIGURES_TEXT], double bytes);

/* "0.8 s", "12 s", "2 min 05 s", "1 h 04 min". */
void figures_duration(char out[FIGURES_TEXT], double seconds);

#endif
