/* promise_file.h - promises that differ from the defaults, as a small JSON file:
 *
 *   {"schema": 1, "promises": [
 *     {"name": "silicon.*", "warn_pct": 5, "fail_pct": 10},
 *     {"name": "server.*", "metric": "p99", "device": "*", "warn_pct": 10, "fail_pct": 20}]}
 *
 * name, metric and device are globs and may be left out; the last rule that matches holds. */
#ifndef STORE_PROMISE_FILE_H
#define STORE_PROMISE_FILE_H

#include "judge/promise.h"

/* ERR_IO, ERR_NOMEM, ERR_FORMAT with the place: "promises.json: promises[1].warn_pct: ...". */
int promise_file_parse(const char *text, size_t n, struct promises *out, struct err *e);
int promise_file_read(const char *path, struct promises *out, struct err *e);

#endif
