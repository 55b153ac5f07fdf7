#include "models/text/tokenizer_parts.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

struct tokenizer *tokenizer_alloc(struct err *e)
{
    struct tokenizer *t = mem_calloc(1, sizeof(*t));

    if (!t) {
        ERR(e, ERR_NOMEM, "a tokenizer");
        return NULL;
    }
    t->bos = t->eos = t->unknown = -1;
    return t;
}

void tokenizer_close(struct tokenizer *t)
{
    if (!t)
        return;
    pre_tokenizer_free(t->split);
    vocabulary_release(&t->v);
    added_release(&t->added);
    bpe_release(&t->merges);
    mem_free(t->ends);
    mem_free(t);
}

static bool starts(const char *p, size_t n, const char *with)
{
    return n >= strlen(with) && memcmp(p, with, strlen(with)) == 0;
}

enum piece_kind tokenizer_added_kind(const char *p, size_t n)
{
    /* Converters fill a vocabulary up to a round number with [PAD151646] and on. */
    if (starts(p, n, "[PAD") && p[n - 1] == ']')
        return PIECE_UNUSED;
    return n >= 3 && p[0] == '<' && p[n - 1] == '>' ? PIECE_CONTROL : PIECE_USER;
}

/* A piece as the file spells it, as bytes behind those that are in `both` already. */
static bool append_piece(const struct tokenizer *t, struct span s, char *both, size_t cap,
                         size_t *n)
{
    size_t made = s.n;

    if (s.n > cap - *n)
        return false;
    if (t->spm || !bytes_of_letters(s.p, s.n, both + *n, &made))
        memcpy(both + *n, s.p, s.n);
    *n += made;
    return true;
}

int tokenizer_add_merge(struct tokenizer *t, struct span left, struct span right, int32_t rank,
                        struct err *e)
{
    char both[2048];
    size_t n = 0, n_left = 0;
    int32_t a = -1, b = -1, made = -1;

    if (append_piece(t, left, both, sizeof(both), &n)) {
        n_left = n;
        if (append_piece(t, right, both, sizeof(both), &n)) {
            a = vocabulary_find(&t->v, both, n_left);
            b = vocabulary_find(&t->v, both + n_left, n - n_left);
            made = vocabulary_find(&t->v, both, n);
        }
    }
    if (a < 0 || b < 0 || made < 0)
        return ERR(e, ERR_FORMAT, "merge %d: \"%.*s\", \"%.*s\" or what they make is no token",
                   rank, (int)(left.n < 40 ? left.n : 40), left.p,
                   (int)(right.n < 40 ? right.n : 40), right.p);
    return bpe_add(&t->merges, a, b, rank, made, e);
}

int tokenizer_add_merge_text(struct tokenizer *t, struct span both, int32_t rank, struct err *e)
{
    const char *space = both.n ? memchr(both.p + 1, ' ', both.n - 1) : NULL;

    if (!space)
        return ERR(e, ERR_FORMAT, "merge %d: \"%.*s\" is not two pieces with a space between", rank,
                   (int)(both.n < 40 ? both.n : 40), both.p);
    return tokenizer_add_merge(t, (struct span){ both.p, (size_t)(space - both.p) },
                               (struct span){ space + 1, both.n - (size_t)(space - both.p) - 1 },
                               rank, e);
}

/* Tokens that end an answer, whatever the file says of them: those of the families that we run. */
static int note_ends(struct tokenizer *t, struct err *e)
{
    static const char *const names[] = { "<|endoftext|>",  "<|im_end|>", "<|end|>",
                                         "<|eot_id|>",     "<|eom_id|>", "</s>",
                                         "<|end_of_text|>" };

    t->ends = mem_calloc((size_t)t->v.n, sizeof(*t->ends));
    if (!t->ends)
        return ERR(e, ERR_NOMEM, "a list of %d tokens", t->v.n);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int32_t id = added_find(&t->added, &t->v, names[i], strlen(names[i]));

        if (id >= 0)
            t->ends[id] = true;
    }
    if (t->eos >= 0)
        t->ends[t->eos] = true;
    return 0;
}

/* Phi-3's tokenizer.json has rstrip on what was added to SentencePiece's vocabulary, but for these;
 * GGUF has no place for it.  Told by names that no other model has together. */
static void note_phi3(struct tokenizer *t)
{
    static const char *const kept[] = { "<unk>", "<s>", "<|endoftext|>" };

    if (added_find(&t->added, &t->v, "<|assistant|>", 13) < 0 ||
        added_find(&t->added, &t->v, "<|placeholder1|>", 16) < 0)
        return;
    for (size_t i = 0; i < t->added.n; i++) {
        struct piece *p = &t->v.piece[t->added.id[i]];

        p->rstrip = true;
        for (size_t k = 0; k < sizeof(kept) / sizeof(kept[0]); k++)
            if (p->n == strlen(kept[k]) && memcmp(t->v.bytes + p->at, kept[k], p->n) == 0)
                p->rstrip = false;
    }
}

int tokenizer_finish(struct tokenizer *t, struct err *e)
{
    int rc = 0;

    if (t->bos >= t->v.n || t->eos >= t->v.n || t->unknown >= t->v.n)
        return ERR(e, ERR_FORMAT, "bos, eos or unknown token beyond a vocabulary of %d", t->v.n);
    if (!t->spm)
        TRY(pre_tokenizer_new(&t->split, t->pre, e));
    TRY(note_ends(t, e));
    if (t->spm)
        note_phi3(t);
    snprintf(t->kind, sizeof(t->kind), "%s%s", t->spm ? "SPM" : "BPE ",
             t->spm ? "" : pre_tokenizer_name(t->pre));
out:
    return rc;
}
