/* model_parts.c - what the readers of the formats share. */
#include "models/format/model_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/size.h"

int span_compare(struct span a, struct span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* Bytes of the character at p, 0 when it is none. */
static size_t utf8_bytes(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char first, last;   /* of the first byte */
        unsigned char second, up_to; /* of the second */
        size_t bytes;
    } row[] = {
        { 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        if (p[0] < row[i].first || p[0] > row[i].last)
            continue;
        if (n < row[i].bytes)
            return 0;
        if (row[i].bytes > 1 && (p[1] < row[i].second || p[1] > row[i].up_to))
            return 0;
        for (size_t k = 2; k < row[i].bytes; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return row[i].bytes;
    }
    return 0;
}

bool span_is_utf8(struct span s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    for (size_t at = 0, n; at < s.n; at += n) {
        n = utf8_bytes(p + at, s.n - at);
        if (n == 0)
            return false;
    }
    return true;
}

const char *name_text(char buf[NAME_TEXT], struct span s)
{
    size_t n = s.n < NAME_TEXT - 4 ? s.n : NAME_TEXT - 4, at = 0;

    for (size_t i = 0; i < n; i++) {
        buf[at] = s.p[i];
        if (buf[at] < ' ' || buf[at] > '~' || buf[at] == '"')
            buf[at] = '?';
        at++;
    }
    if (n < s.n)
        for (int i = 0; i < 3; i++)
            buf[at++] = '.';
    buf[at] = '\0';
    return buf;
}

int model_tensors_reserve(struct model_file *m, size_t more, struct err *e)
{
    struct tensor *grown;
    size_t want;

    if (size_add(m->n_tensors, more, &want) != 0)
        return ERR(e, ERR_NOMEM, "%s: %zu tensors", model_map_shown(m->path), more);
    if (want <= m->cap_tensors)
        return 0;
    grown = mem_realloc(m->tensor, want, sizeof(*grown));
    if (!grown)
        return ERR(e, ERR_NOMEM, "%s: no memory for %zu tensors", model_map_shown(m->path), want);
    m->tensor = grown;
    m->cap_tensors = want;
    return 0;
}

char *model_names_block(struct model_file *m, size_t bytes)
{
    char **grown = mem_realloc(m->names, m->n_names + 1, sizeof(*grown)), *block;

    if (!grown)
        return NULL;
    m->names = grown;
    block = mem_calloc(bytes, 1);
    if (block)
        m->names[m->n_names++] = block;
    return block;
}

static int by_begin(const void *a, const void *b)
{
    const struct model_place *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

int model_places_check(const char *path, struct model_place *place, size_t n, struct err *e)
{
    char first[NAME_TEXT], second[NAME_TEXT];

    if (n == 0)
        return 0;
    qsort(place, n, sizeof(*place), by_begin);
    for (size_t i = 1; i < n; i++)
        if (place[i].begin < place[i - 1].end)
            return ERR(e, ERR_FORMAT,
                       "%s: tensors \"%.40s\" and \"%.40s\" overlap: the second begins at byte "
                       "%llu, the first ends at %llu",
                       model_map_shown(path), name_text(first, place[i - 1].name),
                       name_text(second, place[i].name), (unsigned long long)place[i].begin,
                       (unsigned long long)place[i - 1].end);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct tensor *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

int model_tensors_index(struct model_file *m, struct err *e)
{
    char name[NAME_TEXT];

    m->by_name = mem_calloc(m->n_tensors, sizeof(*m->by_name));
    if (!m->by_name)
        return ERR(e, ERR_NOMEM, "%s: no memory for %zu tensors", model_map_shown(m->path),
                   m->n_tensors);
    for (size_t i = 0; i < m->n_tensors; i++)
        m->by_name[i] = &m->tensor[i];
    if (m->n_tensors)
        qsort(m->by_name, m->n_tensors, sizeof(*m->by_name), by_name);
    for (size_t i = 1; i < m->n_tensors; i++) {
        const char *text = m->by_name[i]->name;

        if (strcmp(m->by_name[i - 1]->name, text) == 0)
            return ERR(e, ERR_FORMAT, "%s: two tensors are called \"%s\"", model_map_shown(m->path),
                       name_text(name, (struct span){ text, strlen(text) }));
    }
    return 0;
}
