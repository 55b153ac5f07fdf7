/* result_json.h - one row of a run as JSON: the fields of docs/schema/result-v1.json. */
#ifndef STORE_RESULT_JSON_H
#define STORE_RESULT_JSON_H

#include <jansson.h>

#include "core/result.h"

/* Owned by the caller (json_decref); NULL only without memory.  What has no value is null: NaN and
 * infinity everywhere, and value, value_ci and limit.percent of every row that is not ok, whatever
 * the struct holds there. */
json_t *result_json(const struct result *r);

#endif
