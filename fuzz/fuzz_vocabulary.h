/* fuzz_vocabulary.h - small tokenizers for the targets that need one: every byte, a few words, and
 * the special tokens of the chat templates. */
#ifndef FUZZ_VOCABULARY_H
#define FUZZ_VOCABULARY_H

#include "fuzz.h"

#include "models/text/tokenizer_parts.h"

static const char *const fuzz_words[] = {
    "th",       "he",           "the",      " t",       " th",          " the",     "in",
    "ing",      "  ",           "    ",     "aa",       "aaa",          "aaaa",     "ab",
    "ba",       "\n\n",         "\n\n\n",   " \n",      "12",           "123",      "'s",
    "ll",       "'ll",          "\xc3\xa9", "\xe4\xbd", "\xe4\xbd\xa0", "\xe5\xa5", "\xe5\xa5\xbd",
    "\xf0\x9f", "\xf0\x9f\x98", "<|",       "|>",       "im",           "im_",      "<|im_",
    "ser",      "user",         "\n ",      "==",       "====",
};

static const char *const fuzz_specials[] = {
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<s>",
    "</s>",
    "<unk>",
    "<|user|>",
    "<|system|>",
    "<|assistant|>",
    "<|end|>",
    "<|placeholder1|>",
    "<|begin_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|im|>",
    "<|im",
};

#define FUZZ_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline void fuzz_add(struct tokenizer *t, const char *p, size_t n, enum piece_kind kind)
{
    FUZZ_CHECK(vocabulary_add(&t->v, p, n, kind, NULL) == 0);
}

/* A word with SentencePiece's letter for a space. */
static inline void fuzz_add_spm(struct tokenizer *t, const char *word)
{
    char text[64];
    size_t n = 0;

    for (; *word; word++) {
        if (*word == ' ') {
            memcpy(text + n, "\xe2\x96\x81", 3);
            n += 3;
        } else {
            text[n++] = *word;
        }
    }
    fuzz_add(t, text, n, PIECE_NORMAL);
}

static inline void fuzz_add_bytes(struct tokenizer *t)
{
    for (int b = 0; b < 256; b++) {
        char name[8], byte = (char)b;

        snprintf(name, sizeof(name), "<0x%02X>", (unsigned int)b);
        if (t->spm)
            fuzz_add(t, name, 6, PIECE_BYTE);
        else
            fuzz_add(t, &byte, 1, PIECE_NORMAL);
    }
    if (!t->spm)
        return;
    fuzz_add_spm(t, " ");
    for (char c = 'a'; c <= 'z'; c++)
        fuzz_add(t, &c, 1, PIECE_NORMAL);
}

/* Every way to make a piece from two, in the order of the pieces. */
static inline void fuzz_add_merges(struct tokenizer *t)
{
    FUZZ_CHECK(bpe_init(&t->merges, 1000, NULL) == 0);
    for (int32_t id = 0; id < t->v.n; id++) {
        const struct piece *p = &t->v.piece[id];

        for (uint32_t k = 1; p->kind == PIECE_NORMAL && k < p->n; k++) {
            const char *text = t->v.bytes + p->at;
            int32_t left = vocabulary_find(&t->v, text, k);
            int32_t right = vocabulary_find(&t->v, text + k, p->n - k);

            if (left >= 0 && right >= 0)
                FUZZ_CHECK(bpe_add(&t->merges, left, right, id, id, NULL) == 0);
        }
    }
}

static inline struct tokenizer *fuzz_tokenizer(bool spm, enum pre_tokenizer_kind pre)
{
    struct tokenizer *t = tokenizer_alloc(NULL);

    FUZZ_CHECK(t);
    t->spm = t->space_prefix = spm;
    t->pre = pre;
    t->whole_words = pre == PRE_LLAMA3;
    fuzz_add_bytes(t);
    for (size_t i = 0; i < FUZZ_COUNT(fuzz_words); i++)
        if (spm)
            fuzz_add_spm(t, fuzz_words[i]);
        else
            fuzz_add(t, fuzz_words[i], strlen(fuzz_words[i]), PIECE_NORMAL);
    for (size_t i = 0; i < FUZZ_COUNT(fuzz_specials); i++)
        fuzz_add(t, fuzz_specials[i], strlen(fuzz_specials[i]), PIECE_CONTROL);
    FUZZ_CHECK(vocabulary_finish(&t->v, NULL) == 0);
    fuzz_add_merges(t);
    FUZZ_CHECK(added_init(&t->added, &t->v, NULL) == 0);
    FUZZ_CHECK(tokenizer_finish(t, NULL) == 0);
    return t;
}

#endif
