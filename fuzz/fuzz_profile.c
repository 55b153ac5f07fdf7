/* fuzz_profile.c - what profilers print, or whatever has their names.
 *
 * Oracles: what is refused has a message; no more kernels than there is room for, each with
 * launches and with times that are not negative. */
#include "fuzz.h"

#include "command/profile_figures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct profile_kernels k;
    struct profile_count counts[PROFILE_COUNTS_MAX];
    char *csv = fuzz_text(data, size), *list = fuzz_text(data, size);
    struct err e = { 0 };
    int rc = profile_kernels_read(csv, &k, &e);

    FUZZ_CHECK(rc == 0 || (e.code == rc && e.msg[0]));
    FUZZ_CHECK(k.n >= 0 && k.n <= PROFILE_KERNELS_MAX);
    for (int i = 0; i < k.n; i++)
        FUZZ_CHECK(k.kernel[i].launches > 0 && k.kernel[i].time_ns >= 0);
    rc = profile_counts_read(list, counts, NULL);
    FUZZ_CHECK(rc == ERR_FORMAT || (rc > 0 && rc <= PROFILE_COUNTS_MAX));
    free(csv);
    free(list);
    return 0;
}
