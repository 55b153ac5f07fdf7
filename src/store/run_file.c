/* run_file.c - result files. */
#include "store/run_file.h"

#include <string.h>

#include "core/atomic_file.h"
#include "core/mem.h"
#include "store/run_json.h"

int run_file_check_writable(const char *path, struct err *e)
{
    return atomic_file_check(path, e);
}

static int fill(const void *record, FILE *f, struct err *e)
{
    return run_json_print(record, f, e);
}

int run_file_write(const char *path, const struct run_record *r, struct err *e)
{
    return atomic_file_write(path, fill, r, e);
}

int run_file_read(const char *path, struct run_record *out, struct err *e)
{
    struct err why = { 0 };
    size_t n, length = strlen(path);
    char *text;
    int rc;

    *out = (struct run_record){ 0 };
    rc = atomic_file_read(path, RUN_FILE_BYTES_MAX, &text, &n, e);
    if (rc < 0)
        return rc;
    rc = run_json_parse(text, n, out, &why);
    mem_free(text);
    if (rc < 0)
        return ERR(e, rc, "%s: %s", length > 100 ? path + length - 100 : path, why.msg);
    return 0;
}
