/* comparison.c - two sides, judged. */
#include "judge/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* Every record must be of the machine of the first. */
static int check_machines(const struct judge_side side[SIDES], bool force, bool *other,
                          struct err *e)
{
    char first[24], next[24];

    *other = false;
    machine_fingerprint(&side[SIDE_A].records[0]->machine, first);
    for (int s = 0; s < SIDES; s++)
        for (int i = 0; i < side[s].n; i++) {
            machine_fingerprint(&side[s].records[i]->machine, next);
            if (strcmp(first, next) == 0)
                continue;
            *other = true;
            if (!force)
                return ERR(e, ERR_ARG,
                           "run %s is of another machine (%s) than run %s (%s): their figures say "
                           "nothing about each other; --force compares them all the same",
                           side[s].records[i]->id, next, side[SIDE_A].records[0]->id, first);
        }
    return 0;
}

/* Invalid, fail, warn, slower, gone, unclear, faster, same, added. */
static int rank_of(const struct verdict *v)
{
    static const int words[] = {
        [VERDICT_FASTER] = 6, [VERDICT_SAME] = 7, [VERDICT_SLOWER] = 3, [VERDICT_UNCLEAR] = 5
    };

    switch (v->gap) {
    case GAP_INVALID: return 0;
    case GAP_ONLY_A:
    case GAP_UNITS: return 4;
    case GAP_ONLY_B: return 8;
    case GAP_BOTH: return 9;
    case GAP_NONE:
    default: break;
    }
    if (v->level != LEVEL_NONE)
        return v->level == LEVEL_FAIL ? 1 : 2;
    return words[v->word];
}

static int by_weight(const void *a, const void *b, void *verdicts)
{
    const struct verdict *all = verdicts;
    int i = *(const int *)a, j = *(const int *)b;
    int difference = rank_of(&all[i]) - rank_of(&all[j]);
    double x = isfinite(all[i].change) ? fabs(all[i].change) : 0;
    double y = isfinite(all[j].change) ? fabs(all[j].change) : 0;

    if (difference)
        return difference;
    if (x != y)
        return x > y ? -1 : 1;
    return i - j;
}

int comparison_make(const struct judge_side side[SIDES], const char *const label[SIDES],
                    const struct verdict_rules *rules, bool force, struct comparison *out,
                    struct err *e)
{
    int rc = 0;

    *out = (struct comparison){ .label = { label[SIDE_A], label[SIDE_B] } };
    memcpy(out->side, side, sizeof(out->side));
    TRY(pairs_make(side, &out->pairs, e));
    TRY(check_machines(side, force, &out->other_machine, e));
    manifest_compare(side[SIDE_A].records[side[SIDE_A].n - 1],
                     side[SIDE_B].records[side[SIDE_B].n - 1], &out->manifest);
    out->verdicts = mem_calloc((size_t)out->pairs.n, sizeof(*out->verdicts));
    out->order = mem_calloc((size_t)out->pairs.n, sizeof(*out->order));
    if (!out->verdicts || !out->order) {
        rc = ERR(e, ERR_NOMEM, "no memory to compare %d rows", out->pairs.n);
        goto out;
    }
    TRY(verdict_judge(&out->pairs, rules, out->verdicts, e));
    out->counts = verdict_count(out->verdicts, out->pairs.n);
    for (int i = 0; i < out->pairs.n; i++)
        out->order[i] = i;
    qsort_r(out->order, (size_t)out->pairs.n, sizeof(*out->order), by_weight, out->verdicts);
out:
    if (rc < 0)
        comparison_release(out);
    return rc;
}

void comparison_release(struct comparison *c)
{
    pairs_release(&c->pairs);
    mem_free(c->verdicts);
    mem_free(c->order);
    *c = (struct comparison){ 0 };
}

void comparison_word(const struct verdict *v, char *out, size_t cap)
{
    static const char *const gaps[] = { [GAP_ONLY_A] = "gone",
                                        [GAP_ONLY_B] = "new",
                                        [GAP_INVALID] = "INVALID",
                                        [GAP_BOTH] = "not measured",
                                        [GAP_UNITS] = "other unit" };

    if (v->gap != GAP_NONE)
        snprintf(out, cap, "%s", gaps[v->gap]);
    else if (v->clocks_differ)
        snprintf(out, cap, "unclear: clocks");
    else if (v->word == VERDICT_UNCLEAR && v->lean != VERDICT_UNCLEAR)
        snprintf(out, cap, "unclear, %s?", verdict_word_name(v->lean));
    else if (v->level != LEVEL_NONE)
        snprintf(out, cap, "%s %s", verdict_word_name(v->word),
                 v->level == LEVEL_FAIL ? "FAIL" : "WARN");
    else
        snprintf(out, cap, "%s", verdict_word_name(v->word));
}
