/* test_telemetry_card.c - what a window says of a watched device: through the sampler with a fake
 * NVML, and over readings made up here. */
#include "fake_card.h"

#include <pthread.h>

#include "core/clock.h"
#include "core/mem.h"
#include "host/sampler.h"
#include "host/telemetry_window.h"

static const uint64_t second = 1000000000;

static struct fake_nvml *fake;

static void release(struct result_run *run)
{
    struct result r = { .n_runs = 1, .runs = mem_calloc(1, sizeof(*run)) };

    if (!r.runs)
        exit(1);
    r.runs[0] = *run;
    result_release(&r);
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

static int channel(const char *name)
{
    for (int i = 0; i < card_monitor_ops.n_channels; i++)
        if (strcmp(card_monitor_ops.channels[i].name, name) == 0)
            return i;
    fprintf(stderr, "no channel %s\n", name);
    exit(1);
}

static void two_h200(void)
{
    fake->init_status = NVML_OK;
    fake->n = 2;
    fake_card_h200(&fake->card[0], 0);
    fake_card_h200(&fake->card[1], 1);
}

/* The sampler looks at the device in focus, and a window of one device holds nothing of another. */
static void test_focus(void)
{
    struct device a, b, cpu = { .kind = DEVICE_CPU, .name = "cpu" };
    const struct device_ops no_monitor = { .timing_mode = "wall" };
    struct result_run run = { 0 };
    uint64_t t0, t1;
    void *h;

    two_h200();
    fake->card[1].sm_mhz.value = 345;
    a = fake_card_device(&fake->card[0], 0);
    b = fake_card_device(&fake->card[1], 1);
    cpu.ops = &no_monitor;
    CHECK_EQ(sampler_open_at(&h, "/nowhere", 0, NULL), 0);
    sampler_focus(h, &a);
    t0 = clock_now_ns();
    sampler_sample(h);
    sampler_focus(h, &b);
    sampler_sample(h);
    t1 = clock_now_ns();
    sampler_window(h, t0, t1, &run);
    CHECK_NEAR(run.clock_hz_median, 345e6, 0);
    CHECK_NEAR(run.clock_hz_max, 345e6, 0);
    CHECK_STR(run.clock_source, "NVML");
    CHECK(find(&run, "gpu.sm_clock")->n >= 2);
    CHECK(isnan(run.energy_j));
    CHECK(strstr(run.energy_reason, "too short: the counter moves every 0.1 s") != NULL);
    release(&run);
    sampler_focus(h, &a); /* opened before: the same watch */
    t0 = clock_now_ns();
    sampler_sample(h);
    sampler_window(h, t0, clock_now_ns(), &run);
    CHECK_NEAR(run.clock_hz_median, 1980e6, 0);
    release(&run);
    sampler_focus(h, &cpu);
    sampler_window(h, t0, clock_now_ns(), &run);
    for (int i = 0; i < run.n_telemetry; i++)
        CHECK(strncmp(run.telemetry[i].name, "gpu.", 4) != 0);
    CHECK(isnan(run.clock_hz_median));
    release(&run);
    sampler_close(h);
}

/* Without a driver every series is there, empty, with the reason. */
static void test_no_driver(void)
{
    struct device a;
    struct result_run run = { 0 };
    uint64_t t0;
    void *h;

    two_h200();
    fake->init_status = NVML_DRIVER_NOT_LOADED;
    a = fake_card_device(&fake->card[0], 0);
    CHECK_EQ(sampler_open_at(&h, "/nowhere", 0, NULL), 0);
    sampler_focus(h, &a);
    t0 = clock_now_ns();
    sampler_mark(h);
    sampler_window(h, t0, clock_now_ns(), &run);
    CHECK_STR(find(&run, "gpu.power")->reason, "NVML does not start: Driver Not Loaded");
    CHECK_STR(run.energy_reason, "NVML does not start: Driver Not Loaded");
    CHECK_STR(run.throttle_causes, "NVML does not start: Driver Not Loaded");
    CHECK(isnan(run.throttled_fraction) && isnan(run.clock_hz_median) && isnan(run.energy_j));
    release(&run);
    sampler_close(h);
}

/* Twelve seconds with a warm-up of two, read every tenth: 100 W, then 400 W in the kept part. */
struct story {
    double cap_share; /* of the kept part */
    int faults_at;    /* tenths of a second; -1: none */
    int lost_at;
    int broken_at;
    int late; /* the cap's clock is written with every `late`th reading; 0: with each */
};

static void tell(struct telemetry_ring *ring, const struct story *s)
{
    double energy = 0, capped = 0, written = 0;

    CHECK_EQ(telemetry_ring_init(ring, NULL), 0);
    for (int i = 0; i <= 120; i++) {
        struct telemetry_row *row = telemetry_ring_next(ring);
        double *v = row->v + CHANNELS, watts = i <= 20 ? 100 : 400;

        row->t_ns = 7 * second + (uint64_t)i * (second / 10);
        row->v[CHANNEL_CPU_SECONDS] = 0.01 * i;
        if (s->lost_at < 0 || i < s->lost_at) {
            row->device = 3;
            row->device_breaks = s->broken_at >= 0 && i >= s->broken_at;
            energy += i ? watts / 10 : 0;
            capped += i > 20 ? s->cap_share / 10 : 0;
            v[channel("gpu.power")] = 1e3 * watts;
            v[channel("gpu.sm_clock")] = i <= 20 ? 1980 : i % 3 ? 1485 : 1545;
            if (!s->late || i % s->late == 0)
                written = capped;
            v[channel("gpu.throttle_power_cap")] = written;
            v[channel("gpu.throttle_thermal")] = capped / 10;
            v[channel("gpu.other_processes")] = s->faults_at >= 0 && i >= s->faults_at ? 2 : 0;
            v[channel("gpu.ecc_uncorrected")] = 4 + (s->faults_at >= 0 && i >= s->faults_at);
            if (i % 10 == 0) /* the energy is read once a second */
                v[channel("gpu.power_from_energy")] = energy;
        }
        telemetry_ring_push(ring);
    }
}

static void window_of(const struct story *s, double kept_s, double end_s, struct result_run *run)
{
    static struct telemetry_sources sources;
    struct telemetry_watch watch = { .monitor = &card_monitor_ops };
    struct device d;
    struct telemetry_ring ring;
    struct err e = { 0 };

    two_h200();
    d = fake_card_device(&fake->card[0], 0);
    watch.device = &d;
    CHECK_EQ(card_monitor_ops.open(&d, &watch.handle, &e), 0);
    tell(&ring, s);
    telemetry_window_fill(&ring, &sources, 3, &watch, 7 * second,
                          7 * second + (uint64_t)(1e9 * kept_s),
                          7 * second + (uint64_t)(1e9 * end_s), run);
    card_monitor_ops.close(watch.handle);
    telemetry_ring_release(&ring);
}

static void test_window(void)
{
    const struct story capped = { 0.93, 57, -1, -1, 0 }, calm = { 0, -1, -1, -1, 0 };
    const struct story lost = { 0, -1, 60, -1, 0 }, broken = { 0, -1, -1, 57, 0 };
    struct result_run run = { 0 };

    window_of(&capped, 2, 12, &run);
    CHECK_NEAR(run.energy_j, 4000, 1e-6);
    CHECK_NEAR(run.energy_s, 10, 1e-9);
    CHECK(run.energy_lo_j <= 4000 && run.energy_hi_j >= 4000);
    CHECK_NEAR(run.energy_lo_j, 4000, 1e-6);
    CHECK_NEAR(run.energy_hi_j, 4000, 1e-6);
    CHECK_NEAR(run.throttled_fraction, 0.93, 1e-9);
    CHECK_STR(run.throttle_causes, "power cap 93 %, thermal slowdown 9 %");
    CHECK_NEAR(run.clock_hz_median, 1485e6, 0);
    CHECK_NEAR(run.clock_hz_min, 1485e6, 0);
    /* The reading at the end of the warm-up is the kept part's first. */
    CHECK_NEAR(run.clock_hz_max, 1980e6, 0);
    CHECK_STR(run.device_faults, "1 uncorrected ECC errors; 2 other processes on the card");
    CHECK_NEAR(run.cpu_seconds, 1.0, 1e-9);
    release(&run);
    window_of(&calm, 2, 12, &run);
    CHECK_NEAR(run.throttled_fraction, 0, 0);
    CHECK_STR(run.throttle_causes, "");
    CHECK_STR(run.device_faults, "");
    release(&run);
    window_of(&calm, 2, 3.9, &run);
    CHECK(isnan(run.energy_j) && isnan(run.energy_s) && isnan(run.energy_lo_j));
    CHECK(strstr(run.energy_reason, "a window of 1.90 s is too short") != NULL);
    release(&run);
    window_of(&broken, 2, 12, &run);
    CHECK(isnan(run.energy_j));
    CHECK_STR(run.energy_reason, "the energy counter stepped back or gave nonsense");
    release(&run);
    window_of(&lost, 2, 12, &run);
    CHECK(isnan(run.energy_j) && isnan(run.throttled_fraction));
    CHECK_STR(run.energy_reason, "the readings do not cover the window");
    CHECK_EQ(find(&run, "gpu.power")->n, 60);
    release(&run);
    /* The first half of what is kept draws less: the interval says so. */
    window_of(&calm, 0, 4, &run);
    CHECK_NEAR(run.energy_j, 1000, 1e-6);
    CHECK_NEAR(run.energy_lo_j, 400, 1e-6);
    CHECK_NEAR(run.energy_hi_j, 1600, 1e-6);
    release(&run);
}

/* The driver writes how long a cause held the clock down now and then: no stretch shows more of it
 * than it has, and none gets lost. */
static void test_late_throttle(void)
{
    const struct story always = { 1, -1, -1, -1, 4 }, mostly = { 0.9, -1, -1, -1, 4 };
    const struct series *cap;
    struct result_run run = { 0 };
    double sum = 0;

    window_of(&always, 2, 12, &run);
    cap = find(&run, "gpu.throttle_power_cap");
    CHECK_EQ(cap->n, 120);
    for (size_t i = 0; i < cap->n; i++)
        CHECK_NEAR(cap->value[i], i < 20 ? 0 : 100, 1e-6);
    CHECK_NEAR(run.throttled_fraction, 1, 1e-9);
    release(&run);
    window_of(&mostly, 2, 12, &run);
    cap = find(&run, "gpu.throttle_power_cap");
    for (size_t i = 0; i < cap->n; i++) {
        CHECK(cap->value[i] >= 0 && cap->value[i] <= 100 + 1e-9);
        sum += 0.1 * cap->value[i];
    }
    CHECK_NEAR(sum, 900, 1e-6);
    CHECK_NEAR(run.throttled_fraction, 0.9, 1e-9);
    release(&run);
}

static void *windows(void *h)
{
    for (int i = 0; i < 100; i++) {
        struct result_run run = { 0 };
        uint64_t now = clock_now_ns();

        sampler_mark(h);
        sampler_window(h, now - 10000000, now, &run);
        CHECK_EQ(run.n_telemetry, CHANNELS + card_monitor_ops.n_channels);
        release(&run);
    }
    return NULL;
}

/* Beside a sampler that reads as fast as it can. */
static void test_threads(void)
{
    struct device a;
    pthread_t other;
    void *h;

    two_h200();
    a = fake_card_device(&fake->card[0], 0);
    CHECK_EQ(sampler_open_at(&h, "/nowhere", 1, NULL), 0);
    sampler_focus(h, &a);
    CHECK_EQ(pthread_create(&other, NULL, windows, h), 0);
    windows(h);
    pthread_join(other, NULL);
    sampler_close(h);
    CHECK_EQ(fake->inits, fake->shutdowns + 1); /* the one that the test holds */
}

int main(void)
{
    fake = fake_card_library("new");
    test_focus();
    test_no_driver();
    test_window();
    test_late_throttle();
    test_threads();
    TEST_DONE();
}
