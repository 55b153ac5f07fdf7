/* fuzz_result.c - a result file that anybody may have written.
 *
 * Oracles: what is refused has a message and leaves nothing behind; what is read can be written,
 * and what was written is read again to the same text. */
#include "fuzz.h"

#include "core/mem.h"
#include "store/run_json.h"

static char *written(const struct run_record *r)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    FUZZ_CHECK(f);
    FUZZ_CHECK(run_json_print(r, f, NULL) == 0);
    fclose(f);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run_record r, back;
    struct err e = { 0 };
    char *input = fuzz_copy(data, size), *first, *second;
    int rc = run_json_parse(input, size, &r, &e);

    free(input);
    if (rc < 0) {
        FUZZ_CHECK(e.code == rc && e.msg[0]);
        FUZZ_CHECK(!r.results && !r.argv && !r.machine.f && !r.build.f && !r.ceilings.c);
        return 0;
    }
    FUZZ_CHECK(e.code == 0);
    first = written(&r);
    FUZZ_CHECK(run_json_parse(first, strlen(first), &back, &e) == 0);
    second = written(&back);
    FUZZ_CHECK(strcmp(first, second) == 0);
    free(first);
    free(second);
    run_record_release(&r);
    run_record_release(&back);
    return 0;
}
