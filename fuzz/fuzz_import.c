/* fuzz_import.c - files of other tools, as anybody may have written them.
 *
 * Oracles: what is refused has a message; what is taken is a result file that we read ourselves,
 * all of whose rows say that they are imported. */
#include "fuzz.h"

#include "core/mem.h"
#include "store/import/importers.h"
#include "store/run_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_text(data, size);
    const struct import_source src = {
        .text = input, .n = size, .path = "criterion/name/new/x.json", .modified_unix_s = 1
    };
    const struct importer *by;
    struct text_buffer text;
    struct run_record r;
    struct err e = { 0 };
    int rc = importers_read(&src, &text, &by, &e);

    if (rc < 0) {
        FUZZ_CHECK(e.code == rc && e.msg[0]);
    } else if (by->read) { /* others' files only: fuzz_result reads ours */
        FUZZ_CHECK(run_json_parse(text.text, text.n, &r, &e) == 0);
        for (int i = 0; i < r.n_results; i++)
            FUZZ_CHECK(r.results[i].origin == ORIGIN_IMPORTED);
        run_record_release(&r);
    }
    text_buffer_release(&text);
    free(input);
    return 0;
}
