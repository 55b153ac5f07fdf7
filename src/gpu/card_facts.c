/* card_facts.c - what NVML says of a GPU, among the facts of the machine. */
#include "gpu/card_facts.h"

#include <math.h>
#include <stdio.h>

#include "gpu/card.h"

enum { KEY_CAP = 64, PROCESSES_MAX = 64 };

/* One card whose facts are being written. */
struct writer {
    struct facts *out;
    int gpu;
    struct card card;
    char key[KEY_CAP];
};

static const char *key_of(struct writer *w, const char *name)
{
    snprintf(w->key, sizeof(w->key), "gpus.%d.%s", w->gpu, name);
    return w->key;
}

static bool failed(struct writer *w, const char *name, unsigned status)
{
    char why[96];

    if (status == NVML_OK)
        return false;
    card_why(&w->card, status, why, sizeof(why));
    facts_null(w->out, key_of(w, name), "%s", why);
    return true;
}

static void put_int(struct writer *w, const char *name, unsigned status, unsigned long long value)
{
    if (!failed(w, name, status))
        facts_int(w->out, key_of(w, name), (int64_t)value);
}

static void put_watts(struct writer *w, const char *name, unsigned status, unsigned mw)
{
    if (!failed(w, name, status))
        facts_real(w->out, key_of(w, name), 1e-3 * mw);
}

static void put_word(struct writer *w, const char *name, unsigned status, unsigned value,
                     const char *const *words, unsigned n)
{
    if (!failed(w, name, status))
        facts_text(w->out, key_of(w, name), value < n ? words[value] : "unknown");
}

static const char *const modes[] = { "disabled", "enabled" };

static void put_power(struct writer *w)
{
    unsigned x = 0, most = 0, status = CARD_CALL(&w->card, power_limit_mw, &x);

    put_watts(w, "power_limit_w", status, x);
    status = CARD_CALL(&w->card, power_limit_default_mw, &x);
    put_watts(w, "power_limit_default_w", status, x);
    status = CARD_CALL(&w->card, power_limit_range_mw, &x, &most);
    put_watts(w, "power_limit_min_w", status, x);
    put_watts(w, "power_limit_max_w", status, most);
}

static void put_modes(struct writer *w)
{
    static const char *const computes[] = { "default", "exclusive thread", "prohibited",
                                            "exclusive process" };
    unsigned now = 0, pending = 0, status = CARD_CALL(&w->card, ecc_mode, &now, &pending);

    put_word(w, "ecc_mode", status, now, modes, 2);
    status = CARD_CALL(&w->card, mig_mode, &now, &pending);
    put_word(w, "mig_mode", status, now, modes, 2);
    status = CARD_CALL(&w->card, persistence, &now);
    put_word(w, "persistence_mode", status, now, modes, 2);
    status = CARD_CALL(&w->card, compute_mode, &now);
    put_word(w, "compute_mode", status, now, computes, 4);
}

static void put_link(struct writer *w)
{
    unsigned x = 0, status = CARD_CALL(&w->card, pcie_generation_max, &x);

    put_int(w, "pcie_generation_max", status, x);
    status = CARD_CALL(&w->card, pcie_generation_card, &x);
    put_int(w, "pcie_generation_card", status, x);
    status = CARD_CALL(&w->card, pcie_width_max, &x);
    put_int(w, "pcie_width_max", status, x);
    status = CARD_CALL(&w->card, pcie_generation, &x);
    put_int(w, "pcie_generation", status, x);
    status = CARD_CALL(&w->card, pcie_width, &x);
    put_int(w, "pcie_width", status, x);
}

static void put_throttle(struct writer *w)
{
    static const struct {
        unsigned bit;
        const char *name;
    } causes[] = {
        { NVML_EVENT_SW_POWER_CAP, "power cap" },
        { NVML_EVENT_SW_THERMAL, "thermal slowdown" },
        { NVML_EVENT_HW_THERMAL, "hardware thermal slowdown" },
        { NVML_EVENT_HW_POWER_BRAKE, "power brake" },
        { NVML_EVENT_HW_SLOWDOWN, "hardware slowdown" },
        { NVML_EVENT_SYNC_BOOST, "sync boost" },
    };
    unsigned long long mask = 0;
    unsigned status = CARD_CALL(&w->card, clock_events, &mask);
    char text[160] = "";
    size_t used = 0;

    if (status == NVML_FUNCTION_NOT_FOUND)
        status = CARD_CALL(&w->card, throttle_reasons, &mask);
    if (failed(w, "throttle", status))
        return;
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if ((mask & causes[i].bit) && used < sizeof(text))
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? ", " : "",
                                     causes[i].name);
    facts_text(w->out, key_of(w, "throttle"), used ? text : "none");
}

static void put_health(struct writer *w)
{
    unsigned long long errors = 0;
    unsigned corrected = 0, uncorrected = 0, pending = 0, bad = 0;
    unsigned status =
        CARD_CALL(&w->card, ecc_errors, NVML_ECC_UNCORRECTED, NVML_SINCE_DRIVER, &errors);

    put_int(w, "ecc_uncorrected", status, errors);
    status = CARD_CALL(&w->card, retired_pending, &pending);
    put_int(w, "pages_pending", status, pending);
    status = CARD_CALL(&w->card, remapped_rows, &corrected, &uncorrected, &pending, &bad);
    put_int(w, "rows_pending", status, pending);
    put_int(w, "rows_failed", status, bad);
}

static void put_moment(struct writer *w)
{
    nvml_process processes[PROCESSES_MAX];
    nvml_utilisation u = { 0 };
    nvml_memory memory = { 0 };
    double mw;
    unsigned x = 0, status = CARD_CALL(&w->card, clock_max_mhz, NVML_DOMAIN_SM, &x);

    put_int(w, "sm_clock_max_hz", status, 1000000ULL * x);
    status = CARD_CALL(&w->card, clock_mhz, NVML_DOMAIN_SM, &x);
    put_int(w, "sm_clock_hz", status, 1000000ULL * x);
    status = CARD_CALL(&w->card, temperature, NVML_SENSOR_GPU, &x);
    put_int(w, "temperature_c", status, x);
    status = card_field(&w->card, NVML_FIELD_POWER_INSTANT, &mw);
    put_watts(w, "power_w", status, isnan(mw) ? 0 : (unsigned)mw);
    status = CARD_CALL(&w->card, memory, &memory);
    put_int(w, "memory_used_bytes", status, memory.used);
    status = CARD_CALL(&w->card, utilisation, &u);
    put_int(w, "utilisation_pct", status, u.gpu);
    x = PROCESSES_MAX;
    status = CARD_CALL(&w->card, processes, &x, processes);
    put_int(w, "processes", status, x);
}

static void put_versions(struct writer *w)
{
    char text[96] = "";
    unsigned status = CARD_CALL(&w->card, vbios_version, text, sizeof(text));

    if (!failed(w, "vbios", status))
        facts_text(w->out, key_of(w, "vbios"), text);
    status = w->card.nvml.driver_version ? w->card.nvml.driver_version(text, sizeof(text))
                                         : (unsigned)NVML_FUNCTION_NOT_FOUND;
    if (!failed(w, "driver", status))
        facts_text(w->out, key_of(w, "driver"), text);
}

void card_facts(struct facts *out, int gpu, const char *uuid, const char *pci_id)
{
    struct writer w = { .out = out, .gpu = gpu };
    struct err e = { 0 };

    if (card_open(&w.card, uuid, pci_id, &e) < 0) {
        facts_null(out, key_of(&w, "nvml"), "%s", e.msg);
        return;
    }
    put_versions(&w);
    put_power(&w);
    put_modes(&w);
    put_link(&w);
    put_throttle(&w);
    put_health(&w);
    put_moment(&w);
    card_close(&w.card);
}
