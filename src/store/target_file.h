/* target_file.h - absolute targets as a JSON file; share/targets/founding.json is one.
 *
 *   {"schema": 1, "title": "...", "targets": [
 *     {"id": "read", "what": "sequential read", "of": "value", "name": "silicon.storage",
 *      "params": {"op": "read"}, "bound": ">=", "value": 8, "unit": "GB/s",
 *      "hardware": "*GB10*", "source": "..."}]}
 *
 * of: "value" (needs unit), "percent" (of the row's limit), or "check" (needs check, a word of
 * target_checks; value only where it bounds seconds).  name, device, metric, the values of params
 * and hardware are globs.  Optional: device, metric, params, expected, hardware, note. */
#ifndef STORE_TARGET_FILE_H
#define STORE_TARGET_FILE_H

#include "judge/targets.h"

/* ERR_IO, ERR_NOMEM, ERR_FORMAT with the place.  *out is owned by the caller, released on error. */
int target_file_parse(const char *text, size_t n, struct targets *out, struct err *e);
int target_file_read(const char *path, struct targets *out, struct err *e);

#endif
