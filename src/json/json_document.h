/* json_document.h - a JSON text or file, read by one function.
 *
 * A reader takes what it wants from the document and leaves its first fault in `why`, which is
 * never NULL: the getters of jsonio.h do both. */
#ifndef JSON_JSON_DOCUMENT_H
#define JSON_JSON_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>

#include "core/err.h"

struct json_document {
    const char *what; /* "targets", for messages about what is no JSON */
    size_t max_bytes; /* of a file */
    void (*read)(json_t *json, void *self, struct err *why);
};

/* 0; ERR_FORMAT with the place, ERR_NOMEM, or what the reader said.  What the reader had put into
 * self until then is still there. */
int json_document_parse(const struct json_document *d, const char *text, size_t n, void *self,
                        struct err *e);

/* The same of a file; each message begins with (the end of) its path.  Also ERR_IO. */
int json_document_read(const struct json_document *d, const char *path, void *self, struct err *e);

#endif
