/* importers.h - files of other tools as result files of ours: one table, one line a tool.
 *
 * An importer says whether a text is of its tool, and turns it into a record whose rows have origin
 * "imported".  A result file of ours is the first in the table and stays as it is. */
#ifndef STORE_IMPORT_IMPORTERS_H
#define STORE_IMPORT_IMPORTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/record.h"
#include "store/text_buffer.h"

/* A file as it was read; borrowed. */
struct import_source {
    const char *text; /* n bytes and a NUL */
    size_t n;
    const char *path;       /* Criterion names a benchmark by the folders it lies in */
    double modified_unix_s; /* for tools that do not say when they ran; NaN: not known */
};

struct importer {
    const char *name; /* of the tool */
    const char *what; /* the file it writes, for messages: "result file of headroom" */
    bool (*detect)(const struct import_source *src);
    /* NULL: the text is a result file already.  *out is zeroed, and released by the caller, also
     * on error; ERR_FORMAT names the place. */
    int (*read)(const struct import_source *src, struct run_record *out, struct err *e);
};

extern const struct importer *const importers[]; /* NULL-terminated; the first that detects reads */

/* The text of a file as the text of a result file, in *out (released by the caller); *by says whose
 * it was.  ERR_FORMAT where no importer knows it, or the one that does finds a fault. */
int importers_read(const struct import_source *src, struct text_buffer *out,
                   const struct importer **by, struct err *e);

#endif
