/* import_rows.c - a record made of what another tool measured. */
#include "store/import/import_rows.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "json/json_document.h"

enum { TEXT = 40 }; /* what a setting takes of a table's row: longer ones are cut short */

bool import_contains(const struct import_source *src, const char *what)
{
    return memmem(src->text, src->n, what, strlen(what)) != NULL;
}

struct reading {
    import_reader read;
    const struct import_source *src;
    struct run_record *out;
};

static void read_document(json_t *json, void *self, struct err *why)
{
    const struct reading *r = self;

    r->read(json, r->src, r->out, why);
}

int import_json(const struct import_source *src, size_t from, const char *what, import_reader read,
                struct run_record *out, struct err *e)
{
    const struct json_document document = { .what = what, .read = read_document };
    struct reading reading = { .read = read, .src = src, .out = out };

    return json_document_parse(&document, src->text + from, src->n - from, &reading, e);
}

/* FNV-1a, 64 bit (Fowler, Noll, Vo), folded. */
static unsigned short_hash(const char *text, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < n; i++) {
        h ^= (unsigned char)text[i];
        h *= UINT64_C(1099511628211);
    }
    return (unsigned)(h ^ (h >> 32));
}

void import_head(struct run_record *r, const struct import_source *src, const char *tool,
                 const char *version, double unix_s, struct err *e)
{
    double when = isfinite(unix_s) ? unix_s : src->modified_unix_s;
    time_t t = when >= 0 && when < 253402300800.0 /* the year 10000 */ ? (time_t)when : 0;
    struct tm utc;

    gmtime_r(&t, &utc);
    strftime(r->start, sizeof(r->start), "%Y-%m-%dT%H:%M:%SZ", &utc);
    memcpy(r->end, r->start, sizeof(r->end));
    strftime(r->id, sizeof(r->id), "%Y%m%dT%H%M%SZ", &utc);
    snprintf(r->id + strlen(r->id), sizeof(r->id) - strlen(r->id), "-%08x",
             short_hash(src->text, src->n));
    snprintf(r->suite, sizeof(r->suite), "imported");
    r->status = RUN_COMPLETE;
    facts_text(&r->build, "imported.tool", tool);
    if (version[0])
        facts_text(&r->build, "imported.version", version);
    else
        facts_null(&r->build, "imported.version", "%s does not say", tool);
    r->argv = mem_calloc(1, sizeof(*r->argv));
    if (r->argv && (r->argv[0] = mem_strdup(tool)))
        r->argc = 1;
    if (r->argc == 0 || r->build.lost)
        ERR(e, ERR_NOMEM, "no memory for the run");
}

double import_time(const char *iso)
{
    struct tm tm = { 0 };
    const char *rest = strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm);
    int hours, minutes;
    char sign;
    double t;

    if (!rest)
        return NAN;
    t = (double)timegm(&tm);
    if (*rest == '.' && rest[1] >= '0' && rest[1] <= '9')
        for (double digit = 0.1; *++rest >= '0' && *rest <= '9'; digit /= 10)
            t += digit * (*rest - '0');
    if (strcmp(rest, "Z") == 0 || *rest == '\0')
        return t;
    if (sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-'))
        return NAN;
    return t - (sign == '+' ? 60 : -60) * (60 * hours + minutes);
}

struct result *import_row(struct run_record *r, const char *tool, const char *device,
                          const char *metric, const char *unit, enum direction d, struct err *e)
{
    struct result *rows, *row;

    if (e->code)
        return NULL;
    /* A power of two is full. */
    if ((r->n_results & (r->n_results - 1)) == 0) {
        rows = mem_realloc(r->results, r->n_results ? 2 * (size_t)r->n_results : 1, sizeof(*rows));
        if (!rows) {
            ERR(e, ERR_NOMEM, "no memory for %d rows", r->n_results + 1);
            return NULL;
        }
        r->results = rows;
    }
    row = &r->results[r->n_results++];
    *row = (struct result){ .origin = ORIGIN_IMPORTED,
                            .direction = d,
                            .value = NAN,
                            .value_lo = NAN,
                            .value_hi = NAN,
                            .percent = NAN,
                            .floor_ns = NAN,
                            .seconds = NAN,
                            .expected = { .lo = NAN, .hi = NAN },
                            .check = { .error = NAN, .tolerance = NAN },
                            .limits = { .binding = -1 } };
    result_ops_init(&row->ops);
    snprintf(row->name, sizeof(row->name), "%s", tool);
    snprintf(row->device, sizeof(row->device), "%s", device);
    snprintf(row->metric, sizeof(row->metric), "%s", metric);
    snprintf(row->unit, sizeof(row->unit), "%s", unit);
    return row;
}

void import_param(struct result *row, const char *axis, const char *text, struct err *e)
{
    struct param *p;

    if (!row || e->code)
        return;
    if (row->params.n == AXIS_MAX || strlen(axis) >= sizeof(row->axis_name[0]) || !axis[0]) {
        ERR(e, ERR_FORMAT, "\"%.60s\" is one setting too many, or its name too long", axis);
        return;
    }
    p = &row->params.p[row->params.n];
    snprintf(row->axis_name[row->params.n], sizeof(row->axis_name[0]), "%s", axis);
    if (strlen(text) < TEXT)
        snprintf(p->text, sizeof(p->text), "%s", text);
    else
        snprintf(p->text, sizeof(p->text), "%.*s~%08x", TEXT - 10, text,
                 short_hash(text, strlen(text)));
    row->params.n++;
}

void import_param_int(struct result *row, const char *axis, int64_t value, struct err *e)
{
    char text[AXIS_TEXT];

    snprintf(text, sizeof(text), "%" PRId64, value);
    import_param(row, axis, text, e);
}

static struct result_run *new_run(struct result *row, double start_unix_s, struct err *e)
{
    struct result_run *run = mem_calloc(1, sizeof(*run));

    if (!run) {
        ERR(e, ERR_NOMEM, "no memory for a run");
        return NULL;
    }
    result_run_init(run);
    run->start_unix_s = start_unix_s;
    run->sampling.stop = SAMPLING_BUDGET;
    run->sampling.drift_pct = NAN;
    snprintf(run->sampling.why, sizeof(run->sampling.why), "%s chose how often it repeats",
             row->name);
    snprintf(run->throttle_causes, sizeof(run->throttle_causes), "imported");
    snprintf(run->energy_reason, sizeof(run->energy_reason), "imported");
    row->runs = run;
    row->n_runs = 1;
    return run;
}

static bool all_positive(const struct result *row, const double *x, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (!(x[i] > 0 && isfinite(x[i]))) {
            ERR(e, ERR_FORMAT, "%s: sample %zu is %g, which is no measurement", row->name, i, x[i]);
            return false;
        }
    if (n == 0)
        ERR(e, ERR_FORMAT, "%s: a row without samples", row->name);
    return n > 0;
}

static double *copy_of(const double *x, size_t n, struct err *e)
{
    double *own = mem_calloc(n, sizeof(*own));

    if (own)
        memcpy(own, x, n * sizeof(*own));
    else
        ERR(e, ERR_NOMEM, "no memory for %zu samples", n);
    return own;
}

void import_times(struct result *row, const struct metric *m, const double *ns, size_t n,
                  const struct work *per_repetition, double start_unix_s, struct err *e)
{
    struct stats_summary *s;
    struct result_run *run;

    if (!row || e->code || !all_positive(row, ns, n, e) || !(run = new_run(row, start_unix_s, e)))
        return;
    s = &run->sampling.summary;
    run->sampling.ns = copy_of(ns, n, e);
    if (!run->sampling.ns || stats_summarise(ns, n, s, e) < 0)
        return;
    run->sampling.n = run->sampling.cap = n;
    run->sampling.reps = 1;
    row->work = *per_repetition;
    run->value = metric_value(m, per_repetition, s->median);
    run->value_lo = metric_value(
        m, per_repetition, m->direction == HIGHER_IS_BETTER ? s->median_ci.hi : s->median_ci.lo);
    run->value_hi = metric_value(
        m, per_repetition, m->direction == HIGHER_IS_BETTER ? s->median_ci.lo : s->median_ci.hi);
    result_settle(row);
}

void import_samples(struct result *row, const double *x, size_t n, double start_unix_s,
                    struct err *e)
{
    struct stats_summary s;
    struct result_run *run;

    if (!row || e->code || !all_positive(row, x, n, e) || !(run = new_run(row, start_unix_s, e)))
        return;
    run->samples = copy_of(x, n, e);
    if (!run->samples || stats_summarise(x, n, &s, e) < 0)
        return;
    run->n_samples = n;
    run->value = s.median;
    run->value_lo = s.median_ci.lo;
    run->value_hi = s.median_ci.hi;
    result_settle(row);
}

void import_value(struct result *row, double value, double lo, double hi, double start_unix_s,
                  struct err *e)
{
    struct result_run *run;

    if (!row || e->code || !all_positive(row, &value, 1, e) ||
        !(run = new_run(row, start_unix_s, e)))
        return;
    run->value = row->value = value;
    run->value_lo = row->value_lo = lo;
    run->value_hi = row->value_hi = hi;
}

void import_refuse(struct result *row, enum result_status status, const char *reason)
{
    if (!row)
        return;
    row->status = status;
    row->value = row->value_lo = row->value_hi = NAN;
    snprintf(row->reason, sizeof(row->reason), "%s", reason);
}

const char *import_text(const struct jsonio_in *in, const char *key)
{
    const json_t *text = jsonio_ok(in) ? json_object_get(in->node, key) : NULL;

    if (jsonio_ok(in) && !json_is_string(text))
        jsonio_bad(in, key, "not a text");
    return json_is_string(text) ? json_string_value(text) : "";
}

const json_t *import_member(const struct jsonio_in *in, const char *key)
{
    const json_t *member = jsonio_ok(in) ? json_object_get(in->node, key) : NULL;

    return member && !json_is_null(member) ? member : NULL;
}

void import_agree(const struct jsonio_in *in, const char *key, double stated, double truth,
                  double agreement)
{
    if (jsonio_ok(in) && !(fabs(stated - truth) <= agreement * fabs(truth)))
        jsonio_bad(in, key, "%.9g, but the samples give %.9g", stated, truth);
}
