/* words.h - the words of a command, as exec wants them and as a person types them. */
#ifndef COMMAND_WORDS_H
#define COMMAND_WORDS_H

#include <stddef.h>
#include <stdio.h>

#include "core/err.h"

enum { WORDS_MAX = 300 };

struct words {
    char text[32768];
    size_t used;
    char *argv[WORDS_MAX + 1]; /* into text; NULL at the end */
    int n;
};

/* Append one word.  ERR_ARG where there is no room. */
int words_add(struct words *w, const char *word, struct err *e);
int words_add_part(struct words *w, const char *word, size_t length, struct err *e);

/* Append each of a NULL-terminated list. */
int words_add_list(struct words *w, const char *const *list, struct err *e);

/* In one line, quoted where a shell needs it. */
void words_print(FILE *f, const struct words *w);

#endif
