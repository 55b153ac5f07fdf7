/* test_card_monitor_old.c - a driver whose NVML lacks what came later. */
#include "fake_card.h"

static double v[MONITOR_CHANNELS_MAX];

static int channel(const char *name)
{
    for (int i = 0; i < card_monitor_ops.n_channels; i++)
        if (strcmp(card_monitor_ops.channels[i].name, name) == 0)
            return i;
    fprintf(stderr, "no channel %s\n", name);
    exit(1);
}

int main(void)
{
    static const char *const absent[] = { "gpu.power_from_energy", "gpu.power_average",
                                          "gpu.memory_temperature", "gpu.other_processes" };
    struct fake_nvml *fake = fake_card_library("old");
    struct device d;
    struct err e = { 0 };
    void *h;

    fake->n = 1;
    fake_card_h200(&fake->card[0], 0);
    d = fake_card_device(&fake->card[0], 0);
    CHECK_EQ(card_monitor_ops.open(&d, &h, &e), 0);
    card_monitor_ops.read(h, MONITOR_SLOW, 1000000000, v);
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        CHECK(isnan(v[channel(absent[i])]));
        CHECK_STR(card_monitor_ops.why(h, channel(absent[i])), "this driver's NVML cannot tell");
    }
    CHECK(isnan(v[channel("gpu.xid_errors")]));
    CHECK_STR(card_monitor_ops.why(h, channel("gpu.xid_errors")),
              "this driver or GPU does not tell of XID errors");
    /* The old calls stand in where there are any. */
    CHECK_NEAR(v[channel("gpu.power")], 109326, 0);
    CHECK_NEAR(v[channel("gpu.sm_clock")], 1980, 0);
    CHECK_NEAR(v[channel("gpu.pcie_sent")], 7194 * 1024, 0);
    /* Without the driver's own clock, the bits count for the time between readings. */
    fake->card[0].events_mask.value = NVML_EVENT_SW_POWER_CAP | NVML_EVENT_IDLE;
    card_monitor_ops.read(h, 0, 1250000000, v);
    fake->card[0].events_mask.value = NVML_EVENT_HW_THERMAL | NVML_EVENT_HW_SLOWDOWN;
    card_monitor_ops.read(h, 0, 1350000000, v);
    CHECK_NEAR(v[channel("gpu.throttle_power_cap")], 0.25, 1e-9);
    CHECK_NEAR(v[channel("gpu.throttle_hw_thermal")], 0.1, 1e-9);
    CHECK_NEAR(v[channel("gpu.throttle_thermal")], 0, 0);
    card_monitor_ops.close(h);
    TEST_DONE();
}
