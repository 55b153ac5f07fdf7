/* changes.h - what a comparison says in words: for each verdict what usually causes it and what to
 * check next. */
#ifndef REPORT_CHANGES_H
#define REPORT_CHANGES_H

#include "judge/verdict.h"

struct change_words {
    const char *title;  /* "Slower than before" */
    const char *causes; /* what usually causes it */
    const char *check;  /* what to check next, with commands */
};

/* Of slower, unclear and faster; NULL of same, which needs none. */
const struct change_words *change_words(enum verdict_word w);

/* Is there a verdict of this word, about two figures? */
bool change_is(const struct verdict *v, enum verdict_word w);

#endif
