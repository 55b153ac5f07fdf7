/* run_ref.c - what a user calls a stored run, resolved to the run itself. */
#include "command/run_ref.h"

#include <string.h>

#include "store/run_file.h"

struct run_refs run_refs_init(const struct cli_args *a, const struct cli_env *env)
{
    return (struct run_refs){ .store = cli_value(a, "store"), .data_dir = env->data_dir };
}

void run_refs_close(struct run_refs *refs)
{
    *refs = (struct run_refs){ 0 };
}

void run_ref_release(struct run_ref *ref)
{
    run_record_release(&ref->record);
    *ref = (struct run_ref){ 0 };
}

/* The end of a long path says more than its beginning. */
static int resolve_file(const char *path, struct run_ref *out, struct err *e)
{
    size_t n = strlen(path);

    out->kind = RUN_REF_FILE;
    snprintf(out->label, sizeof(out->label), "%s", n > 150 ? path + n - 150 : path);
    return run_file_read(path, &out->record, e);
}

int run_ref_resolve(struct run_refs *refs, const char *word, struct run_ref *out, struct err *e)
{
    (void)refs;
    *out = (struct run_ref){ 0 };
    if (!word[0])
        return ERR(e, ERR_ARG, "the name of a run is empty");
    return resolve_file(word, out, e);
}
