/* verdict_json.h - a comparison as JSON, for programs that act on it. */
#ifndef STORE_VERDICT_JSON_H
#define STORE_VERDICT_JSON_H

#include <jansson.h>

#include "judge/comparison.h"

/* Changes are in percent of the value (of a bandwidth -10 is a loss), rows in the order of their
 * weight, what is not known is null.  Owned by the caller; NULL only without memory. */
json_t *verdict_json(const struct comparison *c, int exit_code);

#endif
