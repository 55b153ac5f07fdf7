/* ceiling_json.c - measured ceilings as JSON and back. */
#include "store/ceiling_json.h"

#include <math.h>

#include "core/mem.h"

enum { CEILINGS_MAX = 2000 };

json_t *ceiling_json(const struct ceiling *c)
{
    json_t *o;
    bool lost = false;

    jsonio_init();
    o = json_object();
    jsonio_put(o, "name", jsonio_new_text(c->key), &lost);
    jsonio_put(o, "value", jsonio_new_real(c->value), &lost);
    jsonio_put(o, "value_ci", jsonio_new_pair(c->lo, c->hi), &lost);
    jsonio_put(o, "unit", jsonio_new_text(c->unit), &lost);
    jsonio_put(o, "measured_unix_s", jsonio_new_real(c->measured_unix_s), &lost);
    return jsonio_done(o, lost);
}

static void parse_one(const struct jsonio_in *in, struct ceiling *c)
{
    jsonio_text(in, "name", c->key, sizeof(c->key));
    c->value = jsonio_real(in, "value");
    jsonio_pair(in, "value_ci", &c->lo, &c->hi);
    jsonio_text(in, "unit", c->unit, sizeof(c->unit));
    c->measured_unix_s = jsonio_real(in, "measured_unix_s");
    if (jsonio_ok(in) && (!c->key[0] || !(c->value > 0)))
        jsonio_bad(in, "value", "not one of a ceiling");
}

void ceiling_json_parse(const struct jsonio_in *in, struct ceilings *out)
{
    struct jsonio_in list = jsonio_array(in, "ceilings", CEILINGS_MAX);
    struct err why = { 0 };

    for (size_t i = 0; i < json_array_size(list.node) && jsonio_ok(in); i++) {
        struct jsonio_in item = jsonio_item(&list, i);
        struct ceiling c = { 0 };

        parse_one(&item, &c);
        if (!jsonio_ok(in))
            return;
        if (ceilings_get(out, c.key))
            jsonio_bad(&item, "name", "twice");
        else if (ceilings_put(out, &c, &why) != 0)
            jsonio_lost(&list);
    }
}
