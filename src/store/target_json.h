/* target_json.h - targets and what was measured as JSON. */
#ifndef STORE_TARGET_JSON_H
#define STORE_TARGET_JSON_H

#include <jansson.h>

#include "judge/targets.h"

/* Owned by the caller; NULL only without memory. */
json_t *target_json(const struct targets *ts, const struct target_outcome *o);

#endif
