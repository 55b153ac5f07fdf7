/* footnotes.c - numbered remarks under a table. */
#include "report/footnotes.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void footnotes_release(struct footnotes *fn)
{
    for (int i = 0; i < fn->n; i++)
        mem_free(fn->list[i].text);
    mem_free(fn->list);
    *fn = (struct footnotes){ 0 };
}

/* Length of the figure that begins at p, 0 when none does.  Digits inside a word ("fp32", "l1") are
 * part of the word. */
static size_t figure_at(const char *text, const char *p)
{
    bool minus = *p == '-' && (p == text || p[-1] == ' ');
    const char *digits = p + minus;
    size_t n = strspn(digits, "0123456789");

    if (n == 0 || (p > text && (isalnum((unsigned char)p[-1]) || strchr("._-/", p[-1]))))
        return 0;
    if (digits[n] == '.' && isdigit((unsigned char)digits[n + 1]))
        n += 1 + strspn(digits + n + 1, "0123456789");
    if (isalpha((unsigned char)digits[n]) || n + minus >= FOOTNOTE_DIGITS)
        return 0;
    return n + minus;
}

/* The figures of a text; 0 also when they are too many to follow. */
static int figures_in(const char *text, struct footnote_range range[FOOTNOTE_FIGURES])
{
    int count = 0;

    for (const char *p = text; *p;) {
        size_t n = figure_at(text, p);

        if (n > 0 && count == FOOTNOTE_FIGURES)
            return 0;
        if (n > 0) {
            struct footnote_range *r = &range[count++];

            snprintf(r->lo_text, sizeof(r->lo_text), "%.*s", (int)n, p);
            memcpy(r->hi_text, r->lo_text, sizeof(r->hi_text));
            r->lo = r->hi = strtod(r->lo_text, NULL);
        }
        p += n ? n : 1;
    }
    return count;
}

/* The same words, whatever the figures? */
static bool alike(const char *a, const char *b)
{
    const char *p = a, *q = b;

    while (*p && *q) {
        size_t n = figure_at(a, p), m = figure_at(b, q);

        if ((n > 0) != (m > 0) || (n == 0 && *p != *q))
            return false;
        p += n ? n : 1;
        q += m ? m : 1;
    }
    return *p == *q;
}

static void widen(struct footnote *f, const struct footnote_range *seen)
{
    for (int i = 0; i < f->n_figures; i++) {
        struct footnote_range *r = &f->range[i];

        if (seen[i].lo < r->lo) {
            r->lo = seen[i].lo;
            memcpy(r->lo_text, seen[i].lo_text, sizeof(r->lo_text));
        }
        if (seen[i].hi > r->hi) {
            r->hi = seen[i].hi;
            memcpy(r->hi_text, seen[i].hi_text, sizeof(r->hi_text));
        }
    }
}

enum words { TO_THE_LETTER, WITH_RANGES };

/* The number of these words, 0 without memory. */
static int number_of(struct footnotes *fn, const char *text, enum words how)
{
    struct footnote_range range[FOOTNOTE_FIGURES] = { 0 };
    int n_figures = how == WITH_RANGES ? figures_in(text, range) : 0;

    for (int i = 0; i < fn->n; i++) {
        struct footnote *f = &fn->list[i];

        if (f->n_figures != n_figures ||
            !(n_figures ? alike(f->text, text) : strcmp(f->text, text) == 0))
            continue;
        widen(f, range);
        return i + 1;
    }
    if (fn->n == fn->cap) {
        int cap = fn->cap ? 2 * fn->cap : 16;
        struct footnote *grown = mem_realloc(fn->list, (size_t)cap, sizeof(*grown));

        if (!grown)
            return 0;
        fn->list = grown;
        fn->cap = cap;
    }
    fn->list[fn->n] = (struct footnote){ .text = mem_strdup(text), .n_figures = n_figures };
    memcpy(fn->list[fn->n].range, range, sizeof(range));
    return fn->list[fn->n].text ? ++fn->n : 0;
}

void footnotes_text(const struct footnotes *fn, int i, char *out, size_t cap)
{
    const struct footnote *f = &fn->list[i];
    size_t used = 0;
    int figure = 0;

    out[0] = '\0';
    for (const char *p = f->text; *p && used + 1 < cap;) {
        size_t n = figure < f->n_figures ? figure_at(f->text, p) : 0;
        const struct footnote_range *r = &f->range[figure];

        if (n == 0)
            used += (size_t)snprintf(out + used, cap - used, "%c", *p);
        else if (r->lo < r->hi)
            used += (size_t)snprintf(out + used, cap - used, "%s to %s", r->lo_text, r->hi_text);
        else
            used += (size_t)snprintf(out + used, cap - used, "%s", r->lo_text);
        figure += n > 0;
        p += n ? n : 1;
    }
}

/* The numbers of one row, each once, in order. */
struct marks {
    struct footnotes *fn;
    int number[RESULT_NOTES + 8], n;
};

static void mark(struct marks *m, const char *text, enum words how)
{
    int number = number_of(m->fn, text, how), at = m->n;

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
    mark(m, text, TO_THE_LETTER);
}

static void mark_all(struct marks *m, const struct result *r)
{
    char text[320];

    for (int i = 0; i < RESULT_NOTES && r->notes[i][0]; i++)
        mark(m, r->notes[i], WITH_RANGES);
    if (r->status != RESULT_OK)
        return;
    if (r->unstable[0]) {
        snprintf(text, sizeof(text), "unstable: %s", r->unstable);
        mark(m, text, WITH_RANGES);
    }
    mark_expected(m, r);
    if (isnan(r->percent) && r->limits.n > 0 && r->limits.l[0].reason[0]) {
        snprintf(text, sizeof(text), "no limit: %s", r->limits.l[0].reason);
        mark(m, text, TO_THE_LETTER);
    }
    if (r->origin == ORIGIN_SYNTHETIC)
        mark(m, "synthetic: made-up weights of true shape; it says how fast, not how good",
             TO_THE_LETTER);
    else if (r->origin != ORIGIN_MEASURED) {
        snprintf(text, sizeof(text), "%s, not measured by this run", result_origin_name(r->origin));
        mark(m, text, TO_THE_LETTER);
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

void footnotes_shorten(const char *marks, char *out, size_t cap)
{
    size_t n = 0;

    out[0] = '\0';
    while (*marks && n < cap) {
        char *end, *next;
        long first = strtol(marks, &end, 10), last = first;

        for (next = end; *next == ',' && strtol(next + 1, &next, 10) == last + 1; end = next)
            last++;
        n += (size_t)snprintf(out + n, cap - n, "%s%ld", n ? "," : "", first);
        if (last > first && n < cap)
            n += (size_t)snprintf(out + n, cap - n, "%c%ld", last > first + 1 ? '-' : ',', last);
        marks = *end ? end + 1 : end;
    }
}
