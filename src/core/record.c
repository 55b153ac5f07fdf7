/* record.c - a whole run. */
#include "core/record.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

const char *run_status_name(enum run_status s)
{
    static const char *const names[] = { "complete", "partial", "interrupted" };

    return names[s];
}

void run_record_release(struct run_record *r)
{
    for (int i = 0; i < r->n_results; i++)
        result_release(&r->results[i]);
    mem_free(r->results);
    for (int i = 0; i < r->argc; i++)
        mem_free(r->argv[i]);
    mem_free(r->argv);
    facts_release(&r->machine);
    facts_release(&r->build);
    ceilings_release(&r->ceilings);
    *r = (struct run_record){ 0 };
}

int run_record_exit_code(const struct run_record *r)
{
    for (int i = 0; i < r->n_results; i++)
        if (r->results[i].status == RESULT_FAILED || r->results[i].status == RESULT_INVALID)
            return 4;
    return 0;
}

/* FNV-1a, 64 bit (Fowler, Noll, Vo). */
static void fingerprint_add(uint64_t *h, const char *text)
{
    do {
        *h ^= (unsigned char)*text;
        *h *= UINT64_C(1099511628211);
    } while (*text++);
}

void machine_fingerprint(const struct facts *machine, char out[24])
{
    static const char *const keys[] = { "cpu.model", "cpu.cores_physical", "cpu.threads", "gpus." };
    uint64_t h = UINT64_C(14695981039346656037);
    char number[32];

    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
        for (size_t i = 0; i < machine->n; i++) {
            const struct fact *f = &machine->f[i];
            bool gpu = keys[k][strlen(keys[k]) - 1] == '.';

            if (gpu ? !(strncmp(f->key, keys[k], strlen(keys[k])) == 0 &&
                        (strstr(f->key, ".model") || strstr(f->key, ".pcie_width_max")))
                    : strcmp(f->key, keys[k]) != 0)
                continue;
            snprintf(number, sizeof(number), "%" PRId64, f->i);
            fingerprint_add(&h, f->key);
            fingerprint_add(&h, f->kind == FACT_TEXT ? f->text : number);
        }
    /* The kernel keeps a little back, and how much depends on its version: whole GiB. */
    snprintf(number, sizeof(number), "%.0f",
             ceil(facts_get_number(machine, "memory.total_bytes", 0) / 1073741824.0));
    fingerprint_add(&h, number);
    snprintf(out, 24, "%016" PRIx64, h);
}
