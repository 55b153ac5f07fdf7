/* style.h - what a terminal can show: its width, its colours, its characters. */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

#include <stdbool.h>
#include <stdio.h>

struct terminal_style {
    int columns; /* width to fill; below 40 counts as 40 */
    bool utf8;   /* the locale can show it */
    bool colour; /* a terminal, and NO_COLOR is not set */
};

enum style_colour { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_WARN, STYLE_ALARM };

/* From here on in this colour, where there are colours; STYLE_PLAIN ends it. */
void style_paint(FILE *f, const struct terminal_style *s, enum style_colour colour);

/* The width to fill. */
int style_columns(const struct terminal_style *s);

/* A bar of `cells` characters, `part` (0 to 1) of them full; "" where part is not finite. */
void style_bar(char *out, size_t cap, double part, int cells, bool utf8);

#endif
