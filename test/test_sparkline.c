/* test_sparkline.c - a row of numbers as a row of small bars. */
#include "test.h"

#include "report/sparkline.h"

static void draws(const double *x, size_t n, int width, bool utf8, const char *expected)
{
    char line[SPARKLINE_BYTES];

    sparkline(x, n, width, utf8, line);
    CHECK_STR(line, expected);
}

int main(void)
{
    const double rise[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
    const double gap[] = { 1, NAN, 9 }, noise[] = { 100, 100.5, 99.5, 100 };
    const double same[] = { 5, 5 }, none[] = { NAN, INFINITY }, zero[] = { 0, 0 };
    double many[500];
    char line[SPARKLINE_BYTES];

    draws(rise, 9, 20, false, "_.,-~=^##");
    draws(rise, 9, 20, true, "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588\u2588");
    draws(rise, 9, 3, false, "_~#"); /* the last three: 6, 7, 8 */
    draws(gap, 3, 20, false, "_ #");
    draws(noise, 4, 20, false, "~~-~"); /* 1 % is not stretched over the whole height */
    draws(same, 2, 20, false, "~~");
    draws(zero, 2, 20, false, "~~");
    draws(none, 2, 20, false, "  ");
    draws(NULL, 0, 20, true, "");
    for (int i = 0; i < 500; i++)
        many[i] = i % 7;
    sparkline(many, 500, 1000, true, line);
    CHECK_EQ(strlen(line), 3 * SPARKLINE_MAX);
    TEST_DONE();
}
