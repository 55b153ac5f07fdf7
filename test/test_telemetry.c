/* test_telemetry.c - the sampler over trees of files, and its cost on the real machine. */
#include "host/sampler.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "core/clock.h"
#include "core/mem.h"
#include "fake_tree.h"
#include "host/telemetry_source.h"
#include "test.h"

#define RAPL "/sys/class/powercap/intel-rapl:"
#define CPU0 "/sys/devices/system/cpu/cpu0"

static void release(struct result_run *run)
{
    for (int i = 0; i < run->n_telemetry; i++) {
        mem_free(run->telemetry[i].t_s);
        mem_free(run->telemetry[i].value);
    }
    mem_free(run->telemetry);
    *run = (struct result_run){ 0 };
}

static const struct series *find(const struct result_run *run, const char *name)
{
    for (int i = 0; i < run->n_telemetry; i++)
        if (strcmp(run->telemetry[i].name, name) == 0)
            return &run->telemetry[i];
    fprintf(stderr, "no series %s\n", name);
    exit(1);
}

/* A server with everything: two packages of which the second has no dram domain. */
static void server(const char *root)
{
    fake_put(root, "/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu MHz\t: 1.0\n");
    fake_put(root, "/sys/devices/system/cpu/online", "0\n");
    fake_cpu(root, 0, "0", 0, NULL, NULL, NULL);
    fake_put(root, CPU0 "/cpufreq/scaling_cur_freq", "2500000\n");
    fake_put(root, "/sys/class/hwmon/hwmon3/name", "coretemp\n");
    fake_put(root, "/sys/class/hwmon/hwmon3/temp1_input", "45000\n");
    fake_put(root, RAPL "0/name", "package-0\n");
    fake_put(root, RAPL "0/max_energy_range_uj", "262143328850\n");
    fake_put(root, RAPL "0/energy_uj", "262143000000\n");
    fake_put(root, RAPL "0:0/name", "dram\n");
    fake_put(root, RAPL "0:0/max_energy_range_uj", "65712999613\n");
    fake_put(root, RAPL "0:0/energy_uj", "1000000\n");
    fake_put(root, RAPL "0:1/name", "core\n"); /* part of the package: not added again */
    fake_put(root, RAPL "0:1/energy_uj", "5\n");
    fake_put(root, RAPL "1/name", "package-1\n");
    fake_put(root, RAPL "1/max_energy_range_uj", "262143328850\n");
    fake_put(root, RAPL "1/energy_uj", "500000000\n");
    fake_put(root, "/proc/stat", "cpu  100 0 100 5000 0 0 0 20 0 0\ncpu0 1 2 3\n");
    fake_put(root, "/proc/loadavg", "1.50 1.00 0.50 3/120 4711\n");
    fake_put(root, "/proc/meminfo", "MemTotal: 2000 kB\nMemAvailable: 1000 kB\n");
    fake_put(root, "/proc/self/statm", "5000 250 100 1 0 300 0\n");
    fake_put(root, CPU0 "/thermal_throttle/package_throttle_total_time_ms", "1000\n");
}

static void test_server(void)
{
    char root[FAKE_ROOT];
    struct err e = { 0 };
    struct result_run run = { 0 };
    uint64_t t0, t1;
    double s;
    void *h;

    fake_new(root);
    server(root);
    CHECK_EQ(sampler_open_at(&h, root, 0, &e), 0);
    clock_sleep_ns(20000000);
    sampler_sample(h);
    t0 = clock_now_ns();
    clock_sleep_ns(1100000000);
    /* Package 0 passes its range: 328,850 uJ up to it and 100 J from 0; package 1 counts 50 J. */
    fake_put(root, RAPL "0/energy_uj", "100000000\n");
    fake_put(root, RAPL "1/energy_uj", "550000000\n");
    fake_put(root, RAPL "0:0/energy_uj", "12000000\n");
    fake_put(root, CPU0 "/cpufreq/scaling_cur_freq", "1200000\n");
    fake_put(root, "/sys/class/hwmon/hwmon3/temp1_input", "71500\n");
    fake_put(root, "/proc/stat", "cpu  350 0 150 5000 0 0 0 75 0 0\n");
    fake_put(root, CPU0 "/thermal_throttle/package_throttle_total_time_ms", "1550\n");
    sampler_sample(h);
    t1 = clock_now_ns();
    sampler_window(h, t0, t1, &run);
    s = 1e-9 * (double)(t1 - t0); /* 1.1, and what a busy machine adds */

    CHECK_STR(run.energy_reason, "");
    CHECK_NEAR(run.energy_j, 150.32885, 1.0); /* interpolated: t0 is just after a reading */
    CHECK(isnan(run.idle_w));
    CHECK_EQ(find(&run, "cpu.power")->n, 1);
    CHECK_NEAR(find(&run, "cpu.power")->value[0], 150.3 / s, 5);
    CHECK_NEAR(find(&run, "dram.power")->value[0], 11 / s, 1);
    CHECK_NEAR(find(&run, "cpu.clock_mean")->value[0], 1200, 0);
    CHECK_NEAR(find(&run, "cpu.temperature")->value[0], 71.5, 0);
    CHECK_NEAR(find(&run, "process.rss")->value[0], 250e-6 * (double)sysconf(_SC_PAGESIZE), 1e-9);
    CHECK_NEAR(find(&run, "system.load_1m")->value[0], 1.5, 0);
    CHECK_NEAR(find(&run, "system.runnable")->value[0], 2, 0);
    CHECK_NEAR(find(&run, "system.memory_available")->value[0], 1.024e-3, 1e-12);
    /* 300 ticks of 10 ms in s seconds, less what this process used itself. */
    CHECK_NEAR(find(&run, "system.others_cpu")->value[0], 300 / s, 15);
    CHECK_NEAR(find(&run, "system.steal")->value[0], 55 / s, 3);
    CHECK_NEAR(run.throttled_fraction, 0.55 / s, 0.02);
    CHECK(strncmp(run.throttle_causes, "thermal slowdown ", 17) == 0);
    CHECK(run.cpu_seconds >= 0 && run.cpu_seconds < 0.5);
    CHECK(run.context_switches >= 0 && run.page_faults >= 0);
    release(&run);

    /* A window shorter than a second has no energy, and says so. */
    sampler_window(h, t1 - 500000000, t1, &run);
    CHECK(isnan(run.energy_j));
    CHECK(strstr(run.energy_reason, "too short"));
    release(&run);

    /* A counter that steps back by less than its range: no joules, neither then nor across. */
    clock_sleep_ns(10000000);
    fake_put(root, RAPL "1/energy_uj", "549000000\n");
    sampler_sample(h);
    t1 = clock_now_ns();
    sampler_window(h, t0, t1, &run);
    CHECK(isnan(run.energy_j));
    CHECK(strstr(run.energy_reason, "stepped back"));
    release(&run);

    /* Before the opening and after now nothing is known. */
    sampler_window(h, 1, 2, &run);
    CHECK(isnan(run.cpu_seconds));
    CHECK_EQ(find(&run, "system.load_1m")->n, 0);
    CHECK(strstr(find(&run, "system.load_1m")->reason, "no reading"));
    release(&run);
    sampler_window(h, t1, t0, &run); /* the wrong way round is an empty window */
    CHECK_NEAR(run.cpu_seconds, 0, 0);
    release(&run);
    sampler_close(h);
    fake_remove(root);
}

static void test_poor_trees(void)
{
    static const char *const channels[] = {
        "cpu.clock_mean", "cpu.temperature",         "cpu.power",       "dram.power",
        "process.rss",    "system.load_1m",          "system.runnable", "system.others_cpu",
        "system.steal",   "system.memory_available", "cpu.throttled"
    };
    char root[FAKE_ROOT];
    struct result_run run = { 0 };
    uint64_t t0 = clock_now_ns();
    void *h;

    /* Nothing there: every channel of the tree says why; the process's own are measured. */
    fake_new(root);
    CHECK_EQ(sampler_open_at(&h, root, 0, NULL), 0);
    sampler_sample(h);
    sampler_window(h, t0, clock_now_ns(), &run);
    for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
        CHECK_EQ(find(&run, channels[i])->n, 0);
        CHECK(find(&run, channels[i])->reason[0] != '\0');
    }
    CHECK_STR(find(&run, "process.rss")->reason, "/proc/self/statm: absent");
    CHECK_STR(run.energy_reason, "no RAPL in /sys/class/powercap");
    CHECK(find(&run, "process.cpu")->n > 0);
    release(&run);
    sampler_close(h);

    /* Unreadable, one of two packages too: half a sum is none. */
    server(root);
    fake_unreadable(root, RAPL "1/energy_uj");
    fake_unreadable(root, "/proc/loadavg");
    fake_unreadable(root, CPU0 "/cpufreq/scaling_cur_freq");
    CHECK_EQ(sampler_open_at(&h, root, 0, NULL), 0);
    sampler_window(h, t0, clock_now_ns(), &run);
    CHECK(isnan(run.energy_j));
    CHECK_STR(run.energy_reason, RAPL "1/energy_uj: Is a directory");
    CHECK(strstr(find(&run, "system.load_1m")->reason, "Is a directory"));
    /* The clocks fall back to /proc/cpuinfo. */
    CHECK_EQ(find(&run, "cpu.clock_mean")->n > 0, 1);
    CHECK_NEAR(find(&run, "cpu.clock_mean")->value[0], 1, 0);
    release(&run);
    sampler_close(h);
    /* ... which in a virtual machine is not the clock. */
    fake_put(root, "/proc/cpuinfo", "processor\t: 0\ncpu MHz\t: 1.0\nflags\t: fpu hypervisor x\n");
    CHECK_EQ(sampler_open_at(&h, root, 0, NULL), 0);
    sampler_window(h, t0, clock_now_ns(), &run);
    CHECK_EQ(find(&run, "cpu.clock_mean")->n, 0);
    CHECK_STR(find(&run, "cpu.clock_min")->reason, "a virtual machine without cpufreq");
    release(&run);
    sampler_close(h);
    fake_remove(root);

    /* Nonsense everywhere. */
    fake_new(root);
    server(root);
    fake_put(root, RAPL "0/energy_uj", "many\n");
    fake_put(root, "/proc/loadavg", "busy\n");
    fake_put(root, "/proc/stat", "intr 1 2 3\n");
    fake_put(root, "/proc/meminfo", "\n");
    fake_put(root, "/proc/self/statm", "-\n");
    fake_put(root, "/sys/class/hwmon/hwmon3/temp1_input", "-999999\n");
    fake_put(root, CPU0 "/cpufreq/scaling_cur_freq", "<unknown>\n");
    fake_put(root, CPU0 "/thermal_throttle/package_throttle_total_time_ms", "-3\n");
    CHECK_EQ(sampler_open_at(&h, root, 0, NULL), 0);
    sampler_sample(h);
    sampler_window(h, t0, clock_now_ns(), &run);
    for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
        if (strcmp(channels[i], "dram.power") == 0)
            continue;
        CHECK_EQ(find(&run, channels[i])->n, 0);
        CHECK(find(&run, channels[i])->reason[0] != '\0');
    }
    CHECK_STR(run.energy_reason, RAPL "0/energy_uj: \"many\" is not a number");
    release(&run);
    sampler_close(h);
    fake_remove(root);
}

static void test_decimation(void)
{
    char root[FAKE_ROOT];
    struct result_run run = { 0 };
    const struct series *s;
    uint64_t t0;
    void *h;

    fake_new(root);
    server(root);
    CHECK_EQ(sampler_open_at(&h, root, 0, NULL), 0);
    t0 = clock_now_ns();
    for (int i = 0; i < 1000; i++) {
        if (i == 500)
            fake_put(root, CPU0 "/cpufreq/scaling_cur_freq", "800000\n");
        if (i == 501)
            fake_put(root, CPU0 "/cpufreq/scaling_cur_freq", "2500000\n");
        sampler_sample(h);
    }
    sampler_window(h, t0, clock_now_ns(), &run);
    s = find(&run, "cpu.clock_min");
    CHECK_EQ(s->n, SAMPLER_POINTS_MAX);
    CHECK_NEAR(s->value[0], 2500, 0);
    for (size_t i = 1; i < s->n; i++)
        CHECK(s->t_s[i] > s->t_s[i - 1]);
    /* One dip in a thousand readings survives in the minimum, and is a dip in the mean. */
    double least = 1e9, mean_least = 1e9;
    for (size_t i = 0; i < s->n; i++) {
        least = fmin(least, s->value[i]);
        mean_least = fmin(mean_least, find(&run, "cpu.clock_mean")->value[i]);
    }
    CHECK_NEAR(least, 800, 0);
    CHECK(mean_least > 1500 && mean_least < 2500);
    release(&run);
    /* More readings than the ring holds: what is left is a window like any other. */
    for (int i = 0; i < 8000; i++)
        sampler_sample(h);
    sampler_window(h, t0, clock_now_ns(), &run);
    CHECK_EQ(find(&run, "cpu.clock_min")->n, SAMPLER_POINTS_MAX);
    CHECK(isnan(run.cpu_seconds)); /* the window's start is gone */
    release(&run);
    sampler_close(h);
    fake_remove(root);
}

/* The real machine: what this process does is what the window says. */
static void test_here(void)
{
    struct result_run run = { 0 };
    volatile char *block;
    struct err e = { 0 };
    uint64_t t0, t1, samples;
    double cost;
    void *h;
    enum { BLOCK = 16 << 20, PAGE = 4096 };

    CHECK_EQ(sampler_open(&h, &e), 0);
    clock_sleep_ns(250000000);
    t0 = clock_now_ns();
    while (clock_now_ns() - t0 < 1000000000)
        continue;
    block = mem_calloc(BLOCK, 1);
    for (size_t i = 0; i < BLOCK; i += PAGE)
        block[i] = 1;
    for (int i = 0; i < 50; i++)
        clock_sleep_ns(1000000);
    t1 = clock_now_ns();
    sampler_window(h, t0, t1, &run);
    printf("%.3f CPU s, %.0f switches, %.0f faults\n", run.cpu_seconds, run.context_switches,
           run.page_faults);
    /* The loop spun for a second, of which others may have taken a part. */
    CHECK(run.cpu_seconds > 0.2 && run.cpu_seconds < 1.3);
    CHECK(run.context_switches >= 45); /* one a sleep, where the ends are interpolated */
    CHECK(run.page_faults >= 5);       /* huge pages: eight */
    CHECK(find(&run, "process.cpu")->n >= 5);
    CHECK(find(&run, "system.load_1m")->n >= 5);
    CHECK(find(&run, "process.rss")->value[0] > 0);
    CHECK(!isnan(run.energy_j) || run.energy_reason[0] != '\0');
    mem_free((void *)(uintptr_t)block);
    release(&run);
    cost = sampler_cost(h, &samples);
    printf("the sampler takes %.3f %% of one CPU, %llu readings\n", 100 * cost,
           (unsigned long long)samples);
    CHECK(samples >= 10);
    CHECK(cost < 0.01);
    sampler_close(h);
    sampler_close(NULL);
}

static void *windows(void *h)
{
    for (int i = 0; i < 200; i++) {
        struct result_run run = { 0 };
        uint64_t now = clock_now_ns();

        sampler_window(h, now - 10000000, now, &run);
        CHECK(run.n_telemetry > 0);
        release(&run);
    }
    return NULL;
}

/* Windows from two threads beside a sampler that runs as fast as it can. */
static void test_threads(void)
{
    pthread_t other;
    void *h;

    CHECK_EQ(sampler_open_at(&h, "", 1, NULL), 0);
    CHECK_EQ(pthread_create(&other, NULL, windows, h), 0);
    windows(h);
    pthread_join(other, NULL);
    sampler_close(h);
}

/* Read by the sampling thread and by another in turn, which does not know what the sampling thread
 * has done since: the process's counts never step back. */
static void test_counts_rise(void)
{
    static const enum telemetry_channel counts[] = { CHANNEL_CPU_SECONDS,
                                                     CHANNEL_SWITCHES_VOLUNTARY,
                                                     CHANNEL_SWITCHES_FORCED, CHANNEL_FAULTS_MINOR,
                                                     CHANNEL_FAULTS_MAJOR };
    struct telemetry_sources s = { 0 };
    double v[CHANNELS], last[CHANNELS] = { 0 };

    CHECK_EQ(telemetry_source_open(&s, "", NULL), 0);
    for (int i = 0; i < 20; i++) {
        const struct timespec pause = { 0, 1000000 };

        nanosleep(&pause, NULL);
        telemetry_source_read(&s, i % 2 ? TELEMETRY_IN_SAMPLER : 0, clock_now_ns(), v);
        for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
            CHECK(v[counts[k]] >= last[counts[k]]);
            last[counts[k]] = v[counts[k]];
        }
    }
    CHECK(last[CHANNEL_SWITCHES_VOLUNTARY] > 0);
    telemetry_source_close(&s);
}

static void test_no_memory(void)
{
    void *h;

    for (uint64_t n = 1; n <= 4; n++) {
        struct err e = { 0 };

        mem_fail_at(n);
        if (sampler_open_at(&h, "/nowhere", 0, &e) == 0) {
            sampler_close(h);
            continue;
        }
        CHECK_EQ(e.code, ERR_NOMEM);
        CHECK(h == NULL);
    }
    mem_fail_at(0);
}

int main(void)
{
    test_server();
    test_poor_trees();
    test_decimation();
    test_here();
    test_threads();
    test_counts_rise();
    test_no_memory();
    TEST_DONE();
}
