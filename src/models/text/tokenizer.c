#include "models/text/tokenizer.h"

#include <string.h>

#include "core/mem.h"
#include "models/text/tokenizer_parts.h"
#include "models/text/utf8.h"

/* U+2581, SentencePiece's letter for a space. */
static const char spm_space[] = "\xe2\x96\x81";
enum { SPM_SPACE = 3 };

void tokens_release(struct tokens *t)
{
    mem_free(t->id);
    *t = (struct tokens){ 0 };
}

int tokens_push(struct tokens *t, int32_t id, struct err *e)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 64;
        int32_t *p = mem_realloc(t->id, cap, sizeof(*p));

        if (!p)
            return ERR(e, ERR_NOMEM, "%zu tokens", cap);
        t->id = p;
        t->cap = cap;
    }
    t->id[t->n++] = id;
    return 0;
}

/* One encoding: what it appends to, and scratch memory. */
struct encoding {
    const struct tokenizer *t;
    struct tokens *out;
    struct bpe_work work;
};

/* A byte that the vocabulary has no token for is left out where it names no unknown token, as
 * Hugging Face's does: SmolLM2's lacks 21 that are no text. */
static int push_byte(struct encoding *c, unsigned char b, struct err *e)
{
    int32_t id = c->t->v.byte[b] >= 0 ? c->t->v.byte[b] : c->t->unknown;

    return id >= 0 ? bpe_push(&c->work, id, e) : 0;
}

static int encode_word(void *self, const char *p, size_t n, struct err *e)
{
    struct encoding *c = self;
    int32_t whole = c->t->whole_words ? vocabulary_find(&c->t->v, p, n) : -1;
    int rc = 0;

    if (whole >= 0)
        return tokens_push(c->out, whole, e);
    for (size_t i = 0; i < n; i++)
        TRY(push_byte(c, (unsigned char)p[i], e));
    TRY(bpe_merge(&c->t->merges, &c->work, c->out, e));
out:
    return rc;
}

/* The text between two added tokens, as one word of characters. */
static int encode_spm(struct encoding *c, const char *p, size_t n, struct err *e)
{
    int32_t space = vocabulary_find(&c->t->v, spm_space, SPM_SPACE), id;
    size_t k = 0;
    int rc = 0;

    if (c->t->space_prefix && n > 0 && space >= 0)
        TRY(bpe_push(&c->work, space, e));
    for (size_t at = 0; at < n; at += k) {
        uint32_t cp;

        k = utf8_get(p + at, n - at, &cp);
        id = p[at] == ' ' ? space : k ? vocabulary_find(&c->t->v, p + at, k) : -1;
        k = k ? k : 1;
        if (id >= 0)
            TRY(bpe_push(&c->work, id, e));
        for (size_t i = 0; i < k && id < 0; i++)
            TRY(push_byte(c, (unsigned char)p[at + i], e));
    }
    TRY(bpe_merge(&c->t->merges, &c->work, c->out, e));
out:
    return rc;
}

static int encode_text(struct encoding *c, const char *p, size_t n, struct err *e)
{
    const struct pre_tokenizer_sink sink = { encode_word, c };

    return c->t->spm ? encode_spm(c, p, n, e) : pre_tokenizer_split(c->t->split, p, n, &sink, e);
}

static int encode_all(const struct tokenizer *t, struct added_text text, unsigned flags,
                      struct tokens *out, struct err *e)
{
    struct encoding c = { .t = t, .out = out };
    struct added_match m;
    size_t at = 0;
    int rc = 0;

    if (flags & TOKENIZE_ADD && t->add_bos && t->bos >= 0)
        TRY(tokens_push(out, t->bos, e));
    while (added_next(&t->added, &t->v, &text, at, &m)) {
        TRY(encode_text(&c, text.p + at, m.start - at, e));
        TRY(tokens_push(out, m.id, e));
        at = m.end;
    }
    TRY(encode_text(&c, text.p + at, text.n - at, e));
    if (flags & TOKENIZE_ADD && t->add_eos && t->eos >= 0)
        TRY(tokens_push(out, t->eos, e));
out:
    bpe_work_release(&c.work);
    return rc;
}

int tokenizer_encode(const struct tokenizer *t, const char *text, size_t n, unsigned flags,
                     struct tokens *out, struct err *e)
{
    const struct added_range all = { 0, n };

    return encode_all(t, (struct added_text){ text, n, &all, flags & TOKENIZE_SPECIAL ? 1 : 0 },
                      flags, out, e);
}

int tokenizer_encode_parts(const struct tokenizer *t, const struct text_part *part, size_t n,
                           unsigned flags, struct tokens *out, struct err *e)
{
    struct added_range *range = mem_calloc(n, sizeof(*range));
    size_t total = 0, used = 0;
    char *text = NULL;
    int rc = 0;

    for (size_t i = 0; i < n; i++)
        total += part[i].n;
    text = mem_calloc(total + 1, 1);
    if (!text || !range)
        TRY(ERR(e, ERR_NOMEM, "a text of %zu bytes in %zu parts", total, n));
    total = 0;
    for (size_t i = 0; i < n; i++) {
        if (part[i].special && used > 0 && range[used - 1].to == total)
            range[used - 1].to += part[i].n; /* a name may be written in several parts */
        else if (part[i].special)
            range[used++] = (struct added_range){ total, total + part[i].n };
        if (part[i].n)
            memcpy(text + total, part[i].p, part[i].n);
        total += part[i].n;
    }
    TRY(encode_all(t, (struct added_text){ text, total, range, used }, flags, out, e));
out:
    mem_free(text);
    mem_free(range);
    return rc;
}

/* The bytes of n at p, U+2581 as a space, into buf; gives how many there are. */
static size_t copy_spm(const char *p, size_t n, char *buf, size_t cap)
{
    size_t made = 0;

    for (size_t at = 0; at < n; made++) {
        bool space = n - at >= SPM_SPACE && memcmp(p + at, spm_space, SPM_SPACE) == 0;

        if (made < cap)
            buf[made] = space ? ' ' : p[at];
        at += space ? SPM_SPACE : 1;
    }
    return made;
}

size_t tokenizer_piece(const struct tokenizer *t, int32_t id, bool special, char *buf, size_t cap)
{
    const struct piece *piece;
    const char *p;

    if (id < 0 || id >= t->v.n)
        return 0;
    piece = &t->v.piece[id];
    p = t->v.bytes + piece->at;
    switch ((enum piece_kind)piece->kind) {
    case PIECE_CONTROL:
    case PIECE_UNKNOWN:
    case PIECE_UNUSED:
        if (!special)
            return 0;
        break;
    case PIECE_BYTE:
        if (cap)
            buf[0] = (char)byte_of_name(p, piece->n);
        return 1;
    case PIECE_NORMAL:
        if (t->spm)
            return copy_spm(p, piece->n, buf, cap);
        break;
    case PIECE_USER:
    case PIECE_KINDS: break;
    }
    if (cap)
        memcpy(buf, p, piece->n < cap ? piece->n : cap);
    return piece->n;
}

bool tokenizer_space_after(const struct tokenizer *t, int32_t previous)
{
    if (!t->spm || !t->space_prefix)
        return false;
    return previous < 0 || previous >= t->v.n || t->v.piece[previous].kind == PIECE_CONTROL ||
           t->v.piece[previous].kind == PIECE_USER;
}

int tokenizer_decode(const struct tokenizer *t, const int32_t *id, size_t n, bool special,
                     char **text, size_t *bytes, struct err *e)
{
    size_t total = 0, at = 0, skip = 0;
    char *p;

    for (size_t i = 0; i < n; i++)
        total += tokenizer_piece(t, id[i], special, NULL, 0);
    p = mem_calloc(total + 1, 1);
    if (!p)
        return ERR(e, ERR_NOMEM, "a text of %zu bytes", total);
    for (size_t i = 0; i < n; i++)
        at += tokenizer_piece(t, id[i], special, p + at, total - at);
    if (t->spm && t->space_prefix && total > 0 && p[0] == ' ')
        skip = 1;
    memmove(p, p + skip, total + 1 - skip);
    *text = p;
    *bytes = total - skip;
    return 0;
}

int32_t tokenizer_size(const struct tokenizer *t)
{
    return t->v.n;
}

const char *tokenizer_kind(const struct tokenizer *t)
{
    return t->kind;
}

int32_t tokenizer_find(const struct tokenizer *t, const char *piece)
{
    return added_find(&t->added, &t->v, piece, strlen(piece));
}

int32_t tokenizer_bos(const struct tokenizer *t)
{
    return t->bos;
}

int32_t tokenizer_eos(const struct tokenizer *t)
{
    return t->eos;
}

bool tokenizer_ends(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && id < t->v.n && t->ends[id];
}
