/* import_rows.h - a record made of what another tool measured.
 *
 * Each row has the tool as its name, what tells its rows apart as params, and origin "imported".
 * Functions without a return value remember a lack of memory, and what does not fit a field, in
 * their struct err: a reader asks once, at the end. */
#ifndef STORE_IMPORT_IMPORT_ROWS_H
#define STORE_IMPORT_IMPORT_ROWS_H

#include "store/import/importers.h"
#include "json/jsonio.h"

bool import_contains(const struct import_source *src, const char *what);

/* What makes the record of a JSON document; leaves its first fault in `why`. */
typedef void (*import_reader)(const json_t *json, const struct import_source *src,
                              struct run_record *out, struct err *why);

/* Read the JSON that begins at byte `from` of a file, which messages call `what`.  0, ERR_FORMAT,
 * ERR_NOMEM or the reader's fault. */
int import_json(const struct import_source *src, size_t from, const char *what, import_reader read,
                struct run_record *out, struct err *e);

/* The record's head: id (from the time and the content: the same file is the same run), start, argv
 * (the tool), and build.imported.tool and .version ("" is not known).  unix_s NaN: the file's own
 * time. */
void import_head(struct run_record *r, const struct import_source *src, const char *tool,
                 const char *version, double unix_s, struct err *e);

/* Seconds since 1970 of "2026-11-21T13:13:19Z", "...19.25+02:00"; NaN when it is none. */
double import_time(const char *iso);

/* The next row, status ok and without value; NULL once something is wrong. */
struct result *import_row(struct run_record *r, const char *tool, const char *device,
                          const char *metric, const char *unit, enum direction d, struct err *e);

/* A param.  A text that is too long is cut, and ends in a hash of all of it ("sleep 10 | tee
 * /tmp/a~89ab12cd"), so that no two rows are taken for one. */
void import_param(struct result *row, const char *axis, const char *text, struct err *e);
void import_param_int(struct result *row, const char *axis, int64_t value, struct err *e);

/* Give a row its value, in one of three ways.
 * Times: n of them in ns of one repetition each (copied); value = work / time by `m`. */
void import_times(struct result *row, const struct metric *m, const double *ns, size_t n,
                  const struct work *per_repetition, double start_unix_s, struct err *e);
/* Samples in the row's unit (copied): the value is their median. */
void import_samples(struct result *row, const double *x, size_t n, double start_unix_s,
                    struct err *e);
/* A figure alone, with its interval or NaN. */
void import_value(struct result *row, double value, double lo, double hi, double start_unix_s,
                  struct err *e);

/* The tool says that it did not work, or skipped it. */
void import_refuse(struct result *row, enum result_status status, const char *reason);

/* A text that must be there; borrowed, "" after a fault. */
const char *import_text(const struct jsonio_in *in, const char *key);

/* Member `key` of a JSON object; NULL when it is not there or null. */
const json_t *import_member(const struct jsonio_in *in, const char *key);

/* "mean": the tool's own statistic does not follow from its samples (relative difference above
 * `agreement`) is a fault at in.key. */
void import_agree(const struct jsonio_in *in, const char *key, double stated, double truth,
                  double agreement);

#endif
