/* doctor_checks.c - the capabilities that the benchmarks themselves bring.
 *
 * Each check is a row of the quick suite with a budget of next to nothing, in a worker process of
 * its own, so that one that crashes is an entry and not the end. */
#include "command/doctor_checks.h"

#include <stdio.h>
#include <string.h>

#include "command/platform.h"
#include "core/lock.h"
#include "core/mem.h"
#include "core/plan.h"
#include "core/runner.h"
#include "store/store_codec.h"

static struct advice *entry(struct advice_list *list, const char *name)
{
    struct advice *a;

    if (list->n == ADVICE_MAX)
        return NULL;
    a = &list->a[list->n++];
    *a = (struct advice){ 0 };
    snprintf(a->name, sizeof(a->name), "%.31s", name);
    return a;
}

static void check_gpu(struct advice_list *list, const struct device *devices, int n,
                      const char *why)
{
    struct advice *a;

    for (int i = 0; i < n; i++)
        if (devices[i].kind == DEVICE_GPU && (a = entry(list, devices[i].name))) {
            a->state = ADVICE_WORKING;
            snprintf(a->text, sizeof(a->text), "%s", devices[i].model);
        }
    if (n == 1 && (a = entry(list, "gpu"))) {
        a->state = ADVICE_ABSENT;
        snprintf(a->text, sizeof(a->text), "%s", why[0] ? why : "none found");
        snprintf(a->remedy, sizeof(a->remedy),
                 "with an NVIDIA GPU: its driver, and a build with nvcc on the PATH");
    }
}

static void judge(struct advice_list *list, const struct result *r)
{
    char settings[96];
    struct advice *a = entry(list, r->name);

    if (!a)
        return;
    result_settings(r, settings, sizeof(settings));
    a->state = r->status == RESULT_OK        ? ADVICE_WORKING
               : r->status == RESULT_SKIPPED ? ADVICE_ABSENT
                                             : ADVICE_FAILING;
    if (r->status == RESULT_OK)
        snprintf(a->text, sizeof(a->text), "%s on %s: output equals %.60s", settings, r->device,
                 r->check.reference);
    else
        snprintf(a->text, sizeof(a->text), "%.60s on %s: %.110s", settings, r->device, r->reason);
}

/* Rows of another run would suffer from ours, and ours from them. */
static bool may_measure(struct advice_list *list, struct lock *lock)
{
    struct err e = { 0 };
    struct advice *a;

    if (lock_take(lock, platform_lock_path, 0, NULL, &e) == 0)
        return true;
    if ((a = entry(list, "benchmarks"))) {
        a->state = ADVICE_ABSENT;
        snprintf(a->text, sizeof(a->text), "not tried: %.180s", e.msg);
        snprintf(a->remedy, sizeof(a->remedy), "ask again when no run measures");
    }
    return false;
}

int doctor_checks(struct advice_list *list, const char *dir, const volatile sig_atomic_t *stop,
                  struct err *e)
{
    static struct device devices[DEVICES_MAX];
    static const char *const quick[] = { "quick" };
    char why[128];
    struct plan_request rq = {
        .names = quick, .n_names = 1, .devices = devices, .seconds = 0.02, .no_gpu_why = why
    };
    struct lock lock = { .fd = -1 };
    struct ceilings ceilings = { 0 };
    struct plan_list plan = { 0 };
    struct result *results = NULL;
    struct runner_config c = { .plan = &plan,
                               .repeats = 1,
                               .seed = 1,
                               .dir = dir,
                               .target = 0.5,
                               .codec = &store_codec,
                               .ceilings = &ceilings,
                               .stop = stop };
    int rc = 0;

    rq.n_devices = device_list(platform_devices, devices, why, sizeof(why));
    check_gpu(list, devices, rq.n_devices, why);
    if (!may_measure(list, &lock))
        return 0;
    TRY(plan_make(&rq, &plan, e));
    results = mem_calloc((size_t)plan.n, sizeof(*results));
    if (!results) {
        rc = ERR(e, ERR_NOMEM, "no memory for %d rows", plan.n);
        goto out;
    }
    rc = runner_run(&c, results, e);
    for (int i = 0; i < plan.n; i++) {
        judge(list, &results[i]);
        result_release(&results[i]);
    }
out:
    lock_release(&lock);
    mem_free(results);
    plan_release(&plan);
    ceilings_release(&ceilings);
    return rc;
}
