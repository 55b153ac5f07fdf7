/* added.h - tokens found in a text by name, before it is split into words: "<|im_end|>". */
#ifndef MODELS_TEXT_ADDED_H
#define MODELS_TEXT_ADDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "models/text/vocabulary.h"

/* The control and user pieces of a vocabulary, sorted by their bytes. */
struct added {
    int32_t *id;
    size_t n;
    bool begins[256]; /* some name begins with this byte */
};

int added_init(struct added *a, const struct vocabulary *v, struct err *e);
void added_release(struct added *a);

/* The token of this name, or -1. */
int32_t added_find(const struct added *a, const struct vocabulary *v, const char *p, size_t n);

struct added_match {
    int32_t id;
    size_t start, end; /* with the white space that it takes */
};

/* Where control pieces are looked for: [from, to) of a text, in order, apart from each other. */
struct added_range {
    size_t from, to;
};

struct added_text {
    const char *p;
    size_t n;
    const struct added_range *special; /* n_special; those left of a search are dropped */
    size_t n_special;
};

/* The first in the text from `from` on, the longest where several begin.  White space is taken from
 * `from` on. */
bool added_next(const struct added *a, const struct vocabulary *v, struct added_text *text,
                size_t from, struct added_match *out);

#endif
