/* run_json.h - a whole run as the text of a result file, and back. */
#ifndef STORE_RUN_JSON_H
#define STORE_RUN_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "core/record.h"

/* More rows than any run has are refused. */
enum { RUN_JSON_ROWS_MAX = 10000, RUN_JSON_ARGS_MAX = 4096 };

/* Write it as JSON, one row a line.  ERR_NOMEM, or ERR_IO when f took not all of it (errno then
 * says why); the caller flushes. */
int run_json_print(const struct run_record *r, FILE *f, struct err *e);

/* The parts of the text: each is one line of compact JSON. */
enum run_json_part {
    RUN_JSON_HEAD,
    RUN_JSON_MACHINE,
    RUN_JSON_BUILD,
    RUN_JSON_CEILING,
    RUN_JSON_ROW
};

/* Write one part (its number `index` among its kind). */
typedef int (*run_json_piece)(const void *self, enum run_json_part part, int index, FILE *f,
                              struct err *e);

/* The text around the parts that `piece` writes: every result file has this layout.  What piece
 * returned, ERR_IO, or ERR_NOMEM of a file in memory. */
int run_json_layout(FILE *f, int n_ceilings, int n_rows, run_json_piece piece, const void *self,
                    struct err *e);

/* Text that anybody may have written -> record (owned by the caller, released on error).
 * ERR_FORMAT names the place, "results[3].runs[0].samples_ns: ..."; ERR_NOMEM. */
int run_json_parse(const char *text, size_t n, struct run_record *out, struct err *e);

#endif
