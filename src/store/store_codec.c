/* store_codec.c - how a row crosses from a worker to the runner. */
#include "store/store_codec.h"

#include "store/result_json.h"
#include "store/result_parse.h"
#include "json/jsonio.h"

static char *encode(const struct result *r, struct err *e)
{
    json_t *json = result_json(r);
    char *text = json ? jsonio_text_of(json) : NULL;

    json_decref(json);
    if (!text)
        ERR(e, ERR_NOMEM, "no memory to write the result of %s", r->name);
    return text;
}

static int decode(const char *text, size_t n, struct result *out, struct err *e)
{
    json_t *json;
    int rc;

    *out = (struct result){ 0 };
    rc = jsonio_parse(text, n, "result", &json, e);
    if (rc < 0)
        return rc;
    rc = result_parse(json, out, e);
    json_decref(json);
    return rc;
}

const struct runner_codec store_codec = { .encode = encode, .decode = decode };
