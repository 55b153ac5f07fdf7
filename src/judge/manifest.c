/* manifest.c - what else differs between two runs than the speed. */
#include "judge/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "judge/pair.h"

/* Beginnings of keys of the machine's facts, most telling first. */
static const char *const telling[] = {
    "cuda.",
    "gpus.",
    "gpu.",
    "cpu.model",
    "cpu.microcode",
    "cpu.threads",
    "cpu.quota_cpus",
    "cpu.affinity",
    "clock.",
    "os.kernel",
    "os.name",
    "os.version",
    "os.libc",
    "os.mitigations",
    "os.smt",
    "os.aslr",
    "os.isolated_cpus",
    "os.swappiness",
    "memory.thp",
    "memory.hugetlb",
    "memory.limit_bytes",
    "memory.speed_mt_s",
    "numa.count",
    "numa.balancing",
    "machine.hypervisor",
    "machine.firmware",
    "machine.hostname",
    "container.",
    "storage.source",
    "storage.filesystem",
    "storage.options",
    "storage.scheduler",
    "environment.",
};

/* Parts of keys that change by themselves. */
static const char *const fleeting[] = { "free",        "used",  "available", "temperature",
                                        "utilization", "power", "uuid",      "pci_id" };

static bool is_fleeting(const char *key)
{
    for (size_t i = 0; i < sizeof(fleeting) / sizeof(fleeting[0]); i++)
        if (strstr(key, fleeting[i]) && !strstr(key, "limit"))
            return true;
    return false;
}

static void text_of(const struct fact *f, char out[MANIFEST_TEXT])
{
    const char *none = "none";

    switch (f ? f->kind : FACT_NULL) {
    case FACT_BOOL: snprintf(out, MANIFEST_TEXT, "%s", f->i ? "yes" : "no"); break;
    case FACT_INT: snprintf(out, MANIFEST_TEXT, "%" PRId64, f->i); break;
    case FACT_REAL: snprintf(out, MANIFEST_TEXT, "%.6g", f->r); break;
    case FACT_TEXT: snprintf(out, MANIFEST_TEXT, "%s", f->text[0] ? f->text : none); break;
    case FACT_NULL:
    default: snprintf(out, MANIFEST_TEXT, "%s", none); break;
    }
}

static void add(struct manifest *m, const char *prefix, const char *what, const char *a,
                const char *b)
{
    struct manifest_change *c;

    if (strcmp(a, b) == 0)
        return;
    if (m->n == MANIFEST_MAX) {
        m->left_out++;
        return;
    }
    c = &m->change[m->n++];
    snprintf(c->what, sizeof(c->what), "%s%s", prefix, what);
    snprintf(c->a, sizeof(c->a), "%s", a);
    snprintf(c->b, sizeof(c->b), "%s", b);
}

/* Facts whose keys begin with `start`, of A and then those that only B has. */
static void compare_facts(struct manifest *m, const char *prefix, const char *start,
                          const struct facts *a, const struct facts *b)
{
    const struct facts *sides[2] = { a, b };
    char ta[MANIFEST_TEXT], tb[MANIFEST_TEXT];

    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->n; i++) {
            const char *key = sides[s]->f[i].key;

            if (strncmp(key, start, strlen(start)) != 0 || is_fleeting(key) ||
                (s == 1 && facts_get(a, key)))
                continue;
            text_of(facts_get(a, key), ta);
            text_of(facts_get(b, key), tb);
            add(m, prefix, key, ta, tb);
        }
}

/* The arguments after the command, without where the result goes. */
static void arguments(const struct run_record *r, char out[MANIFEST_TEXT])
{
    size_t n = 0;

    out[0] = '\0';
    for (int i = 2; i < r->argc; i++) {
        if (strcmp(r->argv[i], "-o") == 0 || strcmp(r->argv[i], "--output") == 0) {
            i++;
            continue;
        }
        n += (size_t)snprintf(out + n, MANIFEST_TEXT - n, "%s%s", n ? " " : "", r->argv[i]);
        if (n >= MANIFEST_TEXT)
            break;
    }
}

/* Rows that took another code path. */
static void compare_variants(struct manifest *m, const struct run_record *a,
                             const struct run_record *b)
{
    char settings[MANIFEST_TEXT], what[200], ta[MANIFEST_TEXT], tb[MANIFEST_TEXT];

    for (int i = 0; i < b->n_results; i++)
        for (int k = 0; k < a->n_results; k++) {
            const struct result *ra = &a->results[k], *rb = &b->results[i];

            if (!ra->variant[0] || !rb->variant[0] || !pair_same_row(ra, rb))
                continue;
            result_settings(rb, settings, sizeof(settings));
            snprintf(what, sizeof(what), "%s %s", rb->name, settings);
            snprintf(ta, sizeof(ta), "%s", ra->variant);
            snprintf(tb, sizeof(tb), "%s", rb->variant);
            add(m, "variant of ", what, ta, tb);
        }
}

void manifest_compare(const struct run_record *a, const struct run_record *b, struct manifest *out)
{
    char ta[MANIFEST_TEXT], tb[MANIFEST_TEXT], fa[24], fb[24];

    *out = (struct manifest){ 0 };
    machine_fingerprint(&a->machine, fa);
    machine_fingerprint(&b->machine, fb);
    out->same_machine = strcmp(fa, fb) == 0;
    for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
        compare_facts(out, "", telling[i], &a->machine, &b->machine);
    compare_facts(out, "build.", "", &a->build, &b->build);
    arguments(a, ta);
    arguments(b, tb);
    add(out, "", "arguments", ta, tb);
    snprintf(ta, sizeof(ta), "%" PRIu64, a->seed);
    snprintf(tb, sizeof(tb), "%" PRIu64, b->seed);
    add(out, "", "seed", ta, tb);
    compare_variants(out, a, b);
}
