/* fuzz_axis.c - what the user may write as a number, a size, a time or the values of an axis.
 *
 * The first byte chooses the reader, the rest is the text.  Oracles: what is accepted lies in its
 * range; what is refused has a message; an accepted value, written and read again, is the same. */
#include "fuzz.h"

#include <math.h>
#include <stdbool.h>

#include "core/axis.h"

static const char *const ops[] = { "read", "write", "copy", "triad", NULL };
static const struct axis axes[] = {
    { .name = "op", .kind = AXIS_ENUM, .names = ops, .normal = "read" },
    { .name = "threads", .kind = AXIS_INT, .lo = 1, .hi = 1 << 20, .normal = "1" },
    { .name = "size", .kind = AXIS_SIZE, .lo = 1, .hi = INT64_MAX, .normal = "4KiB" },
    { .name = "model", .kind = AXIS_WORD, .normal = "a" },
};

static bool refused(int rc, const struct err *e)
{
    if (rc == 0)
        return false;
    FUZZ_CHECK(rc == ERR_ARG && e->code == rc && e->msg[0]);
    return true;
}

static void check_axis(const struct axis *a, const char *text)
{
    struct axis_values got, again;
    struct err e = { 0 };
    char one[AXIS_TEXT];

    if (refused(axis_parse(a, text, &got, &e), &e))
        return;
    FUZZ_CHECK(got.n > 0 && got.n <= AXIS_VALUES_MAX);
    for (int i = 0; i < got.n; i++) {
        if (a->kind == AXIS_ENUM)
            FUZZ_CHECK(got.v[i] >= 0 && got.v[i] < 4);
        else if (a->kind != AXIS_WORD)
            FUZZ_CHECK(got.v[i] >= a->lo && got.v[i] <= a->hi);
        axis_format(a, got.v[i], one);
        FUZZ_CHECK(axis_parse(a, one, &again, &e) == 0);
        FUZZ_CHECK(again.n == 1 && again.v[0] == got.v[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { 0 };
    int64_t whole = 0;
    double seconds = NAN;
    char *text;

    if (size == 0)
        return 0;
    text = fuzz_text(data + 1, size - 1);
    switch (data[0] % 7) {
    case 0:
        if (!refused(parse_int(text, -1000, 1000, "--n", &whole, &e), &e))
            FUZZ_CHECK(whole >= -1000 && whole <= 1000);
        break;
    case 1:
        if (!refused(parse_size(text, 1, 1LL << 50, "--size", &whole, &e), &e))
            FUZZ_CHECK(whole >= 1 && whole <= 1LL << 50);
        break;
    case 2:
        if (!refused(parse_seconds(text, 0.01, 3600, "--seconds", &seconds, &e), &e))
            FUZZ_CHECK(seconds >= 0.01 && seconds <= 3600);
        break;
    default: check_axis(&axes[data[0] % 7 - 3], text); break;
    }
    free(text);
    return 0;
}
