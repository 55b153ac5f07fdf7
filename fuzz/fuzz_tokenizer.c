/* fuzz_tokenizer.c - text to tokens and back; and tokenizer.json as anybody may have written it.
 *
 * The first byte chooses a tokenizer and whether special tokens are looked for, the rest is the
 * text; or the rest is a tokenizer.json.  Oracles: what is encoded and decoded is the text (with
 * SentencePiece, U+2581 has become a space); merging gives what trying all pairs in turn gives; the
 * words that a text is cut into are the text; the pieces of the tokens, streamed, are the text. */
#include "fuzz_vocabulary.h"

#include <jansson.h>

#include "core/mem.h"

enum { BPE_KINDS = PRE_KINDS, SPM = BPE_KINDS, JSON, CHOICES, NAIVE_MAX = 300 };

/* ---- merging by trying all ---- */

struct naive {
    const struct tokenizer *t;
    struct tokens out;
    size_t bytes; /* of all words */
};

static const struct bpe_rule *rule_of(const struct bpe *b, int32_t left, int32_t right)
{
    for (size_t i = 0; i < b->slots; i++)
        if (b->slot[i].left == left && b->slot[i].right == right)
            return &b->slot[i];
    return NULL;
}

static int naive_word(void *self, const char *p, size_t n, struct err *e)
{
    struct naive *x = self;
    int32_t id[NAIVE_MAX];
    size_t left = 0;

    (void)e;
    x->bytes += n;
    if (x->t->whole_words && vocabulary_find(&x->t->v, p, n) >= 0) {
        FUZZ_CHECK(tokens_push(&x->out, vocabulary_find(&x->t->v, p, n), NULL) == 0);
        return 0;
    }
    FUZZ_CHECK(n <= NAIVE_MAX);
    for (; left < n; left++)
        id[left] = x->t->v.byte[(unsigned char)p[left]];
    for (;;) {
        const struct bpe_rule *best = NULL;
        size_t at = 0;

        for (size_t i = 0; i + 1 < left; i++) {
            const struct bpe_rule *r = rule_of(&x->t->merges, id[i], id[i + 1]);

            if (r && (!best || r->rank < best->rank)) {
                best = r;
                at = i;
            }
        }
        if (!best)
            break;
        id[at] = best->id;
        memmove(id + at + 1, id + at + 2, (--left - at - 1) * sizeof(*id));
    }
    for (size_t i = 0; i < left; i++)
        FUZZ_CHECK(tokens_push(&x->out, id[i], NULL) == 0);
    return 0;
}

static void check_naive(const struct tokenizer *t, const char *text, size_t n,
                        const struct tokens *got)
{
    struct naive x = { .t = t };
    const struct pre_tokenizer_sink sink = { naive_word, &x };

    FUZZ_CHECK(pre_tokenizer_split(t->split, text, n, &sink, NULL) == 0);
    FUZZ_CHECK(x.bytes == n);
    FUZZ_CHECK(x.out.n == got->n);
    FUZZ_CHECK(got->n == 0 || memcmp(x.out.id, got->id, got->n * sizeof(*got->id)) == 0);
    tokens_release(&x.out);
}

/* ---- there and back ---- */

/* The text as it must come back; gives its length. */
static size_t expected(const struct tokenizer *t, const char *text, size_t n, char *out)
{
    size_t made = 0;

    for (size_t at = 0; at < n; made++) {
        bool space = t->spm && n - at >= 3 && memcmp(text + at, "\xe2\x96\x81", 3) == 0;

        out[made] = space ? ' ' : text[at];
        at += space ? 3 : 1;
    }
    return made;
}

static void check_stream(const struct tokenizer *t, const struct tokens *ids, const char *want,
                         size_t n)
{
    struct utf8_stream s = { 0 };
    bool first = t->spm;
    size_t at = 0;

    for (size_t i = 0; i < ids->n; i++) {
        char piece[64], out[72];
        size_t k = tokenizer_piece(t, ids->id[i], true, piece, sizeof(piece)), skip;

        FUZZ_CHECK(k > 0 && k <= sizeof(piece));
        skip = first && piece[0] == ' ';
        first = false;
        k = utf8_stream_push(&s, piece + skip, k - skip, out);
        FUZZ_CHECK(k <= n - at && memcmp(want + at, out, k) == 0);
        at += k;
        if (i + 1 == ids->n) {
            k = utf8_stream_end(&s, out);
            FUZZ_CHECK(k <= n - at && memcmp(want + at, out, k) == 0);
            at += k;
        }
    }
    FUZZ_CHECK(at == n);
}

static void check_text(const struct tokenizer *t, const char *text, size_t n, unsigned flags)
{
    struct tokens ids = { 0 };
    char *want = malloc(n + 1), *back = NULL;
    size_t n_want = expected(t, text, n, want), n_back = 0;

    FUZZ_CHECK(tokenizer_encode(t, text, n, flags, &ids, NULL) == 0);
    for (size_t i = 0; i < ids.n; i++)
        FUZZ_CHECK(ids.id[i] >= 0 && ids.id[i] < t->v.n);
    FUZZ_CHECK(tokenizer_decode(t, ids.id, ids.n, true, &back, &n_back, NULL) == 0);
    /* Special tokens among SentencePiece's take white space and are followed by a space. */
    if (!t->spm || !(flags & TOKENIZE_SPECIAL)) {
        FUZZ_CHECK(n_back == n_want && memcmp(back, want, n_want) == 0);
        check_stream(t, &ids, want, n_want);
    }
    if (!t->spm && flags == 0 && n <= NAIVE_MAX)
        check_naive(t, text, n, &ids);
    mem_free(back);
    free(want);
    tokens_release(&ids);
}

/* ---- a file ---- */

static void check_file(const char *text, size_t n)
{
    json_t *root = json_loadb(text, n, 0, NULL);
    struct tokenizer *t = NULL;
    struct tokens ids = { 0 };
    struct err e = { 0 };
    char *back = NULL;
    size_t n_back = 0;
    int rc = tokenizer_from_json(&t, root, root, "input", &e);

    FUZZ_CHECK((rc == 0) == (t != NULL));
    if (rc < 0) {
        FUZZ_CHECK(e.code == rc && e.msg[0]);
        json_decref(root);
        return;
    }
    json_decref(root); /* nothing of it is kept */
    FUZZ_CHECK(tokenizer_encode(t, text, n, TOKENIZE_ADD | TOKENIZE_SPECIAL, &ids, NULL) == 0);
    for (size_t i = 0; i < ids.n; i++)
        FUZZ_CHECK(ids.id[i] >= 0 && ids.id[i] < t->v.n);
    FUZZ_CHECK(tokenizer_decode(t, ids.id, ids.n, true, &back, &n_back, NULL) == 0);
    mem_free(back);
    tokens_release(&ids);
    tokenizer_close(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tokenizer *made[SPM + 1];
    int choice = size ? data[0] % CHOICES : 0;
    char *text;

    if (size == 0)
        return 0;
    text = fuzz_copy(data + 1, size - 1);
    if (choice == JSON) {
        check_file(text, size - 1);
    } else {
        if (!made[choice])
            made[choice] = fuzz_tokenizer(
                choice == SPM, choice == SPM ? PRE_GPT2 : (enum pre_tokenizer_kind)choice);
        check_text(made[choice], text, size - 1, data[0] & 0x80 ? TOKENIZE_SPECIAL : 0);
    }
    free(text);
    return 0;
}
