/* link_limit_gpu.c - what the link below a GPU's row can carry. */
#include "silicon/memory/link_limit_gpu.h"

#include <math.h>
#include <stdio.h>

#include "gpu/card.h"
#include "host/cpu_ident.h"
#include "host/sysfile.h"
#include "silicon/storage/block_device.h"

/* What NVML says of the card's PCIe link: the fastest that card and host reach together, since an
 * idle link is slowed down.  false: NVML does not say. */
static bool ask_nvml(struct card *card, char speed[24], int *lanes)
{
    static const char *const speeds[] = { "2.5", "5.0", "8.0", "16.0", "32.0", "64.0" };
    unsigned generation = 0, width = 0;

    if (CARD_CALL(card, pcie_generation_max, &generation) != NVML_OK ||
        CARD_CALL(card, pcie_width_max, &width) != NVML_OK || generation < 1 ||
        generation > sizeof(speeds) / sizeof(speeds[0]) || width < 1)
        return false;
    snprintf(speed, 24, "%s GT/s PCIe", speeds[generation - 1]);
    *lanes = (int)width;
    return true;
}

/* As the kernel reads it from the card's registers.  Behind a hypervisor these are its own words,
 * of a bus that is emulated, and no bound. */
static bool ask_sysfs(const char *pci, char speed[24], int *lanes)
{
    int64_t width = 0;

    if (cpu_ident_hypervisor()[0] ||
        sysfile_readf("", speed, 24, NULL, "/sys/bus/pci/devices/%s/max_link_speed", pci) < 0 ||
        sysfile_intf("", &width, NULL, "/sys/bus/pci/devices/%s/max_link_width", pci) < 0)
        return false;
    *lanes = (int)width;
    return true;
}

static void pcie_limit(const struct link_limit_of *l, struct card *card, struct limits *out)
{
    const char *pci = gpu_properties_of(l->gpu)->pci_id;
    char speed[24] = "";
    int lanes = 0;
    bool nvml = card && ask_nvml(card, speed, &lanes);
    double rate = NAN;

    if (nvml || ask_sysfs(pci, speed, &lanes))
        rate = block_device_pcie(speed, lanes);
    if (isfinite(rate))
        limit_paper(out, 1e-9 * rate * l->directions, "%s x%d%s, line code taken off (%s, %s)",
                    speed, lanes, l->directions > 1 ? " both ways" : "", nvml ? "NVML" : "sysfs",
                    pci);
    else
        limit_none(out, "NVML does not tell %s's PCIe link%s", pci,
                   cpu_ident_hypervisor()[0] ? ", and sysfs shows an emulated bus" : "");
}

/* All links of the card: behind a switch all lead to every peer, in a mesh some do. */
static bool nvlink_limit(const struct link_limit_of *l, struct card *card, struct limits *out)
{
    double links = 0, mb_per_s = 0;

    if (card_field(card, NVML_FIELD_NVLINK_COUNT, &links) != NVML_OK || !(links >= 1))
        return false;
    /* Link 0 stands for all. */
    if (card_field(card, NVML_FIELD_NVLINK_SPEED, &mb_per_s) != NVML_OK &&
        card_field(card, NVML_FIELD_NVLINK_SPEED_COMMON, &mb_per_s) != NVML_OK)
        return false;
    if (!(mb_per_s > 0))
        return false;
    limit_paper(out, 1e-3 * links * mb_per_s * l->directions, "%.0f NVLinks x %.3f GB/s%s (NVML)",
                links, 1e-3 * mb_per_s, l->directions > 1 ? " both ways" : "");
    return true;
}

int link_limit(struct bench_ctx *c, const struct link_limit_of *l, struct limits *out,
               struct err *e)
{
    const struct gpu_properties *p = gpu_properties_of(l->gpu);
    struct card card = { 0 };
    bool asked;

    if (!l->peer && p->integrated)
        return limit_measured(c, out, "silicon.memory", "op=copy level=hbm threads=all", 0.5, e);
    if (!l->peer && p->host_link == GPU_HOST_C2C) {
        limit_none(out, "host and GPU are joined by NVLink-C2C, of whose rate NVML does not tell");
        return 0;
    }
    asked = card_open(&card, p->uuid, p->pci_id, NULL) == 0;
    if (!l->peer)
        pcie_limit(l, asked ? &card : NULL, out);
    else if (!asked || !nvlink_limit(l, &card, out))
        limit_none(out, "NVML tells of no NVLink on %s", p->pci_id);
    card_close(&card);
    return 0;
}
