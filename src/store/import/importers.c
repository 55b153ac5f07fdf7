/* importers.c - files of other tools as result files of ours. */
#include "store/import/importers.h"

#include <string.h>

#include "core/mem.h"
#include "store/import/import_headroom.h"
#include "store/run_json.h"

const struct importer *const importers[] = { &import_headroom, NULL };

static const struct importer *detect(const char *text, size_t n)
{
    for (int i = 0; importers[i]; i++)
        if (importers[i]->detect(text, n))
            return importers[i];
    return NULL;
}

static int as_it_is(const char *text, size_t n, struct text_buffer *out, struct err *e)
{
    *out = (struct text_buffer){ .text = mem_calloc(n + 1, 1), .n = n, .cap = n + 1 };
    if (!out->text)
        return ERR(e, ERR_NOMEM, "no memory for %zu bytes", n);
    memcpy(out->text, text, n);
    return 0;
}

int importers_read(const char *text, size_t n, struct text_buffer *out, const struct importer **by,
                   struct err *e)
{
    struct run_record r = { 0 };
    int rc = 0;

    *out = (struct text_buffer){ 0 };
    *by = detect(text, n);
    if (!*by)
        return ERR(e, ERR_FORMAT, "not a file that import knows (a result file of headroom)");
    if (!(*by)->read)
        return as_it_is(text, n, out, e);
    TRY((*by)->read(text, n, &r, e));
    TRY(text_buffer_open(out, e));
    TRY(run_json_print(&r, out->f, e));
    TRY(text_buffer_close(out, e));
out:
    run_record_release(&r);
    return rc;
}
