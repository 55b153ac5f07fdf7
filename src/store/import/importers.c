/* importers.c - files of other tools as result files of ours. */
#include "store/import/importers.h"

#include <string.h>

#include "core/mem.h"
#include "store/import/import_criterion.h"
#include "store/import/import_fio.h"
#include "store/import/import_form.h"
#include "store/import/import_google_benchmark.h"
#include "store/import/import_headroom.h"
#include "store/import/import_hyperfine.h"
#include "store/import/import_llama_bench.h"
#include "store/import/import_nvbandwidth.h"
#include "store/run_json.h"

const struct importer *const importers[] = {
    &import_headroom,
    &import_llama_bench,
    &import_fio,
    &import_google_benchmark,
    &import_hyperfine,
    &import_criterion_estimates,
    &import_criterion_sample,
    &import_nvbandwidth,
    &import_form,
    NULL,
};

static const struct importer *detect(const struct import_source *src)
{
    for (int i = 0; importers[i]; i++)
        if (importers[i]->detect(src))
            return importers[i];
    return NULL;
}

static int unknown(struct err *e)
{
    char list[200] = "";
    size_t used = 0;

    for (int i = 0; importers[i] && used < sizeof(list); i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
                                 importers[i]->what);
    return ERR(e, ERR_FORMAT, "not a file that import knows (%s)", list);
}

static int as_it_is(const struct import_source *src, struct text_buffer *out, struct err *e)
{
    *out =
        (struct text_buffer){ .text = mem_calloc(src->n + 1, 1), .n = src->n, .cap = src->n + 1 };
    if (!out->text)
        return ERR(e, ERR_NOMEM, "no memory for %zu bytes", src->n);
    memcpy(out->text, src->text, src->n);
    return 0;
}

int importers_read(const struct import_source *src, struct text_buffer *out,
                   const struct importer **by, struct err *e)
{
    struct run_record r = { 0 };
    int rc = 0;

    *out = (struct text_buffer){ 0 };
    *by = detect(src);
    if (!*by)
        return unknown(e);
    if (!(*by)->read)
        return as_it_is(src, out, e);
    TRY((*by)->read(src, &r, e));
    TRY(text_buffer_open(out, e));
    TRY(run_json_print(&r, out->f, e));
    TRY(text_buffer_close(out, e));
out:
    run_record_release(&r);
    return rc;
}
