/* sides.h - the words that name one side of a comparison, as records.
 *
 * A word is a reference (run_ref.h), several of them with commas between, or a folder: then every
 * result file in it.  Each record is a session. */
#ifndef COMMAND_SIDES_H
#define COMMAND_SIDES_H

#include "command/run_ref.h"
#include "judge/pair.h"

struct side {
    struct run_ref *refs;              /* n, oldest first; owned */
    const struct run_record **records; /* of refs; owned */
    int n;
    char label[200];
};

enum { SIDE_RECORDS_MAX = 1000 };

/* ERR_ARG where a word names nothing or a folder has no result file; what run_ref_resolve says.
 * *out is released on error. */
int side_load(struct run_refs *refs, const char *word, struct side *out, struct err *e);
void side_release(struct side *s);
struct judge_side side_of(const struct side *s);

#endif
