#include "models/text/added.h"

#include <string.h>

#include "core/mem.h"
#include "models/text/utf8.h"

static int compare_pieces(const void *x, const void *y, void *vocabulary)
{
    const struct vocabulary *v = vocabulary;
    int32_t i = *(const int32_t *)x, k = *(const int32_t *)y;
    const struct piece *a = &v->piece[i], *b = &v->piece[k];
    int order = memcmp(v->bytes + a->at, v->bytes + b->at, a->n < b->n ? a->n : b->n);

    if (order == 0)
        order = (a->n > b->n) - (a->n < b->n);
    return order ? order : (i > k) - (i < k);
}

/* A longer name would let a file make the search slow: each place of a text may begin one. */
enum { NAME_MAX_BYTES = 512 };

static bool is_added(const struct piece *p)
{
    return p->n > 0 && (p->kind == PIECE_CONTROL || p->kind == PIECE_USER);
}

int added_init(struct added *a, const struct vocabulary *v, struct err *e)
{
    size_t n = 0;

    for (int32_t id = 0; id < v->n; id++)
        n += is_added(&v->piece[id]);
    a->id = mem_calloc(n, sizeof(*a->id));
    if (!a->id)
        return ERR(e, ERR_NOMEM, "a list of %zu added tokens", n);
    for (int32_t id = 0; id < v->n; id++) {
        if (!is_added(&v->piece[id]))
            continue;
        if (v->piece[id].n > NAME_MAX_BYTES)
            return ERR(e, ERR_NOTSUP, "token %d: an added token of %u bytes, more than %d", id,
                       v->piece[id].n, NAME_MAX_BYTES);
        a->id[a->n++] = id;
        a->begins[(unsigned char)v->bytes[v->piece[id].at]] = true;
    }
    qsort_r(a->id, a->n, sizeof(*a->id), compare_pieces, (void *)(uintptr_t)v);
    return 0;
}

void added_release(struct added *a)
{
    mem_free(a->id);
    *a = (struct added){ 0 };
}

/* The names [lo, hi) share their first `depth` bytes: narrow them to those whose next byte is b.  A
 * name that ends there sorts before all. */
static void narrow(const struct added *a, const struct vocabulary *v, size_t depth, int b,
                   size_t *lo, size_t *hi)
{
    size_t bound[2];

    for (int above = 0; above < 2; above++) {
        size_t x = *lo, y = *hi;

        while (x < y) {
            size_t mid = x + (y - x) / 2;
            const struct piece *p = &v->piece[a->id[mid]];
            int got = p->n > depth ? (unsigned char)v->bytes[p->at + depth] : -1;

            if (got < b + above)
                x = mid + 1;
            else
                y = mid;
        }
        bound[above] = x;
    }
    *lo = bound[0];
    *hi = bound[1];
}

/* The longest name that text begins with, or -1; control pieces only of its first n_special
 * bytes. */
static int32_t longest(const struct added *a, const struct vocabulary *v, const char *text,
                       size_t n, size_t n_special)
{
    size_t lo = 0, hi = a->n;
    int32_t best = -1;

    for (size_t depth = 0; depth < n && lo < hi; depth++) {
        narrow(a, v, depth, (unsigned char)text[depth], &lo, &hi);
        for (size_t i = lo; i < hi && v->piece[a->id[i]].n == depth + 1; i++)
            if (depth < n_special || v->piece[a->id[i]].kind == PIECE_USER) {
                best = a->id[i];
                break;
            }
    }
    return best;
}

int32_t added_find(const struct added *a, const struct vocabulary *v, const char *p, size_t n)
{
    int32_t id = longest(a, v, p, n, n);

    return id >= 0 && v->piece[id].n == n ? id : -1;
}

/* Where the white space that ends at `at` begins, not before `from`. */
static size_t space_before(const char *text, size_t from, size_t at)
{
    while (at > from) {
        size_t k = at - 1;
        uint32_t cp;

        while (k > from && at - k < 4 && ((unsigned char)text[k] & 0xc0) == 0x80)
            k--;
        if (utf8_get(text + k, at - k, &cp) != at - k || !utf8_space(cp))
            break;
        at = k;
    }
    return at;
}

static size_t space_behind(const char *text, size_t n, size_t at)
{
    while (at < n) {
        uint32_t cp;
        size_t k = utf8_get(text + at, n - at, &cp);

        if (k == 0 || !utf8_space(cp))
            break;
        at += k;
    }
    return at;
}

/* How many bytes from `at` on may be a control piece. */
static size_t special_at(struct added_text *text, size_t at)
{
    while (text->n_special > 0 && text->special->to <= at) {
        text->special++;
        text->n_special--;
    }
    return text->n_special > 0 && text->special->from <= at ? text->special->to - at : 0;
}

bool added_next(const struct added *a, const struct vocabulary *v, struct added_text *text,
                size_t from, struct added_match *out)
{
    for (size_t at = from; at < text->n; at++) {
        const struct piece *piece;
        int32_t id;

        if (!a->begins[(unsigned char)text->p[at]])
            continue;
        id = longest(a, v, text->p + at, text->n - at, special_at(text, at));
        if (id < 0)
            continue;
        piece = &v->piece[id];
        out->id = id;
        out->start = piece->lstrip ? space_before(text->p, from, at) : at;
        out->end = at + piece->n;
        if (piece->rstrip)
            out->end = space_behind(text->p, text->n, out->end);
        return true;
    }
    return false;
}
