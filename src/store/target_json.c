/* target_json.c - targets and what was measured as JSON. */
#include "store/target_json.h"

#include "json/jsonio.h"

static json_t *one_json(const struct target_outcome *o)
{
    const struct target *t = o->target;
    json_t *j = json_object();
    bool lost = false;

    jsonio_put(j, "id", jsonio_new_text(t->id), &lost);
    jsonio_put(j, "what", jsonio_new_text(t->what), &lost);
    jsonio_put(j, "bound", jsonio_new_text(t->bound == BOUND_AT_LEAST ? ">=" : "<="), &lost);
    jsonio_put(j, "target", jsonio_new_real(t->value), &lost);
    jsonio_put(j, "expected", jsonio_new_real(t->expected), &lost);
    jsonio_put(j, "measured", jsonio_new_real(o->measured), &lost);
    jsonio_put(j, "unit", jsonio_new_text_or_null(t->unit), &lost);
    jsonio_put(j, "status", jsonio_new_text(target_status_name(o->status)), &lost);
    jsonio_put(j, "hardware", jsonio_new_text_or_null(t->hardware), &lost);
    jsonio_put(j, "row", o->row ? jsonio_new_text(o->row->name) : json_null(), &lost);
    jsonio_put(j, "why", jsonio_new_text_or_null(o->why), &lost);
    jsonio_put(j, "source", jsonio_new_text(t->source), &lost);
    return jsonio_done(j, lost);
}

json_t *target_json(const struct targets *ts, const struct target_outcome *o)
{
    json_t *all = json_array();
    bool lost = false;

    for (int i = 0; i < ts->n; i++)
        jsonio_append(all, one_json(&o[i]), &lost);
    return jsonio_done(all, lost);
}
