/* The GPUs among the facts, with or without any: nothing is missing without a reason. */
#include "gpu/gpu.h"
#include "gpu/gpu_facts.h"
#include "test.h"

static void test_none(const char *why)
{
    struct device d = { .kind = DEVICE_GPU, .name = "gpu:0", .ops = &gpu_device_ops };
    struct gpu_properties p;
    struct facts facts = { 0 };
    struct err e = { 0 };
    void *handle = &d;

    printf("no GPU: %s\n", why);
    CHECK(why[0] != '\0');
    CHECK(gpu_properties(0, &p, &e) < 0 && e.msg[0]);
    CHECK(p.model[0] == '\0' && p.memory_bytes == 0);
    e = (struct err){ 0 };
    CHECK(gpu_device_ops.open(&d, &handle, &e) < 0 && e.msg[0]);
    CHECK(handle == NULL);
    gpu_device_ops.close(handle);
    gpu_facts(&facts);
    CHECK(facts_get(&facts, "gpus") && facts_get(&facts, "gpus")->kind == FACT_NULL);
    CHECK_STR(facts_get(&facts, "gpus")->text, why);
    facts_release(&facts);
}

static void test_some(int n, const char *model)
{
    static const char *const names[] = {
        "model",           "pci_id",       "uuid",         "compute_capability",
        "multiprocessors", "clock_max_hz", "memory_bytes", "memory_clock_hz",
        "memory_bus_bits", "l2_bytes",     "integrated",   "memory_paper_bytes_per_s",
    };
    struct facts facts = { 0 };
    char key[64];

    gpu_facts(&facts);
    CHECK(facts_get(&facts, "gpus") == NULL);
    CHECK_STR(facts_get_text(&facts, "gpus.0.model", ""), model);
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            const struct fact *f;

            snprintf(key, sizeof(key), "gpus.%d.%s", i, names[k]);
            f = facts_get(&facts, key);
            CHECK(f && (f->kind != FACT_NULL || f->text[0]));
            if (f)
                printf("%s: %s %lld\n", key, f->text ? f->text : "", (long long)f->i);
        }
    CHECK(facts_get(&facts, "cuda.driver")->kind == FACT_TEXT);
    facts_release(&facts);
}

int main(void)
{
    struct device devices[2];
    char why[200] = "", again[200] = "";
    int n, listed;

    n = gpu_count(why, sizeof(why));
    listed = gpu_device_ops.list(devices, 2, again, sizeof(again));
    CHECK_EQ(listed, n < 2 ? n : 2);
    CHECK_EQ(gpu_device_ops.list(devices, 0, again, sizeof(again)), 0);
    if (n == 0)
        test_none(why);
    else
        test_some(n, devices[0].model);
    TEST_DONE();
}
