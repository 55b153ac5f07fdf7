/* history.h - every run in one place: a file (SQLite), or a PostgreSQL server that a fleet shares.
 *
 * 1. Append-only: a run that was stored is never changed or deleted; the database refuses it.
 * 2. A run is stored whole or not at all, and is on the disk when the call returns.
 * 3. What was stored comes out byte for byte.
 * 4. What many runs share (what is known of machine and build) is stored once.
 *
 * Every call gives ERR_IO (permission, space, a server that went away), ERR_BUSY (another program
 * held the database for longer than 5 s), ERR_FORMAT (damaged, foreign, or of a newer schema) or
 * ERR_NOMEM, with the database's name and the reason in the message.  One thread per history. */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/record.h"

struct history;

enum history_mode { HISTORY_READ, HISTORY_WRITE };

/* where: a path, or "postgresql://...".  HISTORY_WRITE makes a file, its folders and the tables
 * when they are not there; an older schema is brought up to date in both modes.  Owned by the
 * caller. */
int history_open(struct history **out, const char *where, enum history_mode mode, struct err *e);
void history_close(struct history *h);

/* Is there something to read at `where`?  A server is always there. */
bool history_exists(const char *where);

/* The name for messages and records, without the passwords of URLs in it; any text will do. */
void history_shown(const char *where, char *buf, size_t cap);

/* ---- runs ---- */

/* What is known of a run without reading it. */
struct history_run {
    int64_t seq; /* its number in this database, ascending as stored */
    char id[40];
    char start[32], end[32]; /* as in struct run_record */
    char suite[16];
    enum run_status status;
    char machine[24];      /* fingerprint */
    char machine_name[96]; /* for people: CPU and GPUs */
    char commit[48];       /* of the program that measured; "" unknown */
    int n_rows, n_ok;
};

/* Store the text of a result file.  *known: this very text is there already, nothing was done.
 * ERR_FORMAT where the text is not a result file, or a run of its id has another content. */
int history_put(struct history *h, const char *text, size_t n, struct history_run *out, bool *known,
                struct err *e);

/* The text that was stored; owned by the caller (mem_free). */
int history_text(struct history *h, int64_t seq, char **text, size_t *n, struct err *e);

/* The same as a record; owned by the caller, released on error. */
int history_read(struct history *h, int64_t seq, struct run_record *out, struct err *e);

/* The runs whose id is `word` or begins with it, at most cap; *n is how many were written. */
int history_find(struct history *h, const char *word, struct history_run *out, int cap, int *n,
                 struct err *e);

/* ---- over time ---- */

struct history_filter {
    const char *machine; /* its fingerprint or the beginning of it; NULL: all */
    const char *name;    /* a benchmark's name or glob; NULL: all */
    int last;            /* only the last so many runs (of the machine); 0: all */
};

/* One row of one run. */
struct history_point {
    const struct history_run *run; /* borrowed from the view */
    enum result_status status;
    enum result_origin origin;
    double value, lo, hi; /* in the series' unit; NaN where there is none */
    int processes;        /* fresh processes that the value is the median of */
    char variant[64];
};

/* The same thing over time: its key is machine, name, settings, device, metric and unit. */
struct history_series {
    char machine[24];
    char name[48], settings[400], device[16], metric[24], unit[16];
    enum direction direction;
    struct history_point *points; /* n_points, by start of their runs; borrowed from the view */
    size_t n_points;
};

struct history_view {
    struct history_run *runs; /* n_runs, by start; owned */
    size_t n_runs;
    struct history_series *series; /* n_series, by machine, name, device, metric, unit; owned */
    size_t n_series;
    struct history_point *points; /* owned */
};

/* Runs alone (no series), or runs and their figures; without any samples.  Released on error. */
int history_runs(struct history *h, const struct history_filter *f, struct history_view *out,
                 struct err *e);
int history_load(struct history *h, const struct history_filter *f, struct history_view *out,
                 struct err *e);
void history_view_release(struct history_view *v);

#endif
