/* profile_print.c - what a profiler found, as a short table. */
#include "command/profile_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "report/columns.h"

enum { ROWS_MAX = 12 };

static const struct column kernel_columns[] = {
    { .head = "kernel" },
    { .head = "launches", .gap = 2, .right = true },
    { .head = "us each", .gap = 2, .right = true },
    { .head = "DRAM %", .gap = 2, .right = true },
    { .head = "L2 %", .gap = 2, .right = true },
    { .head = "tensor %", .gap = 2, .right = true },
    { .head = "warps %", .gap = 2, .right = true },
    { .head = "registers", .gap = 2, .right = true },
    { .head = "waits most for", .gap = 2 },
};
enum { KERNEL_COLUMNS = sizeof(kernel_columns) / sizeof(kernel_columns[0]) };

static const struct column count_columns[] = {
    { .head = "event" },
    { .head = "in all", .gap = 2, .right = true },
    { .head = "a repetition", .gap = 2, .right = true },
    { .head = "", .gap = 2 },
};
enum { COUNT_COLUMNS = sizeof(count_columns) / sizeof(count_columns[0]) };

static void put(char *cell, int decimals, double value)
{
    if (isfinite(value))
        snprintf(cell, COLUMNS_CELL, "%.*f", decimals, value);
    else
        snprintf(cell, COLUMNS_CELL, "-");
}

static void kernel_row(const struct profile_kernel *k, struct columns_row *r)
{
    *r = (struct columns_row){ 0 };
    snprintf(r->cell[0], COLUMNS_CELL, "%s", k->name);
    snprintf(r->cell[1], COLUMNS_CELL, "%u", k->launches);
    snprintf(r->cell[2], COLUMNS_CELL, "%.4g", k->time_ns * 1e-3 / k->launches);
    put(r->cell[3], 1, k->dram);
    put(r->cell[4], 1, k->l2);
    put(r->cell[5], 1, k->tensor);
    put(r->cell[6], 1, k->warps);
    put(r->cell[7], 0, k->registers);
    if (k->stall[0] && isfinite(k->stall_percent))
        snprintf(r->cell[8], COLUMNS_CELL, "%s %.0f %%", k->stall, k->stall_percent);
    else
        snprintf(r->cell[8], COLUMNS_CELL, "-");
}

/* Work per cycle is what two of the counts say together. */
static void count_row(const struct profile_count *c, const struct profile_count *all, int n,
                      uint64_t repetitions, struct columns_row *r)
{
    double cycles = NAN, of = NAN;

    *r = (struct columns_row){ 0 };
    snprintf(r->cell[0], COLUMNS_CELL, "%s%s%s", c->event, c->unit[0] ? ", " : "", c->unit);
    if (!isfinite(c->value)) {
        snprintf(r->cell[1], COLUMNS_CELL, "-");
        snprintf(r->cell[3], COLUMNS_CELL, "this machine does not count it");
        return;
    }
    put(r->cell[1], c->unit[0] ? 3 : 0, c->value);
    snprintf(r->cell[2], COLUMNS_CELL, "%.4g", c->value / (double)repetitions);
    for (int i = 0; i < n; i++) {
        if (strcmp(all[i].event, "cycles") == 0)
            cycles = all[i].value;
        if ((strcmp(c->event, "branch-misses") == 0 && strcmp(all[i].event, "branches") == 0) ||
            (strcmp(c->event, "cache-misses") == 0 &&
             strcmp(all[i].event, "cache-references") == 0))
            of = all[i].value;
    }
    if (strcmp(c->event, "instructions") == 0 && cycles > 0)
        snprintf(r->cell[3], COLUMNS_CELL, "%.2f a cycle", c->value / cycles);
    else if (of > 0)
        snprintf(r->cell[3], COLUMNS_CELL, "%.2f %% of them", 100 * c->value / of);
}

static void print_rows(FILE *f, struct columns *c, const struct columns_row *row, int n)
{
    for (int i = 0; i < n; i++)
        columns_widen(c, &row[i]);
    columns_fit(c);
    columns_heads(f, c);
    for (int i = 0; i < n; i++)
        columns_print(f, c, &row[i]);
}

void profile_print_launches(FILE *f, const struct result *row)
{
    static const char *const names[] = { "registers", "shared_memory", "local_memory",
                                         "occupancy" };
    static const char *const others[] = { "copies", "fills" };
    const struct result_property *p = result_find(row, "launches");
    bool any = false;

    if (!p)
        return;
    if (p->text[0])
        fprintf(f, "launches: %s", p->text);
    else
        fprintf(f, "launches of a repetition: %.0f", p->value);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if ((p = result_find(row, others[i])))
            fprintf(f, ", %s: %.0f", others[i], p->value);
    fputc('\n', f);
    p = result_find(row, "kernel");
    if (p)
        fprintf(f, "  %s\n", p->text);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        p = result_find(row, names[i]);
        if (!p || !isfinite(p->value))
            continue;
        fprintf(f, "%s%s %.4g %s", any ? ", " : "  ", p->name, p->value, p->unit);
        any = true;
    }
    if (any)
        fputc('\n', f);
}

void profile_print_kernels(FILE *f, const struct profile_kernels *k, uint64_t repetitions,
                           const struct terminal_style *style)
{
    static const int optional[] = { 7, 4, 6 };
    static struct columns_row row[ROWS_MAX];
    struct columns c = { .column = kernel_columns,
                         .n = KERNEL_COLUMNS,
                         .optional = optional,
                         .n_optional = 3,
                         .style = style };
    int n = k->n < ROWS_MAX ? k->n : ROWS_MAX;

    fprintf(f, "\nunder ncu, which runs each kernel alone: %" PRIu64 " repetitions\n", repetitions);
    for (int i = 0; i < n; i++)
        kernel_row(&k->kernel[i], &row[i]);
    print_rows(f, &c, row, n);
    if (k->n > n || k->dropped)
        fprintf(f, "  and more kernels, which took less time each: they are in the report\n");
}

void profile_print_counts(FILE *f, const struct profile_count *c, int n, uint64_t repetitions,
                          const struct terminal_style *style)
{
    static struct columns_row row[PROFILE_COUNTS_MAX];
    struct columns t = { .column = count_columns, .n = COUNT_COLUMNS, .style = style };

    fprintf(f, "\nunder perf stat: %" PRIu64 " repetitions\n", repetitions);
    for (int i = 0; i < n; i++)
        count_row(&c[i], c, n, repetitions, &row[i]);
    print_rows(f, &t, row, n);
}
