/* fake_nvml.h - what a test says the fake NVML's cards are: one struct inside the library, got with
 * library_symbol("fake_nvml_cards"). */
#ifndef FAKE_NVML_H
#define FAKE_NVML_H

enum { FAKE_NVML_CARDS = 2, FAKE_NVML_FIELDS = 300 };

/* A number, or the status that the call gives instead. */
struct fake_nvml_value {
    unsigned long long value;
    unsigned status;
    unsigned type; /* of a field: nvmlValueType_t */
};

struct fake_nvml_card {
    char uuid[48], pci_id[20], vbios[24];
    unsigned lost; /* every call about it says GPU_IS_LOST */
    struct fake_nvml_value field[FAKE_NVML_FIELDS], energy_mj, power_mw, limit_mw, limit_default_mw;
    struct fake_nvml_value temperature, sm_mhz, memory_mhz, utilisation, memory_used, memory_total;
    struct fake_nvml_value generation, width, generation_max, generation_card, width_max;
    struct fake_nvml_value throughput_kib_s, events_mask, ecc[2], ecc_mode, retired_pending;
    struct fake_nvml_value remapped_pending, remapped_failed, persistence, compute_mode, mig_mode;
    struct fake_nvml_value processes;
    unsigned pid[4];
    unsigned xid; /* told once, then 0 again */
    unsigned long long timestamp_us;
};

struct fake_nvml {
    unsigned init_status;
    unsigned n;     /* cards */
    unsigned calls; /* about cards, since the test set it to 0 */
    unsigned inits, shutdowns;
    struct fake_nvml_card card[FAKE_NVML_CARDS];
};

#endif
