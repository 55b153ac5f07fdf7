/* result_parse.h - a row of a run read back from JSON that anybody may have written.
 *
 * Every field must be there with its type and within its size; statistics must be those of the
 * samples beside them, limit.percent that of the value and the binding limit.  ERR_FORMAT names the
 * place: "results[3].runs[0].samples_ns: ...".  ERR_NOMEM.  On error *out is released. */
#ifndef STORE_RESULT_PARSE_H
#define STORE_RESULT_PARSE_H

#include <jansson.h>

#include "core/result.h"
#include "json/jsonio.h"

/* More fresh processes than anybody starts, and more telemetry than SERIES_MAX, are refused. */
enum { RESULT_PARSE_RUNS_MAX = 1000 };

int result_parse(const json_t *json, struct result *out, struct err *e);

/* The same for a row inside a larger document; the fault goes to in->e. */
void result_parse_in(const struct jsonio_in *in, struct result *r);

#endif
