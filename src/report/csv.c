/* csv.c - one line a row and run, for spreadsheets (RFC 4180). */
#include <math.h>

#include "report/document.h"
#include "report/markup.h"
#include "report/rows.h"

static void text(FILE *f, const char *s)
{
    fputc(',', f);
    markup_csv(f, s);
}

/* All digits; what is not known is an empty field. */
static void number(FILE *f, double v)
{
    fputc(',', f);
    if (isfinite(v))
        fprintf(f, "%.17g", v);
}

static void count(FILE *f, size_t n)
{
    fprintf(f, ",%zu", n);
}

/* What only one process of a row knows; run < 0: the row has none. */
static void write_process(FILE *f, const struct result *r, int run)
{
    const struct result_run *one = run < 0 ? NULL : &r->runs[run];
    const struct stats_summary *s = one ? &one->sampling.summary : NULL;

    fputc(',', f);
    if (one)
        fprintf(f, "%d", run + 1);
    number(f, one ? one->value : (double)NAN);
    fputc(',', f);
    if (one)
        fprintf(f, "%zu", s->n);
    number(f, one ? s->median : (double)NAN);
    number(f, one ? s->mean : (double)NAN);
    number(f, one ? s->std : (double)NAN);
    number(f, one ? s->mad : (double)NAN);
    number(f, one ? s->min : (double)NAN);
    number(f, one ? s->max : (double)NAN);
    number(f, one ? s->p90 : (double)NAN);
    number(f, one ? s->p95 : (double)NAN);
    number(f, one ? s->p99 : (double)NAN);
    text(f, one ? sampling_stop_name(one->sampling.stop) : "");
    number(f, one ? one->clock_hz_median : (double)NAN);
    number(f, one ? one->throttled_fraction : (double)NAN);
    number(f, one ? one->energy_j : (double)NAN);
}

static void write_line(FILE *f, const struct run_record *rec, const char *mark,
                       const struct result *r, int run)
{
    const struct limit *l = row_limit(r);
    char settings[400];

    result_settings(r, settings, sizeof(settings));
    markup_csv(f, rec->id);
    text(f, rec->start);
    text(f, mark);
    text(f, facts_get_text(&rec->machine, "cpu.model", ""));
    text(f, facts_get_text(&rec->build, "git.commit", ""));
    text(f, r->name);
    text(f, settings);
    text(f, r->device);
    text(f, r->metric);
    text(f, r->unit);
    text(f, direction_name(r->direction));
    text(f, result_status_name(r->status));
    text(f, r->reason);
    text(f, result_origin_name(r->origin));
    number(f, r->value);
    number(f, r->value_lo);
    number(f, r->value_hi);
    text(f, r->unstable);
    text(f, l ? limit_kind_name(l->kind) : "");
    number(f, l ? l->value : (double)NAN);
    number(f, r->percent);
    number(f, r->work.flops);
    number(f, r->work.items);
    for (int m = 0; m < WORK_MEMORIES; m++)
        number(f, r->work.bytes[m]);
    text(f, r->variant);
    text(f, r->timing_mode);
    count(f, (size_t)r->n_runs);
    write_process(f, r, run);
    fputs("\r\n", f);
}

void report_csv(FILE *f, const struct report *rep)
{
    fputs("run,start,machine,cpu,commit,name,settings,device,metric,unit,direction,status,reason,"
          "origin,value,value_lo,value_hi,unstable,limit_kind,limit,percent,flops,items",
          f);
    for (int m = 0; m < WORK_MEMORIES; m++)
        fprintf(f, ",%s_bytes", work_memory_name((enum work_memory)m));
    fputs(",variant,timing_mode,processes,process,process_value,samples,median_ns,mean_ns,std_ns,"
          "mad_ns,min_ns,max_ns,p90_ns,p95_ns,p99_ns,stop_reason,clock_hz,throttled,energy_j\r\n",
          f);
    for (int i = 0; i < rep->n; i++) {
        const struct run_record *rec = rep->runs[i].record;
        char mark[24];

        machine_fingerprint(&rec->machine, mark);
        for (int k = 0; k < rec->n_results; k++) {
            const struct result *r = &rec->results[k];

            for (int run = 0; run < r->n_runs; run++)
                write_line(f, rec, mark, r, run);
            if (r->n_runs == 0)
                write_line(f, rec, mark, r, -1);
        }
    }
}
