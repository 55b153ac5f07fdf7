/* json_document.c - a JSON text or file, read by one function. */
#include "json/json_document.h"

#include <string.h>

#include "core/atomic_file.h"
#include "core/mem.h"
#include "json/jsonio.h"

int json_document_parse(const struct json_document *d, const char *text, size_t n, void *self,
                        struct err *e)
{
    struct err why = { 0 };
    json_t *json = NULL;
    int rc = jsonio_parse(text, n, d->what, &json, &why);

    if (rc == 0)
        d->read(json, self, &why);
    json_decref(json);
    return why.code ? ERR(e, why.code, "%s", why.msg) : 0;
}

int json_document_read(const struct json_document *d, const char *path, void *self, struct err *e)
{
    struct err why = { 0 };
    char *text = NULL;
    size_t n, length = strlen(path);
    int rc = 0;

    TRY(atomic_file_read(path, d->max_bytes, &text, &n, e));
    rc = json_document_parse(d, text, n, self, &why);
    if (rc < 0)
        ERR(e, rc, "%s: %s", length > 100 ? path + length - 100 : path, why.msg);
out:
    mem_free(text);
    return rc;
}
