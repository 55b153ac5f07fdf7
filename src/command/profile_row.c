/* profile_row.c - which row `profile` is asked for. */
#include "command/profile_row.h"

#include <stdio.h>
#include <string.h>

#include "command/platform.h"

enum { ROWS_NAMED = 12 };

static int too_many(const struct cli_args *a, const struct plan_list *plan, struct err *e)
{
    char settings[256];

    fprintf(stderr, "headroom: %s has %d such rows; one can be profiled, say which with --set:\n",
            a->word[0], plan->n);
    for (int i = 0; i < plan->n && i < ROWS_NAMED; i++) {
        params_format(&plan->cases[i].params, settings, sizeof(settings));
        fprintf(stderr, "  %-6s %s %s\n", plan->cases[i].device->name, plan->cases[i].bench->name,
                settings);
    }
    if (plan->n > ROWS_NAMED)
        fprintf(stderr, "  ... (headroom run %s --dry-run lists all)\n", a->word[0]);
    return ERR(e, ERR_ARG, "profile: more than one row");
}

static bool on_gpu(const struct plan_case *c)
{
    return c->device->kind == DEVICE_GPU;
}

/* Are the axes that were not set as they normally are? */
static bool is_otherwise_normal(const struct plan_case *c, const char *const *set, int n_set)
{
    for (int i = 0; i < c->params.n; i++) {
        const struct param *at = &c->params.p[i];
        size_t length = strlen(at->axis->name);
        bool given = strcmp(at->text, at->axis->normal) == 0;

        for (int k = 0; k < n_set; k++)
            given =
                given || (strncmp(set[k], at->axis->name, length) == 0 && set[k][length] == '=');
        if (!given)
            return false;
    }
    return true;
}

/* Of several rows the GPU's, where no device was named, and then those whose other axes are as they
 * normally are; where there is none of a kind, all stay. */
static void narrow(struct plan_list *plan, bool any_device, const char *const *set, int n_set)
{
    int gpu = 0, normal = 0, n = 0;

    for (int i = 0; i < plan->n; i++)
        gpu += on_gpu(&plan->cases[i]);
    for (int i = 0; any_device && gpu > 0 && i < plan->n; i++)
        if (on_gpu(&plan->cases[i]))
            plan->cases[n++] = plan->cases[i];
    plan->n = n ? n : plan->n;
    for (int i = 0; i < plan->n; i++)
        normal += is_otherwise_normal(&plan->cases[i], set, n_set);
    n = 0;
    for (int i = 0; normal > 0 && i < plan->n; i++)
        if (is_otherwise_normal(&plan->cases[i], set, n_set))
            plan->cases[n++] = plan->cases[i];
    plan->n = n ? n : plan->n;
}

int profile_row_find(const struct cli_args *a, double seconds, struct device *devices,
                     struct plan_list *plan, struct err *e)
{
    const char *set[CLI_WORDS_MAX];
    char why[128];
    int rc = 0;
    struct plan_request rq = { .names = a->word,
                               .n_names = 1,
                               .set = set,
                               .n_set = cli_values(a, "set", set, CLI_WORDS_MAX),
                               .device = cli_value(a, "device"),
                               .seconds = seconds,
                               .repeat = 1,
                               .devices = devices,
                               .no_gpu_why = why };

    if (a->n_words == 0)
        return ERR(e, ERR_ARG, "profile: the name of a benchmark is needed (see headroom list)");
    if (a->n_words > 1 && a->n_before_dashes != 1)
        return ERR(e, ERR_ARG,
                   "profile: unexpected \"%.60s\"; the tool's own arguments go behind --",
                   a->word[1]);
    rq.n_devices = device_list(platform_devices, devices, why, sizeof(why));
    TRY(plan_make(&rq, plan, e));
    narrow(plan, !rq.device, set, rq.n_set);
    if (plan->n != 1)
        rc = too_many(a, plan, e);
out:
    return rc;
}
