/* fake_card.h - machines with the cards that a test says, through the fake NVML. */
#ifndef FAKE_CARD_H
#define FAKE_CARD_H

#include "core/bench.h"
#include "core/library.h"
#include "fakes/fake_nvml.h"
#include "gpu/card.h"
#include "gpu/card_monitor.h"
#include "test.h"

/* Load the "new" or the "old" library once per program, and get at its cards. */
static inline struct fake_nvml *fake_card_library(const char *age)
{
    static char folder[200];
    static struct nvml kept;
    struct fake_nvml *cards = NULL;
    struct err e = { 0 };

    snprintf(folder, sizeof(folder), HEADROOM_FAKES "/nvml_%s", age);
    library_places_set(&(struct library_places){ .search_path = folder });
    if (nvml_api_open(&kept, &e) < 0 ||
        library_symbol(&kept.dl, "fake_nvml_cards", &cards, &e) < 0) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    if (strncmp(kept.dl.path, folder, strlen(folder)) != 0) {
        fprintf(stderr, "%s is not the fake\n", kept.dl.path);
        exit(1);
    }
    return cards;
}

static inline void fake_card_field(struct fake_nvml_card *c, unsigned field,
                                   unsigned long long value, unsigned type)
{
    c->field[field] = (struct fake_nvml_value){ value, NVML_OK, type };
}

/* An H200 as it was seen. */
static inline void fake_card_h200(struct fake_nvml_card *c, int i)
{
    *c = (struct fake_nvml_card){
        .power_mw = { 109326, 0, 0 },
        .limit_mw = { 700000, 0, 0 },
        .limit_default_mw = { 700000, 0, 0 },
        .energy_mj = { 2170157, 0, 0 },
        .temperature = { 32 + (unsigned)i, 0, 0 },
        .sm_mhz = { 1980, 0, 0 },
        .memory_mhz = { 3201, 0, 0 },
        .utilisation = { 94, 0, 0 },
        .memory_used = { 1836122112, 0, 0 },
        .memory_total = { 150754820096, 0, 0 },
        .generation = { 5, 0, 0 },
        .width = { 16, 0, 0 },
        .generation_max = { 5, 0, 0 },
        .generation_card = { 5, 0, 0 },
        .width_max = { 16, 0, 0 },
        .throughput_kib_s = { 7194, 0, 0 },
        .ecc_mode = { 1, 0, 0 },
        .retired_pending = { 0, NVML_NOT_SUPPORTED, 0 },
        .persistence = { 1, 0, 0 },
        .timestamp_us = 1000000,
    };
    snprintf(c->uuid, sizeof(c->uuid), "GPU-58be5870-ca99-9d35-38a6-b54088f9afb%d", 9 - i);
    snprintf(c->pci_id, sizeof(c->pci_id), "0000:%02x:00.0", 6 + i);
    snprintf(c->vbios, sizeof(c->vbios), "96.00.A5.00.1%d", i);
    for (unsigned f = 0; f < FAKE_NVML_FIELDS; f++)
        c->field[f].status = NVML_NOT_SUPPORTED;
    fake_card_field(c, NVML_FIELD_POWER_INSTANT, 80119, NVML_VALUE_UINT);
    fake_card_field(c, NVML_FIELD_POWER_AVERAGE, 109326, NVML_VALUE_UINT);
    fake_card_field(c, NVML_FIELD_MEMORY_TEMPERATURE, 33, NVML_VALUE_UINT);
    fake_card_field(c, NVML_FIELD_POLICY_POWER, 1000, NVML_VALUE_ULLONG);
    fake_card_field(c, NVML_FIELD_POLICY_SYNC_BOOST, 0, NVML_VALUE_ULLONG);
    fake_card_field(c, NVML_FIELD_POLICY_BOARD_LIMIT, 0, NVML_VALUE_ULLONG);
    fake_card_field(c, NVML_FIELD_POLICY_RELIABILITY, 0, NVML_VALUE_ULLONG);
    fake_card_field(c, NVML_FIELD_EVENT_SW_THERMAL, 0, NVML_VALUE_ULLONG);
    fake_card_field(c, NVML_FIELD_EVENT_HW_THERMAL, 0, NVML_VALUE_ULLONG);
    fake_card_field(c, NVML_FIELD_EVENT_HW_POWER_BRAKE, 0, NVML_VALUE_ULLONG);
    fake_card_field(c, NVML_FIELD_PCIE_TX_BYTES, 4294000000, NVML_VALUE_UINT);
    fake_card_field(c, NVML_FIELD_PCIE_RX_BYTES, 7, NVML_VALUE_UINT);
}

/* What a GB10 tells: one memory with the host, so nothing of memory; no limit, no link. */
static inline void fake_card_gb10(struct fake_nvml_card *c)
{
    const struct fake_nvml_value no = { 0, NVML_NOT_SUPPORTED, 0 };

    fake_card_h200(c, 0);
    c->memory_used = c->memory_mhz = c->limit_mw = c->limit_default_mw = no;
    c->ecc[0] = c->ecc[1] = c->ecc_mode = no;
    c->generation = c->width = c->throughput_kib_s = c->generation_max = c->width_max = no;
    c->field[NVML_FIELD_MEMORY_TEMPERATURE] = no;
    c->field[NVML_FIELD_PCIE_TX_BYTES] = c->field[NVML_FIELD_PCIE_RX_BYTES] = no;
    fake_card_field(c, NVML_FIELD_POWER_INSTANT, 11750, NVML_VALUE_UINT);
}

/* The device that CUDA would list for a card. */
static inline struct device fake_card_device(const struct fake_nvml_card *c, int index)
{
    static const struct device_ops ops = { .timing_mode = "batched", .monitor = &card_monitor_ops };
    struct device d = { .kind = DEVICE_GPU, .index = index, .ops = &ops };

    snprintf(d.name, sizeof(d.name), "gpu:%d", index);
    snprintf(d.uuid, sizeof(d.uuid), "%s", c->uuid);
    snprintf(d.pci_id, sizeof(d.pci_id), "%.15s", c->pci_id);
    return d;
}

#endif
