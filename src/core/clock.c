/* clock.c - the one host clock. */
#include "core/clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t clock_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct clock_cost clock_measure(void)
{
    enum { GROUPS = 101, CALLS = 200 };
    struct clock_cost c = { .tick_ns = INFINITY };
    double cost[GROUPS];

    for (int g = 0; g < GROUPS; g++) {
        uint64_t first = clock_now_ns(), last = first;

        for (int i = 0; i < CALLS; i++) {
            uint64_t now = clock_now_ns();

            if (now > last)
                c.tick_ns = fmin(c.tick_ns, (double)(now - last));
            last = now;
        }
        cost[g] = (double)(last - first) / CALLS;
    }
    qsort(cost, GROUPS, sizeof(cost[0]), by_value);
    c.overhead_ns = cost[GROUPS / 2];
    return c;
}

void clock_sleep_ns(uint64_t ns)
{
    struct timespec t = { .tv_sec = (time_t)(ns / 1000000000u),
                          .tv_nsec = (long)(ns % 1000000000u) };

    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

void clock_utc(char buf[32])
{
    struct timespec now;
    struct tm tm;
    char day[24];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buf, 32, "%s.%03dZ", day, (int)(now.tv_nsec / 1000000));
}

double clock_unix_s(void)
{
    struct timespec now;
    long ms;

    clock_gettime(CLOCK_REALTIME, &now);
    ms = now.tv_nsec / 1000000;
    return (double)now.tv_sec + (double)ms * 1e-3;
}

void clock_utc_compact(char buf[32])
{
    time_t now = time(NULL);
    struct tm tm;

    gmtime_r(&now, &tm);
    strftime(buf, 32, "%Y%m%dT%H%M%SZ", &tm);
}
