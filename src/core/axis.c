/* axis.c - the parameters of a benchmark: typed axes, and one point on them. */
#include "core/axis.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest word that nearest_name measures; longer ones are no near misses of ours. */
enum { WORD_MAX = 64 };

static int edit_distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    int row[WORD_MAX + 1];

    if (na > WORD_MAX || nb > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= nb; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= na; i++) {
        int diagonal = row[0];

        row[0] = (int)i;
        for (size_t j = 1; j <= nb; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[nb];
}

const char *nearest_name(const char *s, const char *const *names)
{
    const char *best = NULL;
    int best_distance = (int)strlen(s) / 3 + 2; /* further away than that is another word */

    for (; *names; names++) {
        int d = edit_distance(s, *names);

        if (d < best_distance) {
            best_distance = d;
            best = *names;
        }
    }
    return best;
}

int parse_int(const char *s, int64_t lo, int64_t hi, const char *what, int64_t *out, struct err *e)
{
    char *end;
    long long v;

    errno = 0;
    v = strtoll(s, &end, 10);
    if (end == s || *end || errno == ERANGE || *s == ' ' || v < lo || v > hi)
        return ERR(e, ERR_ARG, "%s: \"%.40s\" is not a whole number from %lld to %lld", what, s,
                   (long long)lo, (long long)hi);
    *out = v;
    return 0;
}

int parse_size(const char *s, int64_t lo, int64_t hi, const char *what, int64_t *out, struct err *e)
{
    static const struct {
        const char *suffix;
        int64_t factor;
    } units[] = {
        { "", 1 },          { "B", 1 },           { "K", 1 << 10 },        { "KiB", 1 << 10 },
        { "M", 1 << 20 },   { "MiB", 1 << 20 },   { "G", 1 << 30 },        { "GiB", 1 << 30 },
        { "T", 1LL << 40 }, { "TiB", 1LL << 40 }, { "TB", 1000000000000 }, { "KB", 1000 },
        { "kB", 1000 },     { "MB", 1000000 },    { "GB", 1000000000 }
    };
    char *end;
    long long v;
    int64_t bytes = -1;
    char lo_text[AXIS_TEXT], hi_text[AXIS_TEXT];
    static const struct axis as_size = { .kind = AXIS_SIZE };

    errno = 0;
    v = strtoll(s, &end, 10);
    if (end != s && errno != ERANGE && *s != ' ')
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
            if (strcmp(end, units[i].suffix) == 0)
                if (__builtin_mul_overflow((int64_t)v, units[i].factor, &bytes))
                    bytes = -1;
    if (bytes < lo || bytes > hi) {
        axis_format(&as_size, lo, lo_text);
        axis_format(&as_size, hi, hi_text);
        return ERR(e, ERR_ARG,
                   "%s: \"%.40s\" is not a size from %s to %s (such as 4KiB, 1MiB, 2GiB)", what, s,
                   lo_text, hi_text);
    }
    *out = bytes;
    return 0;
}

int parse_seconds(const char *s, double lo, double hi, const char *what, double *out, struct err *e)
{
    static const struct {
        const char *suffix;
        double factor;
    } units[] = { { "", 1 }, { "s", 1 }, { "ms", 1e-3 }, { "m", 60 }, { "min", 60 } };
    char *end;
    double v = NAN;
    bool digits = (*s >= '0' && *s <= '9') || *s == '.'; /* strtod also takes nan, inf and hex */

    if (digits && !strpbrk(s, "xX")) {
        double number = strtod(s, &end);

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
            if (end != s && strcmp(end, units[i].suffix) == 0)
                v = number * units[i].factor;
    }
    if (!(v >= lo && v <= hi))
        return ERR(e, ERR_ARG,
                   "%s: \"%.40s\" is not a time from %g s to %g s (such as 2, 0.5, 500ms, 2m)",
                   what, s, lo, hi);
    *out = v;
    return 0;
}

/* Words of AXIS_WORD and AXIS_FILE axes, so that a value can be a number as on any other axis: kept
 * for as long as the process lives. */
enum { WORDS_MAX = 64 };
static char words[WORDS_MAX][AXIS_TEXT];
static int n_words;
static pthread_mutex_t words_lock = PTHREAD_MUTEX_INITIALIZER;

static int parse_word(const struct axis *a, const char *word, int64_t *out, struct err *e)
{
    static const char allowed[] =
        "/+~@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const bool file = a->kind == AXIS_FILE;
    int i = 0, rc = 0;

    if (word[strspn(word, file ? allowed : allowed + 4)] || (!file && word[0] == '.'))
        return ERR(e, ERR_ARG, "axis %s: \"%.40s\" is not a %s _ -)", a->name, word,
                   file ? "file's name (letters, digits, / + ~ @ ." : "name (letters, digits, .");
    pthread_mutex_lock(&words_lock);
    while (i < n_words && strcmp(words[i], word) != 0)
        i++;
    if (i == WORDS_MAX)
        rc = ERR(e, ERR_ARG, "axis %s: more than %d names", a->name, WORDS_MAX);
    else if (i == n_words)
        snprintf(words[n_words++], AXIS_TEXT, "%s", word);
    pthread_mutex_unlock(&words_lock);
    *out = i;
    return rc;
}

static int axis_parse_one(const struct axis *a, const char *word, struct axis_values *out,
                          struct err *e)
{
    char what[64];
    int64_t v = 0;
    int rc = 0;

    snprintf(what, sizeof(what), "axis %s", a->name);
    if (a->kind == AXIS_ENUM) {
        const char *near;

        while (a->names[v] && strcmp(a->names[v], word) != 0)
            v++;
        if (!a->names[v]) {
            char all[140] = "";

            for (int i = 0; a->names[i]; i++) {
                size_t n = strlen(all);

                snprintf(all + n, sizeof(all) - n, "%s%s", i ? ", " : "", a->names[i]);
            }
            near = nearest_name(word, a->names);
            if (near)
                return ERR(e, ERR_ARG, "axis %s has no value \"%.40s\"; did you mean \"%s\"?  (%s)",
                           a->name, word, near, all);
            return ERR(e, ERR_ARG, "axis %s has no value \"%.40s\" (%s)", a->name, word, all);
        }
    } else if (a->kind == AXIS_INT) {
        TRY(parse_int(word, a->lo, a->hi, what, &v, e));
    } else if (a->kind == AXIS_WORD || a->kind == AXIS_FILE) {
        TRY(parse_word(a, word, &v, e));
    } else {
        TRY(parse_size(word, a->lo, a->hi, what, &v, e));
    }
    for (int i = 0; i < out->n; i++)
        if (out->v[i] == v)
            return 0; /* the same value twice is one row */
    if (out->n == AXIS_VALUES_MAX)
        return ERR(e, ERR_ARG, "%s: more than %d values", what, AXIS_VALUES_MAX);
    out->v[out->n++] = v;
out:
    return rc;
}

int axis_parse(const struct axis *a, const char *text, struct axis_values *out, struct err *e)
{
    int rc = 0;
    const char *p = text;

    out->n = 0;
    if (strcmp(text, "*") == 0) {
        if (a->kind != AXIS_ENUM)
            return ERR(e, ERR_ARG, "axis %s: \"*\" needs a list of names; give values", a->name);
        for (int i = 0; i < AXIS_VALUES_MAX && a->names[i]; i++)
            out->v[out->n++] = i;
        return 0;
    }
    for (;;) {
        char word[AXIS_TEXT];
        size_t n = strcspn(p, ",");

        if (n >= sizeof(word))
            return ERR(e, ERR_ARG, "axis %s: \"%.60s...\" has more than %d characters", a->name, p,
                       AXIS_TEXT - 1);
        if (n == 0)
            return ERR(e, ERR_ARG, "axis %s: \"%.60s\" is not a list of values", a->name, text);
        memcpy(word, p, n);
        word[n] = '\0';
        TRY(axis_parse_one(a, word, out, e));
        if (!p[n])
            break;
        p += n + 1;
    }
out:
    return rc;
}

void axis_format(const struct axis *a, int64_t value, char out[AXIS_TEXT])
{
    static const char *const suffix[] = { "", "KiB", "MiB", "GiB", "TiB" };
    int unit = 0;

    if (a->kind == AXIS_ENUM) {
        snprintf(out, AXIS_TEXT, "%s", a->names[value]);
        return;
    }
    if (a->kind == AXIS_WORD || a->kind == AXIS_FILE) {
        snprintf(out, AXIS_TEXT, "%s", words[value]); /* a word once there never changes */
        return;
    }
    if (a->kind == AXIS_SIZE)
        while (value && value % 1024 == 0 && unit < 4) {
            value /= 1024;
            unit++;
        }
    snprintf(out, AXIS_TEXT, "%lld%s", (long long)value, suffix[unit]);
}

static const struct param *params_find(const struct params *p, const char *name)
{
    for (int i = 0; i < p->n; i++)
        if (strcmp(p->p[i].axis->name, name) == 0)
            return &p->p[i];
    return NULL;
}

int64_t params_get(const struct params *p, const char *name)
{
    const struct param *found = params_find(p, name);

    BUG_ON(!found);
    return found->value;
}

bool params_has(const struct params *p, const char *name)
{
    return params_find(p, name) != NULL;
}

const char *params_text(const struct params *p, const char *name)
{
    const struct param *found = params_find(p, name);

    BUG_ON(!found);
    return found->text;
}

void params_format(const struct params *p, char *buf, size_t cap)
{
    size_t n = 0;

    if (cap)
        buf[0] = '\0';
    for (int i = 0; i < p->n && n < cap; i++) {
        int w =
            snprintf(buf + n, cap - n, "%s%s=%s", i ? " " : "", p->p[i].axis->name, p->p[i].text);

        n += w > 0 ? (size_t)w : 0;
    }
}
