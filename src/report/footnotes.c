/* footnotes.c - numbered remarks under a table. */
#include "report/footnotes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

void footnotes_release(struct footnotes *fn)
{
    for (int i = 0; i < fn->n; i++)
        mem_free(fn->text[i]);
    mem_free(fn->text);
    *fn = (struct footnotes){ 0 };
}

/* The number of these words, 0 without memory. */
static int number_of(struct footnotes *fn, const char *text)
{
    for (int i = 0; i < fn->n; i++)
        if (strcmp(fn->text[i], text) == 0)
            return i + 1;
    if (fn->n == fn->cap) {
        int cap = fn->cap ? 2 * fn->cap : 16;
        char **grown = mem_realloc(fn->text, (size_t)cap, sizeof(*grown));

        if (!grown)
            return 0;
        fn->text = grown;
        fn->cap = cap;
    }
    fn->text[fn->n] = mem_strdup(text);
    return fn->text[fn->n] ? ++fn->n : 0;
}

/* The numbers of one row, each once, in order. */
struct marks {
    struct footnotes *fn;
    int number[RESULT_NOTES + 8], n;
};

static void mark(struct marks *m, const char *text)
{
    int number = number_of(m->fn, text), at = m->n;

    for (int i = 0; i < m->n; i++)
        if (m->number[i] == number)
            return;
    if (number == 0 || m->n == (int)(sizeof(m->number) / sizeof(m->number[0])))
        return;
    for (; at > 0 && m->number[at - 1] > number; at--)
        m->number[at] = m->number[at - 1];
    m->number[at] = number;
    m->n++;
}

static void mark_expected(struct marks *m, const struct result *r)
{
    char text[320];
    const struct expected *x = &r->expected;

    if (!(x->hi > 0) || !(r->value < x->lo || r->value > x->hi))
        return;
    snprintf(text, sizeof(text), "%s what machines of its kind reach, %.4g to %.4g %s (%s)",
             r->value < x->lo ? "below" : "above", x->lo, x->hi, r->unit, x->source);
    mark(m, text);
}

static void mark_all(struct marks *m, const struct result *r)
{
    char text[320];

    for (int i = 0; i < RESULT_NOTES && r->notes[i][0]; i++)
        mark(m, r->notes[i]);
    if (r->status != RESULT_OK)
        return;
    for (int i = 0; i < r->n_runs; i++)
        if (r->runs[i].sampling.stop == SAMPLING_UNSTABLE) {
            snprintf(text, sizeof(text), "unstable: %s", r->runs[i].sampling.why);
            mark(m, text);
        }
    mark_expected(m, r);
    if (isnan(r->percent) && r->limits.n > 0 && r->limits.l[0].reason[0]) {
        snprintf(text, sizeof(text), "no limit: %s", r->limits.l[0].reason);
        mark(m, text);
    }
    if (r->origin != ORIGIN_MEASURED) {
        snprintf(text, sizeof(text), "%s, not measured by this run", result_origin_name(r->origin));
        mark(m, text);
    }
}

void footnotes_add(struct footnotes *fn, const struct result *r, char *marks, size_t cap)
{
    struct marks m = { .fn = fn };
    size_t n = 0;

    marks[0] = '\0';
    mark_all(&m, r);
    for (int i = 0; i < m.n && n + 8 < cap; i++)
        n += (size_t)snprintf(marks + n, cap - n, "%s%d", i ? "," : "", m.number[i]);
}
