/* facts_json.h - flat facts as nested JSON and back: "cpu.model" is {"cpu": {"model": ...}}, and
 * "gpus.0.model" is {"gpus": [{"model": ...}]}.
 *
 * A fact without a value is null in its place and has its reason in the object's own member
 * "unavailable": {"cpu.model": "reason"}. */
#ifndef STORE_FACTS_JSON_H
#define STORE_FACTS_JSON_H

#include <jansson.h>

#include "core/facts.h"
#include "json/jsonio.h"

enum { FACTS_JSON_MAX = 4096, FACTS_JSON_DEPTH = 12, FACTS_JSON_TEXT = 65536 };

/* Owned by the caller; NULL only without memory.  A fact whose key runs through another's value
 * (our bug, "cpu" beside "cpu.model") is left out and named in "unavailable". */
json_t *facts_json(const struct facts *fs);

/* Add what `in` holds to *out (owned by the caller, also after a fault).  At most FACTS_JSON_MAX
 * facts, FACTS_JSON_DEPTH levels; names are not empty, not numbers, and have no dots. */
void facts_json_parse(const struct jsonio_in *in, struct facts *out);

#endif
