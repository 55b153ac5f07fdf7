/* fake_nvml.c - an NVML whose cards are what a test says (fake_nvml.h).
 *
 * Built with FAKE_NVML_OLD it lacks what came after the driver of 2016: fields, energy, events by
 * their new name, the third list of processes. */
#include "fakes/fake_nvml.h"

#include <stdio.h>
#include <string.h>

#include "gpu/vendor/nvml_api.h"

extern struct fake_nvml fake_nvml_cards;
struct fake_nvml fake_nvml_cards;

/* The functions as the vendor names them; there is no header of ours that declares them. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static struct fake_nvml_card *card_of(nvml_device d)
{
    fake_nvml_cards.calls++;
    return (struct fake_nvml_card *)(void *)d;
}

static unsigned number(nvml_device d, const struct fake_nvml_value *v, unsigned *out)
{
    if (card_of(d)->lost)
        return NVML_GPU_IS_LOST;
    *out = (unsigned)v->value;
    return v->status;
}

#define CARD ((struct fake_nvml_card *)(void *)d)
#define NUMBER(symbol, member)                    \
    unsigned symbol(nvml_device d, unsigned *out) \
    {                                             \
        return number(d, &CARD->member, out);     \
    }
#define NUMBER_OF(symbol, member)                                 \
    unsigned symbol(nvml_device d, unsigned which, unsigned *out) \
    {                                                             \
        (void)which;                                              \
        return number(d, &CARD->member, out);                     \
    }
#define TWO(symbol, member)                                  \
    unsigned symbol(nvml_device d, unsigned *a, unsigned *b) \
    {                                                        \
        *b = (unsigned)CARD->member.value;                   \
        return number(d, &CARD->member, a);                  \
    }

unsigned nvmlInit_v2(void)
{
    if (fake_nvml_cards.init_status == NVML_OK)
        fake_nvml_cards.inits++;
    return fake_nvml_cards.init_status;
}

unsigned nvmlShutdown(void)
{
    fake_nvml_cards.shutdowns++;
    return NVML_OK;
}

const char *nvmlErrorString(unsigned status)
{
    switch (status) {
    case NVML_NOT_SUPPORTED: return "Not Supported";
    case NVML_NOT_FOUND: return "Not Found";
    case NVML_DRIVER_NOT_LOADED: return "Driver Not Loaded";
    case NVML_GPU_IS_LOST: return "GPU is lost";
    default: return "Unknown Error";
    }
}

unsigned nvmlSystemGetDriverVersion(char *version, unsigned length)
{
    snprintf(version, length, "580.00");
    return NVML_OK;
}

unsigned nvmlDeviceGetCount_v2(unsigned *n)
{
    *n = fake_nvml_cards.n;
    return NVML_OK;
}

unsigned nvmlDeviceGetHandleByIndex_v2(unsigned i, nvml_device *d)
{
    if (i >= fake_nvml_cards.n)
        return NVML_NOT_FOUND;
    *d = (nvml_device)(void *)&fake_nvml_cards.card[i];
    return NVML_OK;
}

unsigned nvmlDeviceGetHandleByUUID(const char *uuid, nvml_device *d)
{
    for (unsigned i = 0; i < fake_nvml_cards.n; i++)
        if (strcmp(fake_nvml_cards.card[i].uuid, uuid) == 0)
            return nvmlDeviceGetHandleByIndex_v2(i, d);
    return NVML_NOT_FOUND;
}

unsigned nvmlDeviceGetHandleByPciBusId_v2(const char *pci_id, nvml_device *d)
{
    for (unsigned i = 0; i < fake_nvml_cards.n; i++)
        if (strcmp(fake_nvml_cards.card[i].pci_id, pci_id) == 0)
            return nvmlDeviceGetHandleByIndex_v2(i, d);
    return NVML_NOT_FOUND;
}

unsigned nvmlDeviceGetUUID(nvml_device d, char *uuid, unsigned length)
{
    snprintf(uuid, length, "%s", card_of(d)->uuid);
    return CARD->lost ? (unsigned)NVML_GPU_IS_LOST : (unsigned)NVML_OK;
}

unsigned nvmlDeviceGetVbiosVersion(nvml_device d, char *version, unsigned length)
{
    snprintf(version, length, "%s", card_of(d)->vbios);
    return CARD->lost ? (unsigned)NVML_GPU_IS_LOST : (unsigned)NVML_OK;
}

NUMBER(nvmlDeviceGetPowerUsage, power_mw)
NUMBER(nvmlDeviceGetPowerManagementLimit, limit_mw)
NUMBER(nvmlDeviceGetPowerManagementDefaultLimit, limit_default_mw)
TWO(nvmlDeviceGetPowerManagementLimitConstraints, limit_default_mw)
NUMBER_OF(nvmlDeviceGetTemperature, temperature)
NUMBER(nvmlDeviceGetCurrPcieLinkGeneration, generation)
NUMBER(nvmlDeviceGetCurrPcieLinkWidth, width)
NUMBER(nvmlDeviceGetMaxPcieLinkGeneration, generation_max)
NUMBER(nvmlDeviceGetMaxPcieLinkWidth, width_max)
NUMBER_OF(nvmlDeviceGetPcieThroughput, throughput_kib_s)
NUMBER(nvmlDeviceGetPersistenceMode, persistence)
NUMBER(nvmlDeviceGetComputeMode, compute_mode)
TWO(nvmlDeviceGetEccMode, ecc_mode)
NUMBER(nvmlDeviceGetRetiredPagesPendingStatus, retired_pending)

unsigned nvmlDeviceGetClockInfo(nvml_device d, unsigned domain, unsigned *mhz)
{
    return number(d, domain == NVML_DOMAIN_SM ? &CARD->sm_mhz : &CARD->memory_mhz, mhz);
}

unsigned nvmlDeviceGetMaxClockInfo(nvml_device d, unsigned domain, unsigned *mhz)
{
    return nvmlDeviceGetClockInfo(d, domain, mhz);
}

unsigned nvmlDeviceGetUtilizationRates(nvml_device d, nvml_utilisation *out)
{
    out->memory = 0;
    return number(d, &CARD->utilisation, &out->gpu);
}

unsigned nvmlDeviceGetMemoryInfo(nvml_device d, nvml_memory *out)
{
    unsigned ignored;
    unsigned status = number(d, &CARD->memory_used, &ignored);

    out->used = CARD->memory_used.value;
    out->total = CARD->memory_total.value;
    out->free = out->total - out->used;
    return status;
}

unsigned nvmlDeviceGetCurrentClocksThrottleReasons(nvml_device d, unsigned long long *mask)
{
    unsigned bits = 0, status = number(d, &CARD->events_mask, &bits);

    *mask = bits;
    return status;
}

unsigned nvmlDeviceGetTotalEccErrors(nvml_device d, unsigned type, unsigned since,
                                     unsigned long long *n)
{
    unsigned x = 0, status = number(d, &CARD->ecc[type], &x);

    (void)since;
    *n = x;
    return status;
}

#ifndef FAKE_NVML_OLD
NUMBER(nvmlDeviceGetGpuMaxPcieLinkGeneration, generation_card)
TWO(nvmlDeviceGetMigMode, mig_mode)

unsigned nvmlDeviceGetCurrentClocksEventReasons(nvml_device d, unsigned long long *mask)
{
    return nvmlDeviceGetCurrentClocksThrottleReasons(d, mask);
}

unsigned nvmlDeviceGetTotalEnergyConsumption(nvml_device d, unsigned long long *mj)
{
    unsigned ignored;
    unsigned status = number(d, &CARD->energy_mj, &ignored);

    *mj = CARD->energy_mj.value;
    return status;
}

unsigned nvmlDeviceGetFieldValues(nvml_device d, int n, nvml_field *f)
{
    struct fake_nvml_card *c = card_of(d);

    if (c->lost)
        return NVML_GPU_IS_LOST;
    for (int i = 0; i < n; i++) {
        const struct fake_nvml_value *v = &c->field[f[i].field];

        f[i].status = v->status;
        f[i].value_type = v->type;
        f[i].value.ull = v->value;
        f[i].timestamp_us = (long long)c->timestamp_us;
    }
    c->timestamp_us += 1000;
    c->field[NVML_FIELD_PCIE_TX_BYTES].value =
        (unsigned)(c->field[NVML_FIELD_PCIE_TX_BYTES].value + 50000000);
    return NVML_OK;
}

unsigned nvmlDeviceGetRemappedRows(nvml_device d, unsigned *corrected, unsigned *uncorrected,
                                   unsigned *pending, unsigned *failed)
{
    *corrected = *uncorrected = 0;
    *failed = (unsigned)CARD->remapped_failed.value;
    return number(d, &CARD->remapped_pending, pending);
}

unsigned nvmlDeviceGetComputeRunningProcesses_v3(nvml_device d, unsigned *n, nvml_process *out)
{
    struct fake_nvml_card *c = card_of(d);

    for (unsigned i = 0; i < c->processes.value && i < *n; i++)
        out[i] = (nvml_process){ .pid = c->pid[i], .used_bytes = 1 << 30 };
    *n = (unsigned)c->processes.value;
    return c->lost ? (unsigned)NVML_GPU_IS_LOST : c->processes.status;
}

unsigned nvmlEventSetCreate(nvml_event_set *set)
{
    static int one;

    *set = (nvml_event_set)(void *)&one;
    return NVML_OK;
}

unsigned nvmlDeviceRegisterEvents(nvml_device d, unsigned long long types, nvml_event_set set)
{
    return d && types == NVML_WATCH_XID && set ? NVML_OK : NVML_NOT_SUPPORTED;
}

unsigned nvmlEventSetWait_v2(nvml_event_set set, nvml_event *out, unsigned timeout_ms)
{
    for (unsigned i = 0; set && timeout_ms == 0 && i < fake_nvml_cards.n; i++)
        if (fake_nvml_cards.card[i].xid) {
            *out = (nvml_event){ .device = (nvml_device)(void *)&fake_nvml_cards.card[i],
                                 .type = NVML_WATCH_XID,
                                 .data = fake_nvml_cards.card[i].xid };
            fake_nvml_cards.card[i].xid = 0;
            return NVML_OK;
        }
    return NVML_TIMEOUT;
}

unsigned nvmlEventSetFree(nvml_event_set set)
{
    return set ? NVML_OK : NVML_NOT_SUPPORTED;
}
#endif
