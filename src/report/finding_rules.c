/* finding_rules.c - the rules: when something is said, why it usually is so, what to check next. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/stats.h"
#include "report/findings.h"
#include "report/rows.h"

/* The thresholds, as they stand in the rules' words. */
enum {
    OTHERS_PERCENT = 20, /* of one CPU */
    STEAL_PERCENT = 5,   /* of one CPU */
    CLOCK_FALL_PERCENT = 10,
    THROTTLED_PERCENT = 5, /* of the window */
    WIDE_PERCENT = 5,      /* half the interval, of the value */
    LOW_PERCENT = 50,      /* of the limit: the first of three phases 50, 80, 90 % */
    RANDOM_READ_IOPS = 10000,
    TAIL_FACTOR = 10,
    FLOOR_FACTOR = 10,
    LINK_PERCENT = 10, /* below its siblings */
    SIBLINGS_MAX = 256,
    OUTLIERS_PERCENT = 5,
    HOT_C = 85
};

static bool is_ok(const struct result *r)
{
    return r->status == RESULT_OK;
}

static bool is(const struct result *r, const char *benchmark)
{
    return strcmp(r->name, benchmark) == 0;
}

static bool set_to(const struct result *r, const char *axis, const char *value)
{
    const char *is_set = row_setting(r, axis);

    return is_set && strcmp(is_set, value) == 0;
}

/* "16.7 TFLOPS" */
struct figure {
    char text[64];
};

static struct figure figure_of(double v, const char *unit)
{
    struct figures_unit u = figures_unit_for(unit, v);
    struct figure out;
    char number[FIGURES_TEXT];

    figures_number(number, v * u.factor, figures_decimals(v * u.factor), false);
    snprintf(out.text, sizeof(out.text), "%s %s", number, u.name);
    return out;
}

/* ---- numbers that are missing or wrong ---- */

static bool failed(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s", r->reason);
    return r->status == RESULT_FAILED;
}

static bool invalid(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s", r->reason);
    return r->status == RESULT_INVALID;
}

static bool not_whole(const struct run_record *rec, char *out, size_t cap)
{
    snprintf(out, cap, "status %s after %d rows", run_status_name(rec->status), rec->n_results);
    return rec->status != RUN_COMPLETE;
}

/* The fp32 row with the same settings otherwise. */
static const struct result *as_fp32(const struct run_record *rec, const struct result *r)
{
    struct result like = *r;

    for (int i = 0; i < like.params.n; i++)
        if (row_setting(r, "dtype") == r->params.p[i].text)
            snprintf(like.params.p[i].text, AXIS_TEXT, "fp32");
    return row_find(rec, &like);
}

static bool no_tensor_units(const struct run_record *rec, const struct result *r, char *out,
                            size_t cap)
{
    const struct result *fp32;

    if (!is_ok(r) || !is(r, "silicon.compute") || strncmp(r->device, "gpu", 3) != 0 ||
        !(set_to(r, "dtype", "fp16") || set_to(r, "dtype", "bf16")))
        return false;
    fp32 = as_fp32(rec, r);
    if (!fp32 || !is_ok(fp32) || strcmp(fp32->unit, r->unit) != 0 || r->value > fp32->value)
        return false;
    snprintf(out, cap, "%.4g %s in %s, %.4g in fp32", r->value, r->unit, row_setting(r, "dtype"),
             fp32->value);
    return true;
}

/* ---- slower than it should be ---- */

static bool below(const struct result *r, char *out, size_t cap)
{
    if (!is_ok(r) || !(r->value_hi < r->expected.lo) || r->direction != HIGHER_IS_BETTER) {
        if (!is_ok(r) || !(r->value_lo > r->expected.hi) || r->direction != LOWER_IS_BETTER)
            return false;
    }
    snprintf(out, cap, "%s (interval %s to %s); usual %s to %s: %.160s",
             figure_of(r->value, r->unit).text, figure_of(r->value_lo, r->unit).text,
             figure_of(r->value_hi, r->unit).text, figure_of(r->expected.lo, r->unit).text,
             figure_of(r->expected.hi, r->unit).text, r->expected.source);
    return true;
}

static bool below_memory(const struct run_record *rec, const struct result *r, char *out,
                         size_t cap)
{
    (void)rec;
    return is(r, "silicon.memory") && strcmp(r->device, "cpu") == 0 && below(r, out, cap);
}

static bool below_gpu(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    return strncmp(r->device, "gpu", 3) == 0 && below(r, out, cap);
}

static bool below_compute(const struct run_record *rec, const struct result *r, char *out,
                          size_t cap)
{
    (void)rec;
    return is(r, "silicon.compute") && strcmp(r->device, "cpu") == 0 && below(r, out, cap);
}

static bool below_storage(const struct run_record *rec, const struct result *r, char *out,
                          size_t cap)
{
    (void)rec;
    return is(r, "silicon.storage") && below(r, out, cap);
}

static bool random_reads_slow(const struct run_record *rec, const struct result *r, char *out,
                              size_t cap)
{
    const char *depth = row_setting(r, "depth");

    (void)rec;
    if (!is_ok(r) || !is(r, "silicon.storage") || !set_to(r, "op", "randread") ||
        strcmp(r->unit, "IOPS") != 0 || !depth || strtol(depth, NULL, 10) < 32 ||
        r->value_hi >= RANDOM_READ_IOPS)
        return false;
    snprintf(out, cap, "%.4g IOPS at depth %s", r->value, depth);
    return true;
}

static bool far_from_limit(const struct run_record *rec, const struct result *r, char *out,
                           size_t cap)
{
    const struct limit *l = row_limit(r);

    (void)rec;
    if (!is_ok(r) || !l || r->percent >= LOW_PERCENT || set_to(r, "threads", "one"))
        return false;
    snprintf(out, cap, "%.1f %% of the %s limit of %s: %.200s", r->percent,
             limit_kind_name(l->kind), figure_of(l->value, r->unit).text, l->source);
    return true;
}

static bool one_thread(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    if (!is_ok(r) || !row_limit(r) || r->percent >= LOW_PERCENT || !set_to(r, "threads", "one"))
        return false;
    snprintf(out, cap, "%.1f %% of the limit of the whole machine", r->percent);
    return true;
}

/* Links of one kind should agree: the median of the other pairs with the same settings. */
static bool slow_link(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    double siblings[SIBLINGS_MAX], middle;
    size_t n = 0;

    if (!is_ok(r) || !set_to(r, "level", "peer") || r->direction != HIGHER_IS_BETTER)
        return false;
    for (int i = 0; i < rec->n_results && n < SIBLINGS_MAX; i++) {
        const struct result *o = &rec->results[i];

        if (is_ok(o) && o != r && strcmp(o->name, r->name) == 0 && set_to(o, "level", "peer") &&
            set_to(o, "op", row_setting(r, "op") ? row_setting(r, "op") : "") &&
            set_to(o, "size", row_setting(r, "size") ? row_setting(r, "size") : ""))
            siblings[n++] = o->value;
    }
    middle = n >= 3 ? stats_median(siblings, n) : (double)NAN;
    if (!(r->value_hi < middle * (100 - LINK_PERCENT) / 100))
        return false;
    snprintf(out, cap, "%s to gpu:%s %s, the others %s", r->device, row_setting(r, "peer"),
             figure_of(r->value, r->unit).text, figure_of(middle, r->unit).text);
    return true;
}

/* ---- the machine while it was measured ---- */

static double series_extreme(const struct series *s, bool largest)
{
    double found = NAN;

    for (size_t i = 0; i < s->n; i++)
        if (isfinite(s->value[i]))
            found = largest ? fmax(found, s->value[i]) : fmin(found, s->value[i]);
    return found;
}

static double series_median(const struct result_run *run, const char *name)
{
    for (int i = 0; i < run->n_telemetry; i++)
        if (strcmp(run->telemetry[i].name, name) == 0)
            return stats_median(run->telemetry[i].value, run->telemetry[i].n);
    return NAN;
}

static bool is_busy(const struct run_record *rec, char *out, size_t cap)
{
    double others = facts_get_number(&rec->machine, "busy.others_cpu_pct", NAN);
    double steal = facts_get_number(&rec->machine, "busy.steal_pct", NAN);

    snprintf(out, cap, "before the run others used %.0f %% of one CPU (most: %s), steal %.0f %%",
             others, facts_get_text(&rec->machine, "busy.processes.0.name", "not known"),
             isfinite(steal) ? steal : 0);
    return others > OTHERS_PERCENT || steal > STEAL_PERCENT;
}

static bool others_ran(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs; i++) {
        double others = series_median(&r->runs[i], "system.others_cpu");
        double steal = series_median(&r->runs[i], "system.steal");

        if (!(others > OTHERS_PERCENT) && !(steal > STEAL_PERCENT))
            continue;
        snprintf(out, cap, "other processes %.0f %% of one CPU, the hypervisor took %.0f %%",
                 isfinite(others) ? others : 0, isfinite(steal) ? steal : 0);
        return true;
    }
    return false;
}

static bool unstable(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    double lowest = NAN, highest = NAN;
    size_t n = (size_t)snprintf(out, cap, "%s", r->unstable);

    (void)rec;
    for (int i = 0; i < r->n_runs; i++) {
        lowest = fmin(lowest, r->runs[i].clock_hz_min);
        highest = fmax(highest, r->runs[i].clock_hz_max);
    }
    if (isfinite(lowest) && n < cap)
        snprintf(out + n, cap - n, "; clock %.2f to %.2f GHz", lowest * 1e-9, highest * 1e-9);
    return is_ok(r) && r->unstable[0];
}

static bool clock_fell(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs && is_ok(r); i++) {
        const struct result_run *run = &r->runs[i];
        double fall = 100 * (1 - run->clock_hz_min / run->clock_hz_median);

        if (!(fall > CLOCK_FALL_PERCENT))
            continue;
        snprintf(out, cap, "median %.2f GHz, lowest %.2f GHz (%.0f %% below)",
                 run->clock_hz_median * 1e-9, run->clock_hz_min * 1e-9, fall);
        return true;
    }
    return false;
}

static bool throttled(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs && is_ok(r); i++) {
        const struct result_run *run = &r->runs[i];

        if (!(run->throttled_fraction * 100 > THROTTLED_PERCENT))
            continue;
        snprintf(out, cap, "%.0f %% of the window: %s", run->throttled_fraction * 100,
                 run->throttle_causes);
        return true;
    }
    return false;
}

static bool hot(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs; i++)
        for (int k = 0; k < r->runs[i].n_telemetry; k++) {
            const struct series *s = &r->runs[i].telemetry[k];
            double most = series_extreme(s, true);

            if (strcmp(s->unit, "C") != 0 || !(most > HOT_C))
                continue;
            snprintf(out, cap, "%s reached %.0f C", s->name, most);
            return true;
        }
    return false;
}

/* ---- how good the number is ---- */

static bool wide(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    double half = 100 * row_half_width(r);

    (void)rec;
    if (!is_ok(r) || !(half > WIDE_PERCENT))
        return false;
    snprintf(out, cap, "%s to %s: \xC2\xB1%.1f %% of the value",
             figure_of(r->value_lo, r->unit).text, figure_of(r->value_hi, r->unit).text, half);
    return true;
}

static bool below_floor(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs && is_ok(r); i++) {
        const struct sampling_result *s = &r->runs[i].sampling;
        double one = s->summary.median * (double)s->reps;

        if (!(r->floor_ns > 0) || !(one < FLOOR_FACTOR * r->floor_ns))
            continue;
        snprintf(out, cap, "a sample takes %.4g ns, reading the clock %.4g ns", one, r->floor_ns);
        return true;
    }
    return false;
}

static bool many_outliers(const struct run_record *rec, const struct result *r, char *out,
                          size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs && is_ok(r); i++) {
        const struct stats_summary *s = &r->runs[i].sampling.summary;

        if (s->n < 20 || (double)s->outliers_severe * 100 <= (double)s->n * OUTLIERS_PERCENT)
            continue;
        snprintf(out, cap, "%zu of %zu samples; the longest took %.1f times the median",
                 s->outliers_severe, s->n, s->max / s->median);
        return true;
    }
    return false;
}

static bool long_tail(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    const struct ops_latency *o = &r->ops;

    (void)rec;
    if (o->n == 0 || !(o->p99_ns > TAIL_FACTOR * o->p50_ns))
        return false;
    snprintf(out, cap, "p50 %.4g \xC2\xB5s, p99 %.4g \xC2\xB5s over %.0f operations",
             o->p50_ns / 1000, o->p99_ns / 1000, (double)o->n);
    return true;
}

static bool page_cache(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s through the page cache", figure_of(r->value, r->unit).text);
    return is_ok(r) && is(r, "silicon.storage") && set_to(r, "cache", "page");
}

static bool without_limit(const struct run_record *rec, const struct result *r, char *out,
                          size_t cap)
{
    (void)rec;
    if (!is_ok(r) || row_limit(r))
        return false;
    snprintf(out, cap, "%s", r->limits.n ? r->limits.l[0].reason : "the benchmark names none");
    return true;
}

static bool skipped(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s", r->reason);
    return r->status == RESULT_SKIPPED;
}

static bool foreign(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s", result_origin_name(r->origin));
    return is_ok(r) && r->origin != ORIGIN_MEASURED;
}

static bool dirty_build(const struct run_record *rec, char *out, size_t cap)
{
    const struct fact *dirty = facts_get(&rec->build, "git.dirty");

    snprintf(out, cap, "commit %.12s with uncommitted changes",
             facts_get_text(&rec->build, "git.commit", "unknown"));
    return dirty && dirty->kind == FACT_BOOL && dirty->i;
}

static bool saving_power(const struct run_record *rec, char *out, size_t cap)
{
    const char *governor = facts_get_text(&rec->machine, "clock.governor", "");

    snprintf(out, cap, "governor %s", governor);
    return strcmp(governor, "powersave") == 0 || strcmp(governor, "conservative") == 0 ||
           strcmp(governor, "ondemand") == 0;
}

static const struct finding_rule rules[] = {
    { .name = "failed",
      .grade = FINDING_FAULT,
      .of_row = failed,
      .title = "Rows without a number: they failed",
      .rule = "status is failed: set-up, the check against the reference, or the process of the "
              "row did not end well",
      .causes = "A wrong result (the check differs), no room on the disk or in memory, a device "
                "that was lost, a missing right.",
      .check = "Read the reason; run the row alone: headroom run NAME --set ...; headroom doctor "
               "says what this machine can do." },
    { .name = "above-limit",
      .grade = FINDING_FAULT,
      .of_row = invalid,
      .title = "Better than possible: a measurement fault",
      .rule = "the whole interval of the value lies above the whole interval of its limit",
      .causes = "Data that stayed in a cache, work that was counted and not done, or a clock "
                "above the one that the limit assumes.",
      .check = "Look at the limit's formula and its clock; run the row again with the ceiling "
               "beside it (headroom run silicon.*)." },
    { .name = "tensor-units-unused",
      .grade = FINDING_FAULT,
      .of_row = no_tensor_units,
      .title = "Half precision is no faster than single",
      .rule = "on a GPU fp16 or bf16 reaches no more than fp32 with the same settings",
      .causes = "The matrix units are not in use: a library without kernels for this GPU, a "
                "shape or alignment that they do not take, a forced math mode.",
      .check = "Compare with path=own and path=cublaslt of silicon.compute; check the library's "
               "version against the GPU's generation." },
    { .name = "run-not-whole",
      .grade = FINDING_WARNING,
      .of_run = not_whole,
      .title = "The run did not end by itself",
      .rule = "the run's status is not complete",
      .causes = "It was interrupted, killed, or is still going on. Rows that were measured "
                "stand.",
      .check = "Repeat it; what was measured until then is in the file." },
    { .name = "busy-machine",
      .grade = FINDING_WARNING,
      .of_run = is_busy,
      .title = "Others were at work on this machine",
      .rule = "before the run others used more than 20 % of one CPU, or the hypervisor took more "
              "than 5 %",
      .causes = "A build, a download, another run, a desktop. Memory and shared caches suffer "
                "first.",
      .check = "Stop them and run again; compare system.others_cpu in the time series below." },
    { .name = "disturbed",
      .grade = FINDING_WARNING,
      .of_row = others_ran,
      .title = "Rows that others disturbed",
      .rule = "while the row was measured others used more than 20 % of one CPU, or the "
              "hypervisor took more than 5 %",
      .causes = "A background job on this machine, or neighbours on a shared host.",
      .check = "See system.others_cpu and system.steal in the time series; on a shared host "
               "repeat at another hour or with --repeat 6." },
    { .name = "unstable",
      .grade = FINDING_WARNING,
      .of_row = unstable,
      .title = "Rows that another run may find elsewhere",
      .rule = "the values of the row's processes differ by a standard deviation of more than 5 %, "
              "or one process alone saw a trend, a level shift or wandering samples",
      .causes = "Clocks that go down with heat or power limits, neighbours on a shared host, "
                "wide vector units or matrix tiles that are switched on late.",
      .check = "Look at the samples over time and the clock under the row; give it more time "
               "(--seconds 10), or fresh processes (--repeat 6)." },
    { .name = "clock-fell",
      .grade = FINDING_WARNING,
      .of_row = clock_fell,
      .title = "The core's clock fell",
      .rule = "the lowest clock seen under the row (timed dependent additions) is more than 10 % "
              "below the median",
      .causes = "Heat, a power limit, wide vector instructions, or a core that was taken away "
                "for a moment.",
      .check = "Check governor and boost in the environment, cooling and power limits; on a "
               "virtual machine the host decides." },
    { .name = "throttled",
      .grade = FINDING_WARNING,
      .of_row = throttled,
      .title = "The device's clock was held down",
      .rule = "a reason to throttle was given for more than 5 % of the row's window",
      .causes = "The power cap is reached (normal for dense matrix products), heat, or the board's "
                "power supply.",
      .check = "Look at power, temperature and clock under the row; nvidia-smi -q -d "
               "PERFORMANCE,POWER; read the row as what the device sustains." },
    { .name = "hot",
      .grade = FINDING_WARNING,
      .of_row = hot,
      .title = "Hot",
      .rule = "a sensor read more than 85 C under the row",
      .causes = "Cooling: dust, a fan that stands still, hot air coming in, a rack that is too "
                "dense.",
      .check = "Look at the temperature over time: does the clock go down where it goes up?" },
    { .name = "below-usual-memory",
      .grade = FINDING_WARNING,
      .of_row = below_memory,
      .title = "Memory slower than on machines of its kind",
      .rule = "the whole interval lies below what is usual for this CPU's generation",
      .causes = "Not all memory channels are filled, memory runs below its rating, all threads "
                "on one NUMA node, other guests on the host.",
      .check = "dmidecode -t memory (slots and speed), numactl --hardware; compare threads=one "
               "with threads=all." },
    { .name = "below-usual-compute",
      .grade = FINDING_WARNING,
      .of_row = below_compute,
      .title = "Arithmetic slower than on machines of its kind",
      .rule = "the whole interval lies below what is usual for this CPU's generation",
      .causes = "A low clock (governor, power limit, heat), a container with part of the CPUs, "
                "two threads that share a core.",
      .check = "Compare the clock in the limit's source with the CPU's turbo; headroom info "
               "shows quota and affinity." },
    { .name = "below-usual-gpu",
      .grade = FINDING_WARNING,
      .of_row = below_gpu,
      .title = "The GPU is slower than others of its kind",
      .rule = "the whole interval lies below what is usual for this model",
      .causes = "A power cap, heat, a lower clock set by somebody, another process on the GPU, "
                "MIG, a link with fewer lanes.",
      .check = "nvidia-smi -q -d CLOCK,POWER,PERFORMANCE; look at clock and power under the row; "
               "headroom doctor." },
    { .name = "below-usual-storage",
      .grade = FINDING_WARNING,
      .of_row = below_storage,
      .title = "Storage slower than usual",
      .rule = "the whole interval lies below what is usual for storage of this kind",
      .causes = "A network or virtual disk with a quota, a full or worn SSD, a busy disk, a file "
                "system that copies on write.",
      .check = "headroom info (storage: device, file system, scheduler); try --dir on another "
               "disk." },
    { .name = "slow-link",
      .grade = FINDING_WARNING,
      .of_row = slow_link,
      .title = "A link between GPUs that is slower than the others",
      .rule = "the whole interval lies more than 10 % below the median of the other pairs of GPUs",
      .causes =
          "A link that runs with fewer lanes or is down, two GPUs without a direct way, traffic "
          "of others.",
      .check = "nvidia-smi topo -m and nvidia-smi nvlink --status; the matrix of transfers." },
    { .name = "random-reads-slow",
      .grade = FINDING_WARNING,
      .of_row = random_reads_slow,
      .title = "Random reads as slow as on a spinning disk",
      .rule = "fewer than 10,000 random reads a second at a depth of 32 or more",
      .causes = "A spinning disk, a quota of a cloud volume, or a file system that serialises "
                "reads.",
      .check = "cat /sys/block/DEVICE/queue/rotational; the volume's IOPS limit at the cloud "
               "provider; another --dir." },
    { .name = "governor",
      .grade = FINDING_WARNING,
      .of_run = saving_power,
      .title = "The CPU saves power",
      .rule = "the frequency governor is powersave, conservative or ondemand",
      .causes = "The distribution's default. On CPUs that choose their clock in hardware, "
                "powersave may be harmless.",
      .check = "cpupower frequency-set -g performance, then compare the two runs." },
    { .name = "wide-interval",
      .grade = FINDING_WARNING,
      .of_row = wide,
      .title = "Values that are not precise",
      .rule = "half the 95 % interval is more than 5 % of the value: a change below that cannot "
              "be seen",
      .causes = "Too few samples for the spread, or three set-ups that differ among themselves.",
      .check = "More time (--seconds 10) where samples are few; more processes (--repeat 6) "
               "where set-ups differ." },
    { .name = "below-resolution",
      .grade = FINDING_WARNING,
      .of_row = below_floor,
      .title = "Too short to be timed well",
      .rule = "one sample takes less than 10 times what reading the clock takes",
      .causes = "The work is smaller than the clock's resolution.",
      .check = "Enlarge the work (--set), or read it as an upper bound of the time." },
    { .name = "half-of-limit",
      .grade = FINDING_HINT,
      .of_row = far_from_limit,
      .title = "Less than half of the limit is reached",
      .rule = "the value is below 50 % of its binding limit (the phases of good performance: 50, "
              "80, 90 %)",
      .causes = "Silicon: a library without kernels for this CPU, a share of the machine, a "
                "paper limit that this model never reaches. Kernels and models: launches, "
                "latency or occupancy rather than bytes and operations.",
      .check = "Compare the variants of the same operation; look at the roofline: a point far "
               "below both roofs is bound by latency." },
    { .name = "one-thread",
      .grade = FINDING_HINT,
      .of_row = one_thread,
      .title = "One thread against the whole machine's limit",
      .rule = "threads=one reaches less than 50 % of a limit that counts all channels or cores",
      .causes = "Nothing is wrong: one core keeps too few cache lines in flight to fill all "
                "channels.",
      .check = "Read the rows with threads=all for what the machine can do." },
    { .name = "outliers",
      .grade = FINDING_HINT,
      .of_row = many_outliers,
      .title = "Many samples far outside",
      .rule = "more than 5 % of the samples lie outside of 3 interquartile ranges; they are kept",
      .causes = "Interrupts, other processes, garbage collection of an SSD, clock changes.",
      .check = "Look at the samples over time: bursts come from others, a second level from "
               "clocks or placement." },
    { .name = "long-tail",
      .grade = FINDING_HINT,
      .of_row = long_tail,
      .title = "A long tail of slow operations",
      .rule = "p99 is more than 10 times the median of single operations",
      .causes = "Queueing in the device, its garbage collection, a quota that throttles in "
                "steps.",
      .check = "Lower the depth, look at the percentiles below; on a cloud volume look at its "
               "burst credit." },
    { .name = "page-cache",
      .grade = FINDING_HINT,
      .of_row = page_cache,
      .title = "Not the disk: the page cache answered",
      .rule = "cache=page",
      .causes = "It is what the row is for: the ceiling of reading files that are in memory.",
      .check = "For the disk read the rows with cache=direct." },
    { .name = "not-measured-here",
      .grade = FINDING_HINT,
      .of_row = foreign,
      .title = "Values that this run did not measure",
      .rule = "the origin is estimated, synthetic or imported",
      .causes = "They came from a file, from a model with made-up weights, or from a formula.",
      .check = "Do not compare them with measured ones without saying so." },
    { .name = "no-limit",
      .grade = FINDING_HINT,
      .of_row = without_limit,
      .title = "No limit is known",
      .rule = "the row has no binding limit, so it has no headroom either",
      .causes = "Nobody publishes one (latency of a load, a virtual disk), or the ceiling could "
                "not be measured.",
      .check = "Read the value against machines of its kind, or against an earlier run." },
    { .name = "skipped",
      .grade = FINDING_HINT,
      .of_row = skipped,
      .title = "Rows that this machine cannot measure",
      .rule = "status is skipped",
      .causes = "The CPU or GPU lacks it, or a library is not installed.",
      .check = "headroom doctor lists what is missing and how to get it." },
    { .name = "dirty-build",
      .grade = FINDING_HINT,
      .of_run = dirty_build,
      .title = "The program was built from changed sources",
      .rule = "the build notes uncommitted changes",
      .causes = "A developer's build.",
      .check = "For figures to keep, build from a commit." },
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

const struct finding_rule *finding_rule(int i)
{
    return i >= 0 && i < RULES ? &rules[i] : NULL;
}
