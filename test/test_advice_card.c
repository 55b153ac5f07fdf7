/* test_advice_card.c - what is said of GPUs: from the fake NVML's cards to facts to advice. */
#include "fake_card.h"
#include "gpu/card_facts.h"
#include "host/advice_card.h"

static struct fake_nvml *fake;
static struct advice_list list;
static struct facts facts;

static void judge(void)
{
    struct fake_nvml_card *c = &fake->card[0];

    facts_release(&facts);
    facts_text(&facts, "gpus.0.model", "NVIDIA H200");
    facts_text(&facts, "cuda.driver", "13.0");
    facts_text(&facts, "cuda.runtime", "13.0");
    card_facts(&facts, 0, c->uuid, c->pci_id);
    list = (struct advice_list){ 0 };
    advice_card(&list, &facts);
}

static const struct advice *find(const char *name)
{
    static const struct advice none = { .name = "nothing" };

    for (int i = 0; i < list.n; i++)
        if (strcmp(list.a[i].name, name) == 0)
            return &list.a[i];
    fprintf(stderr, "nothing is said of %s\n", name);
    test_failures++;
    return &none;
}

static void says(const char *name, enum advice_state state, const char *text)
{
    const struct advice *a = find(name);

    CHECK_EQ(a->state, state);
    if (!strstr(a->text, text))
        fprintf(stderr, "%s: \"%s\" is not in \"%s\"\n", name, text, a->text);
    CHECK(strstr(a->text, text) != NULL);
    CHECK(state == ADVICE_WORKING ? a->remedy[0] == '\0' : true);
}

static void good(void)
{
    fake->init_status = NVML_OK;
    fake->n = 1;
    fake_card_h200(&fake->card[0], 0);
}

static void test_good(void)
{
    good();
    judge();
    for (int i = 0; i < list.n; i++)
        CHECK_EQ(list.a[i].state, ADVICE_WORKING);
    says("gpu:0.link", ADVICE_WORKING, "PCIe 5 x16");
    says("gpu:0.power", ADVICE_WORKING, "700 W");
    says("gpu:0.throttle", ADVICE_WORKING, "nothing holds the clock down");
    says("gpu:0.ecc", ADVICE_WORKING, "error correction is enabled");
    says("cuda.driver", ADVICE_WORKING, "CUDA 13.0");
    CHECK_EQ(list.n, 7);
    CHECK_STR(facts_get_text(&facts, "gpus.0.vbios", ""), "96.00.A5.00.10");
    CHECK_STR(facts_get_text(&facts, "gpus.0.driver", ""), "580.00");
    CHECK_STR(facts_get_text(&facts, "gpus.0.persistence_mode", ""), "enabled");
    CHECK_STR(facts_get_text(&facts, "gpus.0.compute_mode", ""), "default");
    CHECK_STR(facts_get_text(&facts, "gpus.0.mig_mode", ""), "disabled");
    CHECK_NEAR(facts_get_number(&facts, "gpus.0.power_limit_w", 0), 700, 0);
    CHECK_NEAR(facts_get_number(&facts, "gpus.0.power_w", 0), 80.119, 1e-9);
    CHECK_NEAR(facts_get_number(&facts, "gpus.0.sm_clock_hz", 0), 1980e6, 0);
    CHECK_STR(facts_get(&facts, "gpus.0.pages_pending")->text,
              "this GPU does not tell (Not Supported)");
}

/* Everything that can be wrong, one after the other. */
static void test_bad(void)
{
    struct fake_nvml_card *c = &fake->card[0];

    good();
    c->width.value = 8;
    judge();
    says("gpu:0.link", ADVICE_ADVICE, "8 of 16 lanes: copies reach 50 %");
    good();
    c->generation_max.value = c->generation.value = 4;
    judge();
    says("gpu:0.link", ADVICE_ADVICE, "generation 4 of the card's 5: copies reach 50 %");
    good();
    c->generation.value = 1;
    judge();
    says("gpu:0.link", ADVICE_WORKING, "generation 1 now");
    good();
    c->limit_mw.value = 300000;
    judge();
    says("gpu:0.power", ADVICE_ADVICE, "300 W, below the card's own 700 W");
    good();
    c->events_mask.value = NVML_EVENT_SW_POWER_CAP | NVML_EVENT_HW_THERMAL | NVML_EVENT_IDLE;
    judge();
    says("gpu:0.throttle", ADVICE_ADVICE, "power cap, hardware thermal slowdown");
    good();
    c->ecc[NVML_ECC_UNCORRECTED].value = 2;
    judge();
    says("gpu:0.ecc", ADVICE_FAILING, "2 uncorrected memory errors");
    good();
    c->remapped_pending.value = 1;
    judge();
    says("gpu:0.ecc", ADVICE_ADVICE, "waits to be remapped");
    good();
    c->remapped_failed.value = 1;
    judge();
    says("gpu:0.ecc", ADVICE_FAILING, "could not be remapped");
    good();
    c->retired_pending = (struct fake_nvml_value){ 1, 0, 0 };
    judge();
    says("gpu:0.ecc", ADVICE_ADVICE, "waits to be remapped");
    good();
    c->persistence.value = 0;
    judge();
    says("gpu:0.persistence", ADVICE_ADVICE, "forgets the card");
    good();
    c->processes.value = 2;
    judge();
    says("gpu:0.tenants", ADVICE_ADVICE, "2 processes are on the card; 1.8 GB");
    good();
    c->mig_mode.value = 1;
    judge();
    says("gpu:0.mode", ADVICE_ADVICE, "MIG");
    good();
    c->compute_mode.value = 2;
    judge();
    says("gpu:0.mode", ADVICE_ABSENT, "prohibited");
}

static void test_unknown(void)
{
    good();
    fake_card_gb10(&fake->card[0]);
    judge();
    says("gpu:0.link", ADVICE_ABSENT, "this GPU does not tell (Not Supported)");
    says("gpu:0.power", ADVICE_ABSENT, "this GPU does not tell (Not Supported)");
    says("gpu:0.ecc", ADVICE_ABSENT, "this GPU does not tell (Not Supported)");
    says("gpu:0.throttle", ADVICE_WORKING, "nothing");
    CHECK_EQ(facts_get(&facts, "gpus.0.memory_used_bytes")->kind, FACT_NULL);
    good();
    fake->card[0].lost = 1;
    judge();
    says("gpu:0.link", ADVICE_ABSENT, "the GPU is lost");
    fake->init_status = NVML_DRIVER_NOT_LOADED;
    judge();
    says("gpu:0.nvml", ADVICE_ABSENT, "NVML does not start: Driver Not Loaded");
    CHECK_EQ(list.n, 2);
}

static void test_driver(void)
{
    good();
    judge();
    facts_text(&facts, "cuda.driver", "12.8");
    list = (struct advice_list){ 0 };
    advice_card(&list, &facts);
    says("cuda.driver", ADVICE_ABSENT, "CUDA 12.8, this program needs 13.0");
    facts_text(&facts, "cuda.runtime", "12.9");
    list = (struct advice_list){ 0 };
    advice_card(&list, &facts);
    says("cuda.driver", ADVICE_ADVICE, "it runs, but");
    facts_release(&facts);
    list = (struct advice_list){ 0 };
    advice_card(&list, &facts); /* a machine without GPUs */
    CHECK_EQ(list.n, 0);
}

int main(void)
{
    fake = fake_card_library("new");
    test_good();
    test_bad();
    test_unknown();
    test_driver();
    facts_release(&facts);
    TEST_DONE();
}
