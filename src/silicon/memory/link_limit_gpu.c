/* link_limit_gpu.c - what the link below a GPU's row can carry. */
#include "silicon/memory/link_limit_gpu.h"

#include <math.h>
#include <stdio.h>

#include "host/cpu_ident.h"
#include "host/sysfile.h"
#include "silicon/storage/block_device.h"

/* As the kernel read it from the card's registers.  Behind a hypervisor these are its own words, of
 * a bus that is emulated, and no bound. */
static void pcie_limit(const struct link_limit_of *l, struct limits *out)
{
    const char *pci = gpu_properties_of(l->gpu)->pci_id;
    char speed[40] = "";
    int64_t lanes = 0;
    double rate;

    if (cpu_ident_hypervisor()[0]) {
        limit_none(out, "%s: in a virtual machine sysfs describes an emulated PCIe bus", pci);
        return;
    }
    sysfile_readf("", speed, sizeof(speed), NULL, "/sys/bus/pci/devices/%s/max_link_speed", pci);
    sysfile_intf("", &lanes, NULL, "/sys/bus/pci/devices/%s/max_link_width", pci);
    rate = block_device_pcie(speed, (int)lanes);
    if (isfinite(rate))
        limit_paper(out, 1e-9 * rate * l->directions, "%s x%d%s, line code taken off (sysfs, %s)",
                    speed, (int)lanes, l->directions > 1 ? " both ways" : "", pci);
    else
        limit_none(out, "the PCIe link of %s is not known to sysfs", pci);
}

int link_limit(struct bench_ctx *c, const struct link_limit_of *l, struct limits *out,
               struct err *e)
{
    if (l->peer)
        limit_none(out, "the rate of the link between the two GPUs is not known");
    else if (gpu_properties_of(l->gpu)->integrated)
        return limit_measured(c, out, "silicon.memory", "op=copy level=hbm threads=all", 0.5, e);
    else
        pcie_limit(l, out);
    return 0;
}
