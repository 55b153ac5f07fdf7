/* clockspeed.c - the real clock of the calling core, from a chain of dependent instructions. */
#include "host/clockspeed.h"

#include <stdlib.h>

#include "core/clock.h"

enum { UNROLL = 64, LINKS = 12800, CHAINS_MIN = 5, CHAINS_MAX = 501 };

/* The loop's own counter and branch run beside the chain and cost no time of their own. */
#if defined(__x86_64__)
static const double second_cycles = 3;

static void run_add(uint64_t turns)
{
    uint64_t x = 1, y = 3;

    __asm__ volatile("1:\n\t"
                     ".rept 64\n\t"
                     "add %2, %0\n\t"
                     ".endr\n\t"
                     "dec %1\n\t"
                     "jnz 1b"
                     : "+r"(x), "+r"(turns)
                     : "r"(y)
                     : "cc");
}

static void run_second(uint64_t turns)
{
    uint64_t x = 1, y = 3;

    __asm__ volatile("1:\n\t"
                     ".rept 64\n\t"
                     "imul %2, %0\n\t"
                     ".endr\n\t"
                     "dec %1\n\t"
                     "jnz 1b"
                     : "+r"(x), "+r"(turns)
                     : "r"(y)
                     : "cc");
}
#elif defined(__aarch64__)
static const double second_cycles = 1;

static void run_add(uint64_t turns)
{
    uint64_t x = 1, y = 3;

    __asm__ volatile("1:\n\t"
                     ".rept 64\n\t"
                     "add %0, %0, %2\n\t"
                     ".endr\n\t"
                     "subs %1, %1, #1\n\t"
                     "b.ne 1b"
                     : "+r"(x), "+r"(turns)
                     : "r"(y)
                     : "cc");
}

static void run_second(uint64_t turns)
{
    uint64_t x = 1, y = 3;

    __asm__ volatile("1:\n\t"
                     ".rept 64\n\t"
                     "eor %0, %0, %2\n\t"
                     ".endr\n\t"
                     "subs %1, %1, #1\n\t"
                     "b.ne 1b"
                     : "+r"(x), "+r"(turns)
                     : "r"(y)
                     : "cc");
}
#else
#error "headroom knows x86-64 and aarch64"
#endif

double clockspeed_chain_ns(enum clockspeed_chain kind, uint64_t links)
{
    uint64_t turns = (links + UNROLL - 1) / UNROLL, start, end;

    if (turns == 0)
        return 0;
    start = clock_now_ns();
    if (kind == CLOCKSPEED_ADD)
        run_add(turns);
    else
        run_second(turns);
    end = clock_now_ns();
    return (double)(end - start);
}

/* The least time between two readings of the clock: what every chain contains besides itself. */
static double clock_floor_ns(void)
{
    double least = 1e9;

    for (int i = 0; i < 8; i++) {
        uint64_t a = clock_now_ns(), b = clock_now_ns();

        if ((double)(b - a) < least)
            least = (double)(b - a);
    }
    return least;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double clockspeed_chain_hz(enum clockspeed_chain kind, double seconds)
{
    const double cycles = kind == CLOCKSPEED_ADD ? 1 : second_cycles;
    double ns[CHAINS_MAX], floor_ns = clock_floor_ns(), spent_ns = 0;
    uint64_t links = (uint64_t)(LINKS / cycles);
    int n = 0;

    links -= links % UNROLL;
    while (n < CHAINS_MIN || (n < CHAINS_MAX && spent_ns < seconds * 1e9)) {
        /* Past the first few the length is known that spreads the rest over all the time. */
        if (n == CHAINS_MIN) {
            double even = seconds * 1e9 / CHAINS_MAX, so_far = spent_ns / n;

            if (even > so_far)
                links = (uint64_t)((double)links * even / so_far) / UNROLL * UNROLL;
        }
        ns[n] = clockspeed_chain_ns(kind, links);
        spent_ns += ns[n];
        ns[n] = (ns[n] - floor_ns) / (double)links;
        n++;
    }
    qsort(ns, (size_t)n, sizeof(ns[0]), by_value);
    return 1e9 * cycles / ns[n / 2];
}

double clockspeed_hz(double seconds)
{
    return clockspeed_chain_hz(CLOCKSPEED_ADD, seconds);
}

double clockspeed_now_hz(void)
{
    return clockspeed_hz(20e-6);
}
