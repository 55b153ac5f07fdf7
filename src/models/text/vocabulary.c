#include "models/text/vocabulary.h"

#include <string.h>

#include "core/mem.h"
#include "models/text/utf8.h"

static bool printable(int b)
{
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
}

/* The others, in order: 0 to 32, 127 to 160, and 173. */
int byte_of_letter(uint32_t cp)
{
    if (cp < 256)
        return printable((int)cp) ? (int)cp : -1;
    cp -= 256;
    if (cp <= 32)
        return (int)cp;
    cp -= 33;
    if (cp <= 160 - 127)
        return (int)cp + 127;
    return cp == 160 - 127 + 1 ? 173 : -1;
}

bool bytes_of_letters(const char *p, size_t n, char *out, size_t *n_out)
{
    size_t made = 0;

    for (size_t at = 0; at < n;) {
        uint32_t cp;
        size_t k = utf8_get(p + at, n - at, &cp);
        int b = k ? byte_of_letter(cp) : -1;

        if (b < 0)
            return false;
        out[made++] = (char)b;
        at += k;
    }
    *n_out = made;
    return true;
}

static int grow_bytes(struct vocabulary *v, size_t n, struct err *e)
{
    size_t cap = v->cap_bytes ? v->cap_bytes : 4096;
    char *p;

    while (cap - v->n_bytes < n) {
        if (cap > SIZE_MAX / 2)
            return ERR(e, ERR_NOMEM, "the vocabulary's text does not fit");
        cap *= 2;
    }
    if (cap == v->cap_bytes)
        return 0;
    p = mem_realloc(v->bytes, cap, 1);
    if (!p)
        return ERR(e, ERR_NOMEM, "%zu bytes for the vocabulary's text", cap);
    v->bytes = p;
    v->cap_bytes = cap;
    return 0;
}

/* The entry; its bytes lie at the end of v->bytes already. */
static int push(struct vocabulary *v, size_t n, enum piece_kind kind, struct err *e)
{
    if (v->n == v->cap) {
        int32_t cap = v->cap ? v->cap * 2 : 1024;
        struct piece *p;

        if (v->cap > INT32_MAX / 2)
            return ERR(e, ERR_FORMAT, "a vocabulary of more than %d pieces", v->cap);
        p = mem_realloc(v->piece, (size_t)cap, sizeof(*p));
        if (!p)
            return ERR(e, ERR_NOMEM, "a vocabulary of %d pieces", cap);
        v->piece = p;
        v->cap = cap;
    }
    v->piece[v->n++] = (struct piece){ .at = v->n_bytes, .n = (uint32_t)n, .kind = (uint8_t)kind };
    v->n_bytes += n;
    return 0;
}

int vocabulary_add(struct vocabulary *v, const char *p, size_t n, enum piece_kind kind,
                   struct err *e)
{
    int rc = 0;

    if (n > UINT32_MAX)
        return ERR(e, ERR_FORMAT, "a piece of %zu bytes", n);
    TRY(grow_bytes(v, n, e));
    if (n)
        memcpy(v->bytes + v->n_bytes, p, n);
    TRY(push(v, n, kind, e));
out:
    return rc;
}

int vocabulary_add_letters(struct vocabulary *v, const char *p, size_t n, enum piece_kind kind,
                           struct err *e)
{
    size_t made = 0;
    int rc = 0;

    if (n > UINT32_MAX)
        return ERR(e, ERR_FORMAT, "a piece of %zu bytes", n);
    TRY(grow_bytes(v, n, e));
    if (!bytes_of_letters(p, n, v->bytes + v->n_bytes, &made)) {
        memcpy(v->bytes + v->n_bytes, p, n);
        made = n;
    }
    TRY(push(v, made, kind, e));
out:
    return rc;
}

/* FNV-1a, its upper bits mixed down for a table of a power of two. */
static uint64_t hash(const char *p, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
    h ^= h >> 32;
    return h * 0x9e3779b97f4a7c15u;
}

/* The slot of these bytes, or the empty one where they belong. */
static struct vocabulary_slot *find(const struct vocabulary *v, const char *p, size_t n,
                                    uint32_t *tag)
{
    uint64_t h = hash(p, n);
    size_t i = (size_t)(h >> 32) & (v->slots - 1);

    *tag = (uint32_t)h;
    for (; v->slot[i].id >= 0; i = (i + 1) & (v->slots - 1)) {
        const struct piece *piece = &v->piece[v->slot[i].id];

        if (v->slot[i].tag == *tag && piece->n == n && memcmp(v->bytes + piece->at, p, n) == 0)
            break;
    }
    return &v->slot[i];
}

int32_t vocabulary_find(const struct vocabulary *v, const char *p, size_t n)
{
    uint32_t tag;

    return v->slots == 0 || n == 0 ? -1 : find(v, p, n, &tag)->id;
}

int byte_of_name(const char *p, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *hi, *lo;

    if (n != 6 || memcmp(p, "<0x", 3) != 0 || p[5] != '>')
        return -1;
    hi = memchr(digits, p[3], 16);
    lo = memchr(digits, p[4], 16);
    return hi && lo ? (int)(hi - digits) * 16 + (int)(lo - digits) : -1;
}

static int note_byte(struct vocabulary *v, int32_t id, bool *any, struct err *e)
{
    const struct piece *piece = &v->piece[id];
    const char *p = v->bytes + piece->at;
    int b;

    if (piece->kind != PIECE_BYTE)
        return 0;
    b = byte_of_name(p, piece->n);
    if (b < 0)
        return ERR(e, ERR_FORMAT, "token %d is a byte by its type, but \"%.*s\" is not <0xHH>", id,
                   (int)(piece->n < 40 ? piece->n : 40), p);
    v->byte[b] = id;
    *any = true;
    return 0;
}

int vocabulary_finish(struct vocabulary *v, struct err *e)
{
    bool byte_pieces = false;
    size_t slots = 1024;
    int rc = 0;

    while (slots < (size_t)v->n * 2)
        slots *= 2;
    v->slot = mem_calloc(slots, sizeof(*v->slot));
    if (!v->slot)
        return ERR(e, ERR_NOMEM, "an index of %zu pieces", slots);
    v->slots = slots;
    memset(v->slot, 0xff, slots * sizeof(*v->slot));
    memset(v->byte, 0xff, sizeof(v->byte));
    for (int32_t id = 0; id < v->n; id++) {
        struct vocabulary_slot *slot;
        uint32_t tag;

        TRY(note_byte(v, id, &byte_pieces, e));
        if (v->piece[id].kind != PIECE_NORMAL || v->piece[id].n == 0)
            continue;
        slot = find(v, v->bytes + v->piece[id].at, v->piece[id].n, &tag);
        if (slot->id < 0)
            *slot = (struct vocabulary_slot){ id, tag };
    }
    for (int b = 0; b < 256 && !byte_pieces; b++)
        v->byte[b] = vocabulary_find(v, &(char){ (char)b }, 1);
out:
    return rc;
}

void vocabulary_release(struct vocabulary *v)
{
    mem_free(v->bytes);
    mem_free(v->piece);
    mem_free(v->slot);
    *v = (struct vocabulary){ 0 };
}
