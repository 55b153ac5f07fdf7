/* sparkline.c - a row of numbers as a row of small bars. */
#include "report/sparkline.h"

#include <math.h>
#include <string.h>

enum { HEIGHTS = 8 };

/* Less than this part of the middle fills no more than its share of the height. */
static const double RANGE_MIN = 0.05;

static void add(char out[SPARKLINE_BYTES], size_t *at, const char *sign)
{
    size_t n = strlen(sign);

    memcpy(out + *at, sign, n + 1);
    *at += n;
}

void sparkline(const double *x, size_t n, int width, bool utf8, char out[SPARKLINE_BYTES])
{
    static const char *const blocks[HEIGHTS] = { "\u2581", "\u2582", "\u2583", "\u2584",
                                                 "\u2585", "\u2586", "\u2587", "\u2588" };
    static const char *const letters[HEIGHTS] = { "_", ".", ",", "-", "~", "=", "^", "#" };
    double lo = INFINITY, hi = -INFINITY, least;
    size_t at = 0, shown = (size_t)(width < SPARKLINE_MAX ? width : SPARKLINE_MAX);

    if (n > shown) {
        x += n - shown;
        n = shown;
    }
    for (size_t i = 0; i < n; i++) {
        lo = isfinite(x[i]) ? fmin(lo, x[i]) : lo;
        hi = isfinite(x[i]) ? fmax(hi, x[i]) : hi;
    }
    least = RANGE_MIN * fabs(lo + hi) / 2;
    if (hi - lo < least) {
        lo = (lo + hi - least) / 2;
        hi = lo + least;
    }
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        double part = hi > lo ? (x[i] - lo) / (hi - lo) : 0.5;
        int height = isfinite(part) ? (int)fmin(part * HEIGHTS, HEIGHTS - 1) : 0;

        add(out, &at, !isfinite(x[i]) ? " " : utf8 ? blocks[height] : letters[height]);
    }
}
