/* test_card_monitor.c - what is made of a GPU's answers: through a fake NVML, card by card. */
#include "fake_card.h"

#include <unistd.h>

#include "core/mem.h"

static const uint64_t second = 1000000000;

static struct fake_nvml *fake;
static double v[MONITOR_CHANNELS_MAX];

static int channel(const char *name)
{
    for (int i = 0; i < card_monitor_ops.n_channels; i++)
        if (strcmp(card_monitor_ops.channels[i].name, name) == 0)
            return i;
    fprintf(stderr, "no channel %s\n", name);
    exit(1);
}

/* As it stands in the series. */
static double level(const char *name)
{
    int i = channel(name);

    return v[i] * card_monitor_ops.channels[i].scale;
}

static double counter(const char *name)
{
    return v[channel(name)];
}

static const char *why(const void *h, const char *name)
{
    return card_monitor_ops.why(h, channel(name));
}

static void *watch(int card)
{
    const struct device d = fake_card_device(&fake->card[card], 1 - card);
    struct err e = { 0 };
    void *h;

    CHECK_EQ(card_monitor_ops.open(&d, &h, &e), 0);
    if (!h) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    return h;
}

static void look(void *h, double at_s)
{
    card_monitor_ops.read(h, MONITOR_SLOW, second * 100 + (uint64_t)(at_s * 1e9), v);
}

static void two_h200(void)
{
    fake->init_status = NVML_OK;
    fake->n = 2;
    fake_card_h200(&fake->card[0], 0);
    fake_card_h200(&fake->card[1], 1);
}

/* Two cards whose order differs from CUDA's: each is found by what it is. */
static void test_levels(void)
{
    void *h;

    two_h200();
    fake->card[0].utilisation.value = 37;
    h = watch(1);
    look(h, 0);
    CHECK_NEAR(level("gpu.power"), 80.119, 1e-9);
    CHECK_NEAR(level("gpu.power_average"), 109.326, 1e-9);
    CHECK_NEAR(level("gpu.temperature"), 33, 0);
    CHECK_NEAR(level("gpu.memory_temperature"), 33, 0);
    CHECK_NEAR(level("gpu.sm_clock"), 1980, 0);
    CHECK_NEAR(level("gpu.memory_clock"), 3201, 0);
    CHECK_NEAR(level("gpu.utilisation"), 94, 0);
    CHECK_NEAR(level("gpu.memory_used"), 1.836122112, 1e-12);
    CHECK_NEAR(level("gpu.pcie_generation"), 5, 0);
    CHECK_NEAR(level("gpu.pcie_width"), 16, 0);
    CHECK_NEAR(level("gpu.ecc_uncorrected"), 0, 0);
    CHECK_NEAR(level("gpu.other_processes"), 0, 0);
    CHECK_NEAR(level("gpu.others_utilisation"), 37, 0);
    /* 50 MB a look, looks 1 ms apart, and the counter of 32 bits passes its end on the way. */
    CHECK_NEAR(level("gpu.pcie_sent"), 50, 1e-9);
    CHECK_NEAR(level("gpu.pcie_received"), 0, 0);
    for (int i = 0; i < card_monitor_ops.n_channels; i++)
        if (isnan(v[i]) || card_monitor_ops.why(h, i)[0])
            fprintf(stderr, "%s: %s\n", card_monitor_ops.channels[i].name,
                    card_monitor_ops.why(h, i));
    for (int i = 0; i < card_monitor_ops.n_channels; i++)
        CHECK(!isnan(v[i]) && card_monitor_ops.why(h, i)[0] == '\0');
    card_monitor_ops.close(h);
    CHECK_EQ(fake->inits, fake->shutdowns + 1); /* the one that the test holds */
}

/* By PCI id where the driver gives another UUID (a MIG slice); unknown to NVML: a reason. */
static void test_found(void)
{
    struct device d;
    struct err e = { 0 };
    void *h;

    two_h200();
    d = fake_card_device(&fake->card[1], 0);
    snprintf(d.uuid, sizeof(d.uuid), "MIG-1");
    CHECK_EQ(card_monitor_ops.open(&d, &h, &e), 0);
    look(h, 0);
    CHECK_NEAR(level("gpu.temperature"), 33, 0);
    card_monitor_ops.close(h);
    snprintf(d.pci_id, sizeof(d.pci_id), "0000:77:00.0");
    CHECK_EQ(card_monitor_ops.open(&d, &h, &e), ERR_NOTSUP);
    CHECK(h == NULL);
    CHECK_STR(e.msg, "NVML does not know MIG-1: NVML: Not Found");
    e = (struct err){ 0 };
    fake->init_status = NVML_DRIVER_NOT_LOADED;
    CHECK_EQ(card_monitor_ops.open(&d, &h, &e), ERR_NOTSUP);
    CHECK_STR(e.msg, "NVML does not start: Driver Not Loaded");
}

/* N/A is no number, and is not asked for again. */
static void test_integrated(void)
{
    static const char *const absent[] = { "gpu.memory_used",   "gpu.memory_clock",
                                          "gpu.ecc_corrected", "gpu.ecc_uncorrected",
                                          "gpu.pcie_width",    "gpu.pcie_generation",
                                          "gpu.pcie_sent",     "gpu.memory_temperature" };
    unsigned first;
    void *h;

    two_h200();
    fake->n = 1;
    fake_card_gb10(&fake->card[0]);
    h = watch(0);
    fake->calls = 0;
    look(h, 0);
    first = fake->calls;
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        CHECK(isnan(counter(absent[i])));
        CHECK_STR(why(h, absent[i]), "this GPU does not tell (Not Supported)");
    }
    CHECK(isnan(counter("gpu.others_utilisation")));
    CHECK_STR(why(h, "gpu.others_utilisation"), "no other GPU");
    CHECK_NEAR(level("gpu.power"), 11.75, 1e-9);
    fake->calls = 0;
    look(h, 1);
    CHECK(fake->calls + 9 <= first);
    CHECK_NEAR(level("gpu.power"), 11.75, 1e-9);
    CHECK_STR(why(h, "gpu.memory_used"), "this GPU does not tell (Not Supported)");
    card_monitor_ops.close(h);
}

static double energy_after(void *h, unsigned long long mj, double at_s)
{
    fake->card[0].energy_mj.value = mj;
    look(h, at_s);
    return counter("gpu.power_from_energy");
}

static void test_energy(void)
{
    void *h;

    two_h200();
    h = watch(0);
    CHECK_NEAR(energy_after(h, 4294960000, 0), 0, 0);
    CHECK_NEAR(energy_after(h, 4294966000, 1), 6, 1e-9);
    CHECK_NEAR(energy_after(h, 704, 2), 8, 1e-9); /* 1,296 mJ to 2^32 and 704 more */
    CHECK_NEAR(energy_after(h, 1704, 3), 9, 1e-9);
    CHECK(isnan(energy_after(h, 1000, 4))); /* a step back is no step */
    CHECK_STR(why(h, "gpu.power_from_energy"), "the energy counter stepped back or gave nonsense");
    CHECK_EQ(card_monitor_ops.read(h, 0, second * 105, v), 1);
    CHECK_NEAR(energy_after(h, 3000, 6), 11, 1e-9); /* and counts on from there */
    CHECK_STR(why(h, "gpu.power_from_energy"), "");
    CHECK(isnan(energy_after(h, 900000000, 7))); /* 900 kW */
    CHECK_EQ(card_monitor_ops.read(h, 0, second * 108, v), 2);
    card_monitor_ops.close(h);
}

static void test_throttle(void)
{
    void *h;

    two_h200();
    h = watch(0);
    look(h, 0);
    CHECK_NEAR(counter("gpu.throttle_power_cap"), 0, 0);
    fake->card[0].field[NVML_FIELD_POLICY_POWER].value += 930000000;
    fake->card[0].field[NVML_FIELD_POLICY_BOARD_LIMIT].value += 10000000;
    fake->card[0].field[NVML_FIELD_POLICY_RELIABILITY].value += 20000000;
    fake->card[0].field[NVML_FIELD_EVENT_HW_THERMAL].value += 250000000;
    card_monitor_ops.read(h, 0, second * 101, v); /* a fast turn leaves the dear ones out */
    CHECK_NEAR(counter("gpu.throttle_power_cap"), 0.93, 1e-9);
    CHECK_NEAR(counter("gpu.throttle_other"), 0.03, 1e-9);
    CHECK(isnan(counter("gpu.throttle_hw_thermal")));
    look(h, 1.1);
    CHECK_NEAR(counter("gpu.throttle_hw_thermal"), 0.25, 1e-9);
    CHECK_NEAR(counter("gpu.throttle_power_cap"), 0.93, 1e-9);
    fake->card[0].field[NVML_FIELD_POLICY_POWER].value = 5; /* a driver loaded anew */
    look(h, 2);
    fake->card[0].field[NVML_FIELD_POLICY_POWER].value += 70000000;
    look(h, 3);
    CHECK_NEAR(counter("gpu.throttle_power_cap"), 1.0, 1e-9);
    card_monitor_ops.close(h);
}

static void test_tenants(void)
{
    struct fake_nvml_card *c = &fake->card[0];
    void *h;

    two_h200();
    h = watch(0);
    c->processes.value = 3;
    c->pid[0] = 17;
    c->pid[1] = (unsigned)getpid();
    c->pid[2] = 18;
    look(h, 0);
    CHECK_NEAR(level("gpu.other_processes"), 2, 0);
    c->pid[1] = 19; /* another namespace: which is ours is not known */
    look(h, 1);
    CHECK(isnan(level("gpu.other_processes")));
    CHECK_STR(why(h, "gpu.other_processes"), "processes have other numbers there than here");
    CHECK_NEAR(level("gpu.xid_errors"), 0, 0);
    c->xid = 31;
    fake->card[1].xid = 48; /* not ours */
    look(h, 2);
    look(h, 3);
    CHECK_NEAR(level("gpu.xid_errors"), 1, 0);
    CHECK_STR(why(h, "gpu.xid_errors"), "XID 31");
    card_monitor_ops.close(h);
}

/* A card that falls off the bus: what was read stays, what is not there has its reason, and the
 * card is left alone from then on. */
static void test_lost(void)
{
    void *h;

    two_h200();
    h = watch(0);
    look(h, 0);
    CHECK_NEAR(level("gpu.power"), 80.119, 1e-9);
    fake->card[0].lost = 1;
    look(h, 1);
    for (int i = 0; i < card_monitor_ops.n_channels; i++) {
        if (strcmp(card_monitor_ops.channels[i].name, "gpu.others_utilisation") == 0)
            continue; /* the other card is still there */
        CHECK(isnan(v[i]));
        if (card_monitor_ops.channels[i].role != ROLE_FAULTS)
            CHECK_STR(card_monitor_ops.why(h, i), "the GPU is lost: it fell off the bus");
    }
    fake->calls = 0;
    fake->n = 1;
    card_monitor_ops.read(h, 0, second * 102, v);
    CHECK_EQ(fake->calls, 0);
    card_monitor_ops.close(h);
}

/* Every status that a driver may make up, on every field. */
static void test_errors(void)
{
    static const unsigned statuses[] = { 1, 2, NVML_NO_PERMISSION, NVML_TIMEOUT, 27, 999, 12345 };
    void *h;

    for (size_t s = 0; s < sizeof(statuses) / sizeof(statuses[0]); s++) {
        two_h200();
        for (int f = 0; f < FAKE_NVML_FIELDS; f++)
            fake->card[0].field[f].status = statuses[s];
        fake->card[0].energy_mj.status = fake->card[0].sm_mhz.status = statuses[s];
        h = watch(0);
        look(h, 0);
        CHECK(isnan(level("gpu.power")) && isnan(level("gpu.sm_clock")));
        CHECK(isnan(counter("gpu.power_from_energy")));
        CHECK_STR(why(h, "gpu.sm_clock"), "NVML: Unknown Error");
        /* The bits are there: they stand in for the durations. */
        fake->card[0].events_mask.value = NVML_EVENT_SW_POWER_CAP;
        look(h, 1);
        CHECK_NEAR(counter("gpu.throttle_power_cap"), 1, 1e-9);
        CHECK_NEAR(counter("gpu.throttle_thermal"), 0, 0);
        /* It comes back. */
        fake_card_h200(&fake->card[0], 0);
        look(h, 2);
        CHECK_NEAR(level("gpu.sm_clock"), 1980, 0);
        card_monitor_ops.close(h);
    }
    two_h200();
    fake_card_field(&fake->card[0], NVML_FIELD_POWER_INSTANT, 1, 77); /* a type of tomorrow */
    h = watch(0);
    look(h, 0);
    CHECK(isnan(level("gpu.power")));
    card_monitor_ops.close(h);
}

static void test_no_memory(void)
{
    const struct device d = fake_card_device(&fake->card[0], 0);
    struct err e = { 0 };
    void *h;

    mem_fail_at(1);
    CHECK_EQ(card_monitor_ops.open(&d, &h, &e), ERR_NOMEM);
    mem_fail_at(0);
    CHECK(h == NULL);
    card_monitor_ops.close(NULL);
}

int main(void)
{
    fake = fake_card_library("new");
    test_levels();
    test_found();
    test_integrated();
    test_energy();
    test_throttle();
    test_tenants();
    test_lost();
    test_errors();
    test_no_memory();
    TEST_DONE();
}
