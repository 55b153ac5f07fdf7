/* ceiling_json.h - measured ceilings as JSON and back; shared by result files and their cache. */
#ifndef STORE_CEILING_JSON_H
#define STORE_CEILING_JSON_H

#include <jansson.h>

#include "core/limits.h"
#include "json/jsonio.h"

/* Owned by the caller; NULL only without memory. */
json_t *ceiling_json(const struct ceiling *c);

/* Read the array "ceilings" of `in` into *out (zeroed before, owned by the caller also after a
 * fault).  A ceiling without a value, or twice the same name, is a fault. */
void ceiling_json_parse(const struct jsonio_in *in, struct ceilings *out);

#endif
