/* fuzz_judge.c - promises, targets and a machine's noise as anybody may have written them.
 *
 * Oracles: what is refused has a message and leaves nothing behind; what is read keeps the bounds
 * that its header states. */
#include "fuzz.h"

#include <math.h>

#include "core/record.h"
#include "store/noise_file.h"
#include "store/promise_file.h"
#include "store/target_file.h"

static void promises(const char *input, size_t size)
{
    static struct promises ps;
    struct err e = { 0 };

    if (promise_file_parse(input, size, &ps, &e) < 0) {
        FUZZ_CHECK(e.code < 0 && e.msg[0]);
        return;
    }
    FUZZ_CHECK(ps.n <= PROMISE_RULES_MAX);
    for (int i = 0; i < ps.n; i++)
        FUZZ_CHECK(ps.rule[i].warn_pct > 0 && ps.rule[i].warn_pct <= ps.rule[i].fail_pct);
}

static void targets(const char *input, size_t size)
{
    static const struct run_record nothing;
    struct target_outcome *o;
    struct targets ts;
    struct err e = { 0 };

    if (target_file_parse(input, size, &ts, &e) < 0) {
        FUZZ_CHECK(e.code < 0 && e.msg[0] && !ts.t);
        return;
    }
    o = calloc((size_t)ts.n + 1, sizeof(*o));
    FUZZ_CHECK(o);
    targets_judge(&ts, &nothing, o);
    for (int i = 0; i < ts.n; i++)
        FUZZ_CHECK(ts.t[i].of == TARGET_CHECK || o[i].status == TARGET_NO_DATA);
    free(o);
    targets_release(&ts);
}

static void noise(const char *input, size_t size)
{
    struct noise n;
    struct err e = { 0 };

    if (noise_file_parse(input, size, "0123456789abcdef", &n, &e) < 0) {
        FUZZ_CHECK(e.code < 0 && e.msg[0] && !n.rows);
        return;
    }
    for (int i = 0; i < n.n_rows; i++)
        FUZZ_CHECK(!(n.rows[i].spread < 0));
    noise_release(&n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);

    promises(input, size);
    targets(input, size);
    noise(input, size);
    free(input);
    return 0;
}
