/* cpuwait.c - time that threads ran, and time that they waited for a CPU. */
#include "host/cpuwait.h"

#include "core/mem.h"
#include "host/sysfile.h"

/* "RUN_NS WAIT_NS TIMESLICES" */
static bool parse(const char *text, int64_t *run_ns, int64_t *wait_ns)
{
    return sysfile_parse_int(text, run_ns, &text) == 0 &&
           sysfile_parse_int(text, wait_ns, &text) == 0 && *run_ns >= 0 && *wait_ns >= 0;
}

int cpuwait_at(const char *root, struct worker_cpu *out, struct err *e)
{
    char(*names)[SYSFILE_NAME] = mem_calloc(CPUWAIT_THREADS_MAX, sizeof(*names)), text[96];
    int64_t run_ns, wait_ns;
    int n, seen = 0, rc = 0;

    *out = (struct worker_cpu){ 0 };
    if (!names)
        return ERR(e, ERR_NOMEM, "no memory for the names of %d threads", CPUWAIT_THREADS_MAX);
    TRY(sysfile_names(root, "/proc/self/task", names, CPUWAIT_THREADS_MAX, &n, e));
    for (int i = 0; i < n; i++) {
        /* A thread that has ended since is none of ours any more. */
        if (sysfile_readf(root, text, sizeof(text), NULL, "/proc/self/task/%s/schedstat",
                          names[i]) < 0 ||
            !parse(text, &run_ns, &wait_ns))
            continue;
        out->run_s += 1e-9 * (double)run_ns;
        out->wait_s += 1e-9 * (double)wait_ns;
        seen++;
    }
    if (seen == 0)
        rc = ERR(e, ERR_NOTSUP, "this kernel keeps no account of threads' waits (schedstat)");
out:
    mem_free(names);
    return rc;
}

int cpuwait_now(struct worker_cpu *out, struct err *e)
{
    return cpuwait_at("", out, e);
}
