/* style.c - what a terminal can show. */
#include "report/style.h"

#include <math.h>
#include <string.h>

enum { NARROWEST = 40 };

void style_paint(FILE *f, const struct terminal_style *s, enum style_colour colour)
{
    static const char *const code[] = {
        [STYLE_PLAIN] = "\x1b[0m", [STYLE_BOLD] = "\x1b[1m",  [STYLE_DIM] = "\x1b[2m",
        [STYLE_GOOD] = "\x1b[32m", [STYLE_WARN] = "\x1b[33m", [STYLE_ALARM] = "\x1b[1;31m",
    };

    if (s->colour)
        fputs(code[colour], f);
}

int style_columns(const struct terminal_style *s)
{
    return s->columns < NARROWEST ? NARROWEST : s->columns;
}

void style_bar(char *out, size_t cap, double part, int cells, bool utf8)
{
    const char *on = utf8 ? "\xE2\x96\x88" : "#", *off = utf8 ? "\xE2\x96\x91" : ".";
    int full;

    out[0] = '\0';
    if (!isfinite(part))
        return;
    full = (int)lround(fmin(fmax(part, 0), 1) * cells);
    for (int i = 0; i < cells; i++) {
        size_t n = strlen(out);

        snprintf(out + n, cap - n, "%s", i < full ? on : off);
    }
}
