/* words.c - the words of a command. */
#include "command/words.h"

#include <string.h>

int words_add_part(struct words *w, const char *word, size_t length, struct err *e)
{
    if (w->n == WORDS_MAX || w->used + length + 1 > sizeof(w->text))
        return ERR(e, ERR_ARG, "a command of more than %d words, or too long", WORDS_MAX);
    w->argv[w->n++] = memcpy(w->text + w->used, word, length);
    w->used += length;
    w->text[w->used++] = '\0';
    w->argv[w->n] = NULL;
    return 0;
}

int words_add(struct words *w, const char *word, struct err *e)
{
    return words_add_part(w, word, strlen(word), e);
}

int words_add_list(struct words *w, const char *const *list, struct err *e)
{
    int rc = 0;

    for (; *list; list++)
        TRY(words_add(w, *list, e));
out:
    return rc;
}

static void print_word(FILE *f, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "%+,-./:=@_";

    if (word[0] && word[strspn(word, plain)] == '\0') {
        fputs(word, f);
        return;
    }
    fputc('\'', f);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", f);
        else
            fputc(*word, f);
    fputc('\'', f);
}

void words_print(FILE *f, const struct words *w)
{
    for (int i = 0; i < w->n; i++) {
        if (i)
            fputc(' ', f);
        print_word(f, w->argv[i]);
    }
    fputc('\n', f);
}
