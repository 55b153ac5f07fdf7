/* advice_card.c - what `headroom doctor` says about the GPUs. */
#include "host/advice_card.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 64 };

/* One GPU that is being judged. */
struct judged {
    struct advice_list *list;
    const struct facts *facts;
    int gpu;
    char entry[32];
};

static const struct fact *fact_of(const struct judged *j, const char *name)
{
    char key[KEY];

    snprintf(key, sizeof(key), "gpus.%d.%s", j->gpu, name);
    return facts_get(j->facts, key);
}

/* NaN where it is not known. */
static double number_of(const struct judged *j, const char *name)
{
    char key[KEY];

    snprintf(key, sizeof(key), "gpus.%d.%s", j->gpu, name);
    return facts_get_number(j->facts, key, (double)NAN);
}

static const char *text_of(const struct judged *j, const char *name)
{
    char key[KEY];

    snprintf(key, sizeof(key), "gpus.%d.%s", j->gpu, name);
    return facts_get_text(j->facts, key, "");
}

static const char *entry_of(struct judged *j, const char *name)
{
    snprintf(j->entry, sizeof(j->entry), "gpu:%d.%s", j->gpu, name);
    return j->entry;
}

/* Enter as absent what the driver does not tell; true: it was. */
static bool untold(struct judged *j, const char *entry, const char *name)
{
    const struct fact *f = fact_of(j, name);

    if (f && f->kind != FACT_NULL)
        return false;
    advice_add(j->list, entry_of(j, entry), ADVICE_ABSENT, "", "not known: %.160s",
               f ? f->text : "it was not asked for");
    return true;
}

/* The generation falls while nothing is copied; the width does not. */
static void judge_link(struct judged *j)
{
    double width = number_of(j, "pcie_width"), width_max = number_of(j, "pcie_width_max");
    double now = number_of(j, "pcie_generation"), most = number_of(j, "pcie_generation_max");
    double card = number_of(j, "pcie_generation_card");

    if (untold(j, "link", "pcie_width") || untold(j, "link", "pcie_generation_max"))
        return;
    if (width < width_max)
        advice_add(j->list, entry_of(j, "link"), ADVICE_ADVICE,
                   "seat the card anew, or a slot that has all its lanes wired",
                   "PCIe runs on %.0f of %.0f lanes: copies reach %.0f %% of what they could",
                   width, width_max, 100 * width / width_max);
    else if (most < card)
        advice_add(j->list, entry_of(j, "link"), ADVICE_ADVICE,
                   "a slot of the card's generation; the firmware may hold the slot down",
                   "PCIe generation %.0f of the card's %.0f: copies reach %.0f %% of what they "
                   "could",
                   most, card, 100 * pow(2, most - card));
    else if (now < most)
        advice_add(j->list, entry_of(j, "link"), ADVICE_WORKING, "",
                   "PCIe %.0f x%.0f, at generation %.0f now, as idle links are", most, width, now);
    else
        advice_add(j->list, entry_of(j, "link"), ADVICE_WORKING, "", "PCIe %.0f x%.0f", most,
                   width);
}

static void judge_power(struct judged *j)
{
    double limit = number_of(j, "power_limit_w"), normal = number_of(j, "power_limit_default_w");

    if (untold(j, "power", "power_limit_w"))
        return;
    if (limit < normal)
        advice_add(j->list, entry_of(j, "power"), ADVICE_ADVICE, "nvidia-smi -pl, as root",
                   "the power limit is %.0f W, below the card's own %.0f W", limit, normal);
    else
        advice_add(j->list, entry_of(j, "power"), ADVICE_WORKING, "", "the power limit is %.0f W",
                   limit);
}

static void judge_throttle(struct judged *j)
{
    const char *causes = text_of(j, "throttle");

    if (untold(j, "throttle", "throttle"))
        return;
    if (strcmp(causes, "none") == 0)
        advice_add(j->list, entry_of(j, "throttle"), ADVICE_WORKING, "",
                   "nothing holds the clock down now");
    else
        advice_add(j->list, entry_of(j, "throttle"), ADVICE_ADVICE,
                   "end what loads the card; look at its cooling and power supply",
                   "the clock is held down now: %.140s", causes);
}

static void judge_ecc(struct judged *j)
{
    double errors = number_of(j, "ecc_uncorrected");

    if (number_of(j, "rows_failed") > 0)
        advice_add(j->list, entry_of(j, "ecc"), ADVICE_FAILING, "replace the card",
                   "a broken row of its memory could not be remapped");
    else if (errors > 0)
        advice_add(j->list, entry_of(j, "ecc"), ADVICE_FAILING,
                   "nvidia-smi --gpu-reset; replace the card when they come back",
                   "%.0f uncorrected memory errors since the driver was loaded", errors);
    else if (number_of(j, "rows_pending") > 0 || number_of(j, "pages_pending") > 0)
        advice_add(j->list, entry_of(j, "ecc"), ADVICE_ADVICE, "nvidia-smi --gpu-reset",
                   "memory waits to be remapped at the next reset");
    else if (untold(j, "ecc", "ecc_uncorrected"))
        return;
    else
        advice_add(j->list, entry_of(j, "ecc"), ADVICE_WORKING, "",
                   "no uncorrected memory errors; error correction is %s", text_of(j, "ecc_mode"));
}

static void judge_persistence(struct judged *j)
{
    if (untold(j, "persistence", "persistence_mode"))
        return;
    if (strcmp(text_of(j, "persistence_mode"), "disabled") == 0)
        advice_add(j->list, entry_of(j, "persistence"), ADVICE_ADVICE,
                   "nvidia-smi -pm 1, or nvidia-persistenced",
                   "the driver forgets the card between processes: each start takes seconds");
    else
        advice_add(j->list, entry_of(j, "persistence"), ADVICE_WORKING, "",
                   "the driver keeps the card ready");
}

static void judge_tenants(struct judged *j)
{
    double n = number_of(j, "processes"), used = number_of(j, "memory_used_bytes");

    if (untold(j, "tenants", "processes"))
        return;
    if (n > 0)
        advice_add(j->list, entry_of(j, "tenants"), ADVICE_ADVICE, "end them while measuring",
                   "%.0f process%s on the card; %.1f GB of its memory are in use", n,
                   n > 1 ? "es are" : " is", isnan(used) ? 0 : 1e-9 * used);
    else
        advice_add(j->list, entry_of(j, "tenants"), ADVICE_WORKING, "",
                   "no other process is seen on the card");
}

/* Only what is out of the ordinary. */
static void judge_mode(struct judged *j)
{
    if (strcmp(text_of(j, "mig_mode"), "enabled") == 0)
        advice_add(j->list, entry_of(j, "mode"), ADVICE_ADVICE, "nvidia-smi -mig 0, as root",
                   "the card is cut into MIG instances: one of them is measured");
    if (strcmp(text_of(j, "compute_mode"), "prohibited") == 0)
        advice_add(j->list, entry_of(j, "mode"), ADVICE_ABSENT, "nvidia-smi -c DEFAULT, as root",
                   "the compute mode is prohibited: nothing can run on the card");
}

/* "13.0" as 13000; 0: not known. */
static int version_of(const struct facts *facts, const char *key)
{
    const char *text = facts_get_text(facts, key, "");
    char *end;
    long major = strtol(text, &end, 10);

    return *end == '.' ? (int)(1000 * major + 10 * strtol(end + 1, NULL, 10)) : 0;
}

static void judge_driver(struct advice_list *list, const struct facts *facts)
{
    int driver = version_of(facts, "cuda.driver"), runtime = version_of(facts, "cuda.runtime");

    if (driver == 0 || runtime == 0)
        return;
    if (driver / 1000 < runtime / 1000)
        advice_add(list, "cuda.driver", ADVICE_ABSENT, "a newer driver, or a build for this one",
                   "the driver is for CUDA %d.%d, this program needs %d.%d", driver / 1000,
                   driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    else if (driver < runtime)
        advice_add(
            list, "cuda.driver", ADVICE_ADVICE, "a newer driver",
            "the driver is for CUDA %d.%d, this program for %d.%d: it runs, but GPUs without "
            "code of their own in it do not",
            driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    else
        advice_add(list, "cuda.driver", ADVICE_WORKING, "",
                   "the driver is for CUDA %d.%d, this program for %d.%d", driver / 1000,
                   driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
}

void advice_card(struct advice_list *list, const struct facts *machine)
{
    struct judged j = { .list = list, .facts = machine };

    judge_driver(list, machine);
    for (; fact_of(&j, "model"); j.gpu++) {
        const struct fact *nvml = fact_of(&j, "nvml");

        if (nvml) { /* it is there only to say why the rest is not */
            advice_add(list, entry_of(&j, "nvml"), ADVICE_ABSENT,
                       "libnvidia-ml.so.1 of the driver; containers: NVIDIA_DRIVER_CAPABILITIES "
                       "with utility",
                       "%.190s", nvml->text);
            continue;
        }
        judge_link(&j);
        judge_power(&j);
        judge_throttle(&j);
        judge_ecc(&j);
        judge_persistence(&j);
        judge_tenants(&j);
        judge_mode(&j);
    }
}
