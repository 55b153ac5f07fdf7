/* gpu_facts.c - the GPUs among the facts of the machine. */
#include "gpu/gpu_facts.h"

#include <stdio.h>

#include "gpu/card_facts.h"
#include "gpu/gpu.h"

enum { KEY_CAP = 64 };

static void key_of(char out[KEY_CAP], int gpu, const char *name)
{
    snprintf(out, KEY_CAP, "gpus.%d.%s", gpu, name);
}

static void put_text(struct facts *out, int gpu, const char *name, const char *value)
{
    char key[KEY_CAP];

    key_of(key, gpu, name);
    if (value[0])
        facts_text(out, key, value);
    else
        facts_null(out, key, "the driver does not say");
}

/* 0: not known. */
static void put_number(struct facts *out, int gpu, const char *name, double value)
{
    char key[KEY_CAP];

    key_of(key, gpu, name);
    if (value > 0)
        facts_int(out, key, (int64_t)value);
    else
        facts_null(out, key, "the driver does not say");
}

static void version(struct facts *out, const char *key, int v, const char *why)
{
    char text[16];

    snprintf(text, sizeof(text), "%d.%d", v / 1000, v % 1000 / 10);
    if (v > 0)
        facts_text(out, key, text);
    else
        facts_null(out, key, "%s", why);
}

const char *gpu_host_link_name(enum gpu_host_link l)
{
    switch (l) {
    case GPU_HOST_PCIE: return "PCIe";
    case GPU_HOST_C2C: return "NVLink-C2C";
    case GPU_HOST_ONE_MEMORY: break;
    }
    return "one memory";
}

enum gpu_host_link gpu_host_link(bool integrated, bool host_page_tables)
{
    if (integrated)
        return GPU_HOST_ONE_MEMORY;
    return host_page_tables ? GPU_HOST_C2C : GPU_HOST_PCIE;
}

static void put_gpu(struct facts *out, int i)
{
    struct gpu_properties p;
    struct err e = { 0 };
    char key[KEY_CAP], text[16];

    if (gpu_properties(i, &p, &e) < 0) {
        key_of(key, i, "model");
        facts_null(out, key, "%s", e.msg);
        return;
    }
    put_text(out, i, "model", p.model);
    put_text(out, i, "pci_id", p.pci_id);
    put_text(out, i, "uuid", p.uuid);
    snprintf(text, sizeof(text), "%d.%d", p.capability / 10, p.capability % 10);
    put_text(out, i, "compute_capability", text);
    put_number(out, i, "multiprocessors", p.multiprocessors);
    put_number(out, i, "clock_max_hz", p.clock_hz);
    put_number(out, i, "memory_bytes", (double)p.memory_bytes);
    put_number(out, i, "memory_clock_hz", p.memory_clock_hz);
    put_number(out, i, "memory_bus_bits", p.memory_bus_bits);
    put_number(out, i, "memory_paper_bytes_per_s", 2 * p.memory_clock_hz * p.memory_bus_bits / 8);
    put_number(out, i, "l2_bytes", (double)p.l2_bytes);
    key_of(key, i, "integrated");
    facts_bool(out, key, p.integrated);
    put_text(out, i, "host_link", gpu_host_link_name(p.host_link));
    card_facts(out, i, p.uuid, p.pci_id);
}

void gpu_facts(struct facts *out)
{
    char why[200] = "";
    int n = gpu_count(why, sizeof(why));

    version(out, "cuda.driver", gpu_driver_version(), n > 0 ? "the driver does not say" : why);
    version(out, "cuda.runtime", gpu_runtime_version(), "built without CUDA");
    if (n == 0)
        facts_null(out, "gpus", "%s", why);
    for (int i = 0; i < n; i++)
        put_gpu(out, i);
}
