/* plan.c - from what the user asked for to the list of rows to measure. */
#include "core/plan.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/registry.h"

/* The values each axis of one benchmark takes. */
struct grid {
    struct axis_values v[AXIS_MAX];
};

static const struct axis *axis_of(const struct bench *b, const char *name, size_t n, int *index)
{
    for (int i = 0; i < b->n_axes; i++)
        if (strlen(b->axes[i].name) == n && memcmp(b->axes[i].name, name, n) == 0) {
            *index = i;
            return &b->axes[i];
        }
    return NULL;
}

/* Apply "axis=value[,value]"; *hit tells whether the benchmark has that axis.  A benchmark's own
 * settings come here too, but are never wrong: so a message may speak of --set. */
static int grid_set(struct grid *g, const struct bench *b, const char *setting, bool *hit,
                    struct err *e)
{
    const char *eq = strchr(setting, '=');
    const struct axis *a;
    struct err why = { 0 };
    int i = 0, rc;

    if (!eq || eq == setting || !eq[1])
        return ERR(e, ERR_ARG, "--set \"%.80s\": expected axis=value", setting);
    a = axis_of(b, setting, (size_t)(eq - setting), &i);
    *hit = a != NULL;
    if (a && (rc = axis_parse(a, eq + 1, &g->v[i], &why)) < 0)
        return ERR(e, rc, "--set \"%.60s\": %s: %s", setting, b->name, why.msg);
    return 0;
}

/* Normal values, then a settings string of ours over them. */
static int grid_init(struct grid *g, const struct bench *b, const char *settings, struct err *e)
{
    int rc = 0;
    const char *p = settings ? settings : "";

    BUG_ON(b->n_axes > AXIS_MAX);
    for (int i = 0; i < b->n_axes; i++)
        TRY(axis_parse(&b->axes[i], b->axes[i].normal, &g->v[i], e));
    while (*p) {
        char word[160];
        size_t n = strcspn(p, " ");
        bool hit;

        BUG_ON(n >= sizeof(word));
        memcpy(word, p, n);
        word[n] = '\0';
        if (n) {
            TRY(grid_set(g, b, word, &hit, e));
            if (!hit)
                return ERR(e, ERR_ARG, "%s has no axis in \"%s\"", b->name, word);
        }
        p += n + (p[n] == ' ');
    }
out:
    return rc;
}

static void grid_point(const struct grid *g, const struct bench *b, const int *index,
                       struct params *out)
{
    *out = (struct params){ .n = b->n_axes };
    for (int i = 0; i < b->n_axes; i++) {
        struct param *p = &out->p[i];

        p->axis = &b->axes[i];
        p->value = g->v[i].v[index[i]];
        axis_format(p->axis, p->value, p->text);
    }
}

/* Leave out the axes that mean nothing at this point, or on these kinds of devices. */
static void reduce(const struct bench *b, unsigned devices, struct params *p)
{
    const struct params whole = *p;

    p->n = 0;
    for (int i = 0; i < whole.n; i++) {
        const struct axis *a = whole.p[i].axis;

        if ((a->devices == 0 || a->devices & devices) && (!b->applies || b->applies(&whole, a)))
            p->p[p->n++] = whole.p[i];
    }
}

static int point(const struct bench *b, unsigned devices, const char *settings, struct params *out,
                 struct err *e)
{
    struct grid g;
    int first[AXIS_MAX] = { 0 };
    int rc = 0;

    TRY(grid_init(&g, b, settings, e));
    for (int i = 0; i < b->n_axes; i++)
        if (g.v[i].n != 1)
            return ERR(e, ERR_ARG, "%s: \"%s\" is more than one row", b->name, settings);
    grid_point(&g, b, first, out);
    reduce(b, devices, out);
out:
    return rc;
}

int plan_point(const struct bench *b, const char *settings, struct params *out, struct err *e)
{
    return point(b, DEVICE_CPU | DEVICE_GPU, settings, out, e);
}

int plan_point_on(const struct bench *b, enum device_kind kind, const char *settings,
                  struct params *out, struct err *e)
{
    return point(b, kind, settings, out, e);
}

static bool same_case(const struct plan_case *a, const struct plan_case *b)
{
    if (a->bench != b->bench || a->device != b->device || a->params.n != b->params.n)
        return false;
    for (int i = 0; i < a->params.n; i++)
        if (a->params.p[i].axis != b->params.p[i].axis ||
            a->params.p[i].value != b->params.p[i].value)
            return false;
    return true;
}

static int plan_add(struct plan_list *l, const struct plan_case *c, struct err *e)
{
    for (int i = 0; i < l->n; i++)
        if (same_case(&l->cases[i], c))
            return 0;
    if (l->n == l->cap) {
        int cap = l->cap ? l->cap * 2 : 32;
        struct plan_case *grown = mem_realloc(l->cases, (size_t)cap, sizeof(*grown));

        if (!grown)
            return ERR(e, ERR_NOMEM, "no memory for a plan of %d rows", cap);
        l->cases = grown;
        l->cap = cap;
    }
    l->cases[l->n++] = *c;
    l->rounds = c->runs > l->rounds ? c->runs : l->rounds;
    return 0;
}

/* How many runs the row has and how long each is, where --repeat does not say. */
static struct plan_case shared(const struct plan_case *c)
{
    const struct bench *b = c->bench;
    bool sustained = b->sustained_of ? b->sustained_of(&c->params) : b->sustained;
    struct plan_case out = *c;

    if (c->runs > 0)
        return out;
    out.runs = sustained || b->one_run & c->device->kind ? 1 : PLAN_RUNS;
    out.seconds = c->seconds / out.runs;
    return out;
}

/* Every point of the grid that exists on this device. */
static int plan_product(struct plan_list *l, const struct grid *g, struct plan_case *c,
                        struct err *e)
{
    int index[AXIS_MAX] = { 0 };
    const struct bench *b = c->bench;
    int rc = 0, axis;

    do {
        grid_point(g, b, index, &c->params);
        if (!b->exists || b->exists(&c->params, c->device)) {
            struct plan_case row;

            reduce(b, c->device->kind, &c->params);
            row = shared(c);
            TRY(plan_add(l, &row, e));
        }
        for (axis = b->n_axes - 1; axis >= 0; axis--) { /* the last axis turns fastest */
            if (++index[axis] < g->v[axis].n)
                break;
            index[axis] = 0;
        }
    } while (axis >= 0);
out:
    return rc;
}

/* `planned` is a plan's mask of devices. */
static bool device_wanted(const struct plan_request *rq, const struct device *d, unsigned planned)
{
    if (!rq->device)
        return d->kind == DEVICE_CPU || d->index == 0 || planned & DEVICE_EACH_GPU;
    if (strcmp(rq->device, "gpu") == 0)
        return d->kind == DEVICE_GPU;
    return strcmp(rq->device, d->name) == 0;
}

/* The rows of one benchmark for a suite, or (suite 0) because it was named: then those of the suite
 * standard, or its normal point. */
static int plan_bench(const struct plan_request *rq, const struct bench *b, unsigned suite,
                      struct plan_list *out, struct err *e)
{
    static const struct plan normal = { .devices = DEVICE_CPU | DEVICE_GPU, .seconds = 1 };
    bool planned = false, named = suite == 0;
    int rc = 0;

    if (named)
        suite = SUITE_STANDARD;
    for (int i = 0; i < b->n_plans; i++)
        planned |= (b->plans[i].suites & suite) != 0;
    if (!planned && !named)
        return 0;
    for (int d = 0; d < rq->n_devices; d++)
        for (int i = 0; i < (planned ? b->n_plans : 1); i++) {
            const struct plan *p = planned ? &b->plans[i] : &normal;
            const struct device *dev = &rq->devices[d];
            struct plan_case c = { .bench = b, .device = dev, .runs = rq->repeat };
            struct grid g = { 0 };
            bool hit;

            if ((planned && !(p->suites & suite)) || !(p->devices & b->devices & dev->kind) ||
                !device_wanted(rq, dev, p->devices))
                continue;
            TRY(grid_init(&g, b, p->set, e));
            for (int s = 0; s < rq->n_set; s++)
                TRY(grid_set(&g, b, rq->set[s], &hit, e));
            c.seconds = rq->seconds > 0 ? rq->seconds : p->seconds;
            TRY(plan_product(out, &g, &c, e));
        }
out:
    return rc;
}

unsigned plan_suite(const char *name)
{
    if (strcmp(name, "quick") == 0)
        return SUITE_QUICK;
    if (strcmp(name, "standard") == 0)
        return SUITE_STANDARD;
    return strcmp(name, "full") == 0 ? SUITE_FULL : 0;
}

static int plan_name(const struct plan_request *rq, const char *name, struct plan_list *out,
                     struct err *e)
{
    unsigned suite = plan_suite(name);
    bool found = suite != 0;
    const char *near;
    int rc = 0;

    for (int i = 0; bench_table[i]; i++) {
        bool match = suite || registry_matches(name, bench_table[i]->name);

        found |= match;
        if (match)
            TRY(plan_bench(rq, bench_table[i], suite, out, e));
    }
    if (found)
        return 0;
    near = registry_nearest(name);
    if (near)
        return ERR(e, ERR_ARG, "no benchmark or suite is called \"%.60s\"; did you mean \"%s\"?",
                   name, near);
    return ERR(e, ERR_ARG, "no benchmark or suite is called \"%.60s\" (see headroom list)", name);
out:
    return rc;
}

static bool is_selected(const struct bench *b, const char *const *names, int n_names)
{
    for (int k = 0; k < n_names; k++)
        if (plan_suite(names[k]) || registry_matches(names[k], b->name))
            return true;
    return false;
}

/* No selected benchmark has the axis of this setting: say which one may have been meant. */
static int unknown_axis(const char *set, const char *const *names, int n_names, struct err *e)
{
    const char *axes[64], *near;
    char name[32];
    int n = 0;

    for (int i = 0; bench_table[i]; i++)
        for (int k = 0; k < bench_table[i]->n_axes && n < 63; k++)
            if (is_selected(bench_table[i], names, n_names))
                axes[n++] = bench_table[i]->axes[k].name;
    axes[n] = NULL;
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(set, "="), set);
    near = nearest_name(name, axes);
    if (near)
        return ERR(e, ERR_ARG,
                   "--set \"%.80s\": no selected benchmark has that axis; did you mean \"%s\"?",
                   set, near);
    return ERR(e, ERR_ARG,
               "--set \"%.80s\": no selected benchmark has that axis (see headroom list)", set);
}

/* A --set that no selected benchmark knows is a mistake, not a no-op. */
static int check_settings(const struct plan_request *rq, const char *const *names, int n_names,
                          struct err *e)
{
    int rc = 0;

    for (int s = 0; s < rq->n_set; s++) {
        bool any = false;

        for (int i = 0; bench_table[i]; i++) {
            struct grid g = { 0 };
            bool hit = false;

            if (!is_selected(bench_table[i], names, n_names))
                continue;
            TRY(grid_set(&g, bench_table[i], rq->set[s], &hit, e));
            any |= hit;
        }
        if (!any)
            return unknown_axis(rq->set[s], names, n_names, e);
    }
out:
    return rc;
}

static int check_device(const struct plan_request *rq, struct err *e)
{
    int64_t index;
    const char *d = rq->device;

    if (!d)
        return 0;
    if (strcmp(d, "cpu") != 0 && strcmp(d, "gpu") != 0 &&
        (strncmp(d, "gpu:", 4) != 0 || parse_int(d + 4, 0, 1023, "--device", &index, NULL) < 0))
        return ERR(e, ERR_ARG, "--device \"%.40s\": expected cpu, gpu or gpu:N", d);
    for (int i = 0; i < rq->n_devices; i++)
        if (device_wanted(rq, &rq->devices[i], 0))
            return 0;
    return ERR(e, ERR_NOTSUP, "--device %.40s: this machine has no such device%s%s", d,
               rq->no_gpu_why && rq->no_gpu_why[0] ? ": " : "",
               rq->no_gpu_why ? rq->no_gpu_why : "");
}

/* No row came of these names: for want of a GPU, or because they do not fit each other? */
static int nothing_fits(const struct plan_request *rq, const char *const *names, int n_names,
                        struct err *e)
{
    const char *why = rq->no_gpu_why && rq->no_gpu_why[0] ? rq->no_gpu_why : "none was listed";
    bool gpu = false, could = false;

    for (int i = 0; i < rq->n_devices; i++)
        gpu |= rq->devices[i].kind == DEVICE_GPU;
    for (int i = 0; !gpu && bench_table[i]; i++)
        for (int k = 0; k < n_names; k++) {
            const struct bench *b = bench_table[i];

            if (!registry_matches(names[k], b->name))
                continue;
            if (b->devices == DEVICE_GPU)
                return ERR(e, ERR_NOTSUP, "%s needs a GPU: %s", b->name, why);
            could |= (b->devices & DEVICE_GPU) != 0;
        }
    return ERR(e, ERR_ARG, "nothing to measure: no row fits these names, settings and devices%s%s",
               could ? "; there is no GPU: " : "", could ? why : "");
}

int plan_make(const struct plan_request *rq, struct plan_list *out, struct err *e)
{
    static const char *const quick[] = { "quick" };
    const char *const *names = rq->n_names ? rq->names : quick;
    int n_names = rq->n_names ? rq->n_names : 1;
    int rc = 0;

    *out = (struct plan_list){ .suite = "custom" };
    TRY(check_device(rq, e));
    for (int i = 0; i < n_names; i++)
        if (!plan_suite(names[i]) && !strpbrk(names[i], "*?") && !registry_find(names[i]))
            TRY(plan_name(rq, names[i], out, e)); /* fails, with the suggestion */
    TRY(check_settings(rq, names, n_names, e));
    for (int i = 0; i < n_names; i++)
        TRY(plan_name(rq, names[i], out, e));
    if (n_names == 1 && plan_suite(names[0]) && !rq->n_set)
        out->suite = plan_suite(names[0]) == SUITE_QUICK      ? "quick"
                     : plan_suite(names[0]) == SUITE_STANDARD ? "standard"
                                                              : "full";
    if (out->n == 0)
        rc = nothing_fits(rq, names, n_names, e);
out:
    if (rc < 0)
        plan_release(out);
    return rc;
}

void plan_release(struct plan_list *l)
{
    mem_free(l->cases);
    *l = (struct plan_list){ 0 };
}
