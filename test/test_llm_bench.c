/* The benchmarks of models.llm on tiny random models: each is measured, says what it measured,
 * and a model that goes wrong while it is timed has no number. */
#include "test.h"

#include <unistd.h>

#include "core/device.h"
#include "core/mem.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"

#include "../src/models/llm_decode.c"

extern const struct bench bench_models_llm_touch, bench_models_llm_load, bench_models_llm_prefill,
    bench_models_llm_generate, bench_models_llm_batch, bench_models_llm_quant,
    bench_models_llm_info;
const struct bench *const bench_table[] = { &bench_models_llm_touch,   &bench_models_llm_load,
                                            &bench_models_llm_prefill, &bench_models_llm_decode,
                                            &bench_models_llm_batch,   &bench_models_llm_quant,
                                            &bench_models_llm_info,    NULL };

static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };

static void measure(const struct bench *b, const char *settings, const char *models,
                    struct result *out)
{
    struct worker_options o = { .seed = 1, .dir = "/tmp", .models = models, .target = 0.05 };
    struct worker *w = NULL;
    struct params point;
    struct err e = { 0 };

    CHECK_EQ(plan_point(b, settings, &point, &e), 0);
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(worker_case(w, b, &cpu, &point, 0.05, out), 0);
    worker_close(w);
}

/* Measured, checked, and marked as what it is. */
static void good(const struct bench *b, const char *settings)
{
    struct result r;

    measure(b, settings, "", &r);
    if (r.status != RESULT_OK)
        fprintf(stderr, "%s %s: %s\n", b->name, settings, r.reason);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_EQ(r.origin, ORIGIN_SYNTHETIC);
    CHECK(r.check.done && r.check.error <= r.check.tolerance);
    CHECK(r.value > 0 && r.work.items > 0);
    CHECK_STR(result_find(&r, "family") ? result_find(&r, "family")->text : "", "llama");
    result_release(&r);
}

static void all_are_measured(void)
{
    static const struct {
        const struct bench *b;
        const char *settings;
    } rows[] = {
        { &bench_models_llm_touch, "model=tiny-llama" },
        { &bench_models_llm_touch, "model=tiny-llama threads=one" },
        { &bench_models_llm_load, "model=tiny-llama cache=warm" },
        { &bench_models_llm_load, "model=tiny-llama cache=warm do=touch" },
        { &bench_models_llm_prefill, "model=tiny-llama tokens=33 threads=one" },
        { &bench_models_llm_prefill, "model=tiny-llama dtype=f16 tokens=5" },
        { &bench_models_llm_decode, "model=tiny-llama context=0" },
        { &bench_models_llm_decode, "model=tiny-llama context=70 dtype=q8_0" },
        { &bench_models_llm_decode, "model=tiny-llama context=9 kv=off dtype=tq2_64" },
        { &bench_models_llm_generate, "model=tiny-llama tokens=12" },
        { &bench_models_llm_generate, "model=tiny-llama until=first" },
        { &bench_models_llm_batch, "model=tiny-llama batch=5 context=40" },
        { &bench_models_llm_quant, "model=tiny-llama dtype=q4_0" },
        { &bench_models_llm_info, "model=tiny-llama" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        good(rows[i].b, rows[i].settings);
}

static double property(const struct result *r, const char *name)
{
    const struct result_property *p = result_find(r, name);

    return p ? p->value : (double)NAN;
}

static void what_a_row_says(void)
{
    struct result a, b, q;
    double coarse;

    measure(&bench_models_llm_decode, "model=tiny-llama context=0 threads=one", "", &a);
    measure(&bench_models_llm_decode, "model=tiny-llama context=0 threads=all", "", &b);
    CHECK(property(&a, "bytes_per_token") > 1000 && property(&a, "flops_per_token") > 1000);
    CHECK(property(&a, "kv_per_position") > 0 && property(&a, "threads") == 1);
    CHECK(result_find(&a, "energy_per_token") && result_find(&a, "context_switches_per_token"));
    CHECK(strlen(result_find(&a, "logits_hash")->text) == 16);
    CHECK_STR(result_find(&a, "logits_hash")->text, result_find(&b, "logits_hash")->text);
    measure(&bench_models_llm_quant, "model=tiny-llama dtype=f16", "", &q);
    CHECK(property(&q, "divergence") == 0 && property(&q, "same_top") == 100);
    CHECK_STR(result_find(&q, "perplexity")->text, "random weights have none");
    result_release(&q);
    measure(&bench_models_llm_quant, "model=tiny-llama dtype=q4_0", "", &q);
    coarse = property(&q, "divergence");
    CHECK(property(&q, "bits_per_weight") > 4 && property(&q, "bits_per_weight") < 16);
    result_release(&q);
    measure(&bench_models_llm_quant, "model=tiny-llama dtype=q8_0", "", &q);
    CHECK(property(&q, "divergence") > 0 && property(&q, "divergence") < coarse);
    result_release(&q);
    result_release(&a);
    result_release(&b);
}

/* The weights change under the row that is being timed. */
static int wrong_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    unsigned char *bytes = s->subject.bytes;
    int rc = once(c, state, e);

    memset(bytes + s->subject.n_bytes / 2, 0x37, 8192);
    return rc;
}

static void wrong_has_no_number(void)
{
    struct bench wrong = bench_models_llm_decode;
    struct result r;

    wrong.once = wrong_once;
    wrong.max_reps = 1;
    measure(&wrong, "model=tiny-llama context=3", "", &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "logits") != NULL);
    CHECK(isnan(r.value));
    result_release(&r);
}

static void what_cannot_be_measured(void)
{
    char folder[] = "/tmp/headroom-test-XXXXXX", path[64];
    struct result r;
    FILE *f;

    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/cut.gguf", folder);
    f = fopen(path, "wb");
    CHECK(f && fwrite("GGUF\3\0\0\0", 1, 8, f) == 8 && fclose(f) == 0);
    measure(&bench_models_llm_decode, "model=nobody-knows", "/nonexistent", &r);
    CHECK_EQ(r.status, RESULT_SKIPPED);
    CHECK(strstr(r.reason, "nobody-knows.gguf in /nonexistent") != NULL);
    result_release(&r);
    measure(&bench_models_llm_decode, "model=cut", folder, &r);
    CHECK_EQ(r.status, RESULT_FAILED); /* it is there, and is not what it claims to be */
    CHECK(strstr(r.reason, "cut.gguf") != NULL);
    result_release(&r);
    measure(&bench_models_llm_decode, "model=tiny-llama context=100000", "", &r);
    CHECK_EQ(r.status, RESULT_SKIPPED);
    CHECK(strstr(r.reason, "positions, fewer than") != NULL);
    result_release(&r);
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
}

int main(void)
{
    all_are_measured();
    what_a_row_says();
    wrong_has_no_number();
    what_cannot_be_measured();
    TEST_DONE();
}
