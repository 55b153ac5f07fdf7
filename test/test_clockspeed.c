/* test_clockspeed.c - the clock from chains of instructions: two kinds agree, and it is a clock. */
#include "host/clockspeed.h"

#include <string.h>

#include "core/clock.h"
#include "host/sysfile.h"
#include "test.h"

/* An emulated instruction takes no fixed number of cycles. */
static void skip_when_emulated(void)
{
#if defined(__aarch64__)
    char text[256];

    if (sysfile_read("", "/proc/cpuinfo", text, sizeof(text), NULL) == 0 &&
        strstr(text, "vendor_id"))
        TEST_SKIP("this aarch64 program runs on an x86 CPU, emulated");
#endif
}

int main(void)
{
    double best = 1, add_hz = 0, second_hz = 0, shortest = HUGE_VAL;
    int near = 0;

    CHECK_NEAR(clockspeed_chain_ns(CLOCKSPEED_ADD, 0), 0, 0);
    skip_when_emulated();
    /* The clock of a busy machine moves between two probes: the best of some pairs counts. */
    for (int i = 0; i < 50 && best > 0.01; i++) {
        double a = clockspeed_chain_hz(CLOCKSPEED_ADD, 1e-3);
        double b = clockspeed_chain_hz(CLOCKSPEED_SECOND, 1e-3), d = fabs(a / b - 1);

        if (d < best) {
            best = d;
            add_hz = a;
            second_hz = b;
        }
    }
    printf("add %.4f GHz, second kind %.4f GHz\n", 1e-9 * add_hz, 1e-9 * second_hz);
    CHECK_NEAR(add_hz / second_hz, 1, 0.03);
    CHECK(add_hz > 0.5e9 && add_hz < 7e9);
    /* A million additions take a million cycles of the clock just measured. */
    best = 1;
    for (int i = 0; i < 50 && best > 0.01; i++) {
        double ns = clockspeed_chain_ns(CLOCKSPEED_ADD, 1000000);

        shortest = fmin(shortest, ns);
        best = fmin(best, fabs(1e15 / ns / clockspeed_hz(1e-3) - 1));
    }
    CHECK(shortest >= 0.1e6 && shortest <= 2e6); /* 10 GHz ... 0.5 GHz */
    CHECK(best <= 0.03);

    shortest = HUGE_VAL;
    /* A probe is short enough to be taken between samples, and most agree with the long ones. */
    for (int i = 0; i < 40; i++) {
        uint64_t start = clock_now_ns();
        double hz = clockspeed_now_hz();

        shortest = fmin(shortest, (double)(clock_now_ns() - start));
        near += fabs(hz / add_hz - 1) <= 0.25;
    }
    printf("a probe takes %.1f us, %d of 40 within 25 %%\n", 1e-3 * shortest, near);
    CHECK(shortest < 100e3);
    CHECK(near >= 20);
    TEST_DONE();
}
