/* From stamps of counters to a clock: known answers, and stamps that do not belong together. */
#include "gpu/gpu_clock.h"

#include <math.h>

#include "test.h"

enum { N = 5 };

int main(void)
{
    struct gpu_clock_stamp from[N] = { { 0, 0 } }, to[N] = { { 0, 0 } };

    CHECK(isnan(gpu_clock_between(from, to, N)));
    for (int i = 0; i < N; i++) {
        from[i] = (struct gpu_clock_stamp){ 1000u * (unsigned)i, 5000000u + (unsigned)i };
        to[i] = (struct gpu_clock_stamp){ from[i].cycles + 1770000, from[i].ns + 1000000 };
    }
    CHECK_NEAR(gpu_clock_between(from, to, N), 1.77e9, 1);
    CHECK(isnan(gpu_clock_between(to, from, N)));
    /* A multiprocessor that no block reached in one of the two: its stamp is from before. */
    from[1] = (struct gpu_clock_stamp){ 7, 1000000 };
    to[2] = (struct gpu_clock_stamp){ 9, 3000000 };
    CHECK_NEAR(gpu_clock_between(from, to, N), 1.77e9, 1);
    for (int i = 0; i < N; i++)
        to[i] = (struct gpu_clock_stamp){ 0, 0 };
    CHECK(isnan(gpu_clock_between(from, to, N)));
    CHECK(isnan(gpu_clock_between(from, to, 0)));
    TEST_DONE();
}
