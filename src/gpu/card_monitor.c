/* card_monitor.c - what a GPU tells about itself while it is measured, by NVML.
 *
 * What never answers (Not Supported, no such function) is asked once; a lost card is not asked
 * again.  Every channel without a value has its reason. */
#include "gpu/card_monitor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/bench.h"
#include "core/mem.h"
#include "gpu/card.h"

enum { OTHERS_MAX = 16, PROCESSES_MAX = 64, EVENTS_MAX = 16 };

/* No card draws this much: a step that would need it is a counter that broke. */
static const double CARD_MAX_W = 10e3;

enum {
    POWER,
    POWER_AVERAGE,
    ENERGY,
    TEMPERATURE,
    MEMORY_TEMPERATURE,
    SM_CLOCK,
    MEMORY_CLOCK,
    UTILISATION,
    MEMORY_UTILISATION,
    MEMORY_USED,
    PCIE_GENERATION,
    PCIE_WIDTH,
    PCIE_SENT,
    PCIE_RECEIVED,
    THROTTLE_POWER,
    THROTTLE_THERMAL,
    THROTTLE_HW_THERMAL,
    THROTTLE_BRAKE,
    THROTTLE_OTHER,
    ECC_CORRECTED,
    ECC_UNCORRECTED,
    XID_ERRORS,
    OTHER_PROCESSES,
    OTHERS_UTILISATION,
    N_CHANNELS
};

#define SERIES(channel, name, unit, scale) \
    [channel] = { "gpu." name, unit, CHANNEL_LEVEL, ROLE_SERIES, scale, NULL }
#define THROTTLE(channel, name, cause) \
    [channel] = { "gpu.throttle_" name, "%", CHANNEL_COUNTER, ROLE_THROTTLE, 100, cause }
static const struct channel channels[N_CHANNELS] = {
    SERIES(POWER, "power", "W", 1e-3),
    SERIES(POWER_AVERAGE, "power_average", "W", 1e-3),
    [ENERGY] = { "gpu.power_from_energy", "W", CHANNEL_COUNTER, ROLE_ENERGY, 1, NULL },
    SERIES(TEMPERATURE, "temperature", "C", 1),
    SERIES(MEMORY_TEMPERATURE, "memory_temperature", "C", 1),
    [SM_CLOCK] = { "gpu.sm_clock", "MHz", CHANNEL_LEVEL, ROLE_CLOCK, 1, NULL },
    SERIES(MEMORY_CLOCK, "memory_clock", "MHz", 1),
    SERIES(UTILISATION, "utilisation", "%", 1),
    SERIES(MEMORY_UTILISATION, "memory_utilisation", "%", 1),
    SERIES(MEMORY_USED, "memory_used", "GB", 1e-9),
    SERIES(PCIE_GENERATION, "pcie_generation", "", 1),
    SERIES(PCIE_WIDTH, "pcie_width", "lanes", 1),
    SERIES(PCIE_SENT, "pcie_sent", "GB/s", 1e-9),
    SERIES(PCIE_RECEIVED, "pcie_received", "GB/s", 1e-9),
    THROTTLE(THROTTLE_POWER, "power_cap", "power cap"),
    THROTTLE(THROTTLE_THERMAL, "thermal", "thermal slowdown"),
    THROTTLE(THROTTLE_HW_THERMAL, "hw_thermal", "hardware thermal slowdown"),
    THROTTLE(THROTTLE_BRAKE, "power_brake", "power brake"),
    THROTTLE(THROTTLE_OTHER, "other", "board, reliability or sync boost limit"),
    SERIES(ECC_CORRECTED, "ecc_corrected", "errors", 1),
    [ECC_UNCORRECTED] = { "gpu.ecc_uncorrected", "errors", CHANNEL_LEVEL, ROLE_FAULTS, 1,
                          "uncorrected ECC errors" },
    [XID_ERRORS] = { "gpu.xid_errors", "errors", CHANNEL_LEVEL, ROLE_FAULTS, 1, "XID errors" },
    [OTHER_PROCESSES] = { "gpu.other_processes", "", CHANNEL_LEVEL, ROLE_TENANTS, 1,
                          "other processes on the card" },
    SERIES(OTHERS_UTILISATION, "others_utilisation", "%", 1),
};
#undef SERIES
#undef THROTTLE

_Static_assert((int)N_CHANNELS <= (int)MONITOR_CHANNELS_MAX, "room in a reading");

/* What the driver times itself, in ns; where it does not, the bits seen at each reading count for
 * the time since the last. */
static const struct duration {
    int channel;
    unsigned field;
    unsigned bits;
    unsigned when; /* MONITOR_SLOW: a millisecond each, on an H200 */
} durations[] = {
    { THROTTLE_POWER, NVML_FIELD_POLICY_POWER, NVML_EVENT_SW_POWER_CAP, 0 },
    { THROTTLE_THERMAL, NVML_FIELD_EVENT_SW_THERMAL, NVML_EVENT_SW_THERMAL, 0 },
    { THROTTLE_OTHER, NVML_FIELD_POLICY_SYNC_BOOST, NVML_EVENT_SYNC_BOOST, 0 },
    { THROTTLE_OTHER, NVML_FIELD_POLICY_BOARD_LIMIT, 0, 0 },
    { THROTTLE_OTHER, NVML_FIELD_POLICY_RELIABILITY, 0, 0 },
    { THROTTLE_HW_THERMAL, NVML_FIELD_EVENT_HW_THERMAL, NVML_EVENT_HW_THERMAL, MONITOR_SLOW },
    { THROTTLE_BRAKE, NVML_FIELD_EVENT_HW_POWER_BRAKE, NVML_EVENT_HW_POWER_BRAKE, MONITOR_SLOW },
};
enum { DURATIONS = sizeof(durations) / sizeof(durations[0]) };

/* Fields that are levels, read with the durations in one call. */
static const struct level {
    int channel;
    unsigned field;
} levels[] = {
    { POWER, NVML_FIELD_POWER_INSTANT },
    { POWER_AVERAGE, NVML_FIELD_POWER_AVERAGE },
    { MEMORY_TEMPERATURE, NVML_FIELD_MEMORY_TEMPERATURE },
};
enum { LEVELS = sizeof(levels) / sizeof(levels[0]) };

struct monitor {
    struct card card;
    bool off[N_CHANNELS]; /* it never answers */
    char why[N_CHANNELS][MONITOR_WHY];
    uint64_t last_ns, slow_ns; /* of the reading before, of the slow one; 0: none */
    bool no_bytes;             /* PCIe's byte counters never answer */
    bool has_energy;
    unsigned long long energy_mj;
    double energy_j; /* since opening */
    unsigned breaks;
    bool untimed[DURATIONS]; /* the driver does not time it */
    unsigned long long duration_ns[DURATIONS];
    double throttled_s[N_CHANNELS]; /* of the THROTTLE channels */
    nvml_event_set events;          /* NULL: XIDs are not told */
    unsigned xids;
    char last_xid[24];
    nvml_device others[OTHERS_MAX];
    int n_others;
};

/* A value or the reason; gives whether it is a value. */
static bool put(struct monitor *m, int channel, unsigned status, double value, double *v)
{
    if (status == NVML_OK) {
        v[channel] = value;
        m->why[channel][0] = '\0';
        return true;
    }
    m->off[channel] = !card_may_answer(status);
    card_why(&m->card, status, m->why[channel], MONITOR_WHY);
    return false;
}

/* As put(), of what a call has stored; a pointer, because it stores before this is entered, but
 * after the other arguments may have been evaluated. */
static bool put_number(struct monitor *m, int channel, unsigned status, const unsigned *x,
                       double *v)
{
    return put(m, channel, status, *x, v);
}

static void set_why(struct monitor *m, int channel, const char *text)
{
    snprintf(m->why[channel], MONITOR_WHY, "%s", text);
}

/* Uncorrected errors of every place, since the driver was loaded. */
static void read_ecc(struct monitor *m, double *v)
{
    static const int of[] = {
        [NVML_ECC_CORRECTED] = ECC_CORRECTED, [NVML_ECC_UNCORRECTED] = ECC_UNCORRECTED
    };

    for (unsigned type = 0; type < 2; type++) {
        unsigned long long n = 0;
        unsigned status;

        if (m->off[of[type]])
            continue;
        status = CARD_CALL(&m->card, ecc_errors, type, NVML_SINCE_DRIVER, &n);
        put(m, of[type], status, (double)n, v);
    }
}

static void open_events(struct monitor *m)
{
    struct card *c = &m->card;
    const struct nvml *n = &c->nvml;

    m->off[XID_ERRORS] = true;
    if (!n->events_create || !n->events_register || !n->events_wait || !n->events_free ||
        n->events_create(&m->events) != NVML_OK)
        return;
    if (CARD_CALL(c, events_register, NVML_WATCH_XID, m->events) == NVML_OK) {
        m->off[XID_ERRORS] = false;
        return;
    }
    n->events_free(m->events);
    m->events = NULL;
}

static void read_events(struct monitor *m, double *v)
{
    nvml_event event;

    if (!m->events || m->card.lost)
        return;
    for (int i = 0; i < EVENTS_MAX && m->card.nvml.events_wait(m->events, &event, 0) == NVML_OK;
         i++) {
        if (event.device != m->card.device)
            continue;
        m->xids++;
        snprintf(m->last_xid, sizeof(m->last_xid), "XID %llu", event.data);
    }
    v[XID_ERRORS] = m->xids;
}

/* Where processes are numbered in another namespace, ours cannot be told from others. */
static void read_processes(struct monitor *m, double *v)
{
    nvml_process p[PROCESSES_MAX] = { 0 };
    unsigned n = PROCESSES_MAX, ours = 0, status;

    if (m->off[OTHER_PROCESSES])
        return;
    status = CARD_CALL(&m->card, processes, &n, p);
    if (!put(m, OTHER_PROCESSES, status, n, v))
        return;
    for (unsigned i = 0; i < n && i < PROCESSES_MAX; i++)
        ours += p[i].pid == (unsigned)getpid();
    v[OTHER_PROCESSES] = n - ours;
    if (ours == 0 && n > 0) {
        v[OTHER_PROCESSES] = (double)NAN;
        set_why(m, OTHER_PROCESSES, "processes have other numbers there than here");
    }
}

static void open_others(struct monitor *m, const char *uuid)
{
    const struct nvml *n = &m->card.nvml;
    unsigned count = 0;

    if (!n->count || !n->by_index || !n->uuid || n->count(&count) != NVML_OK)
        return;
    for (unsigned i = 0; i < count && m->n_others < OTHERS_MAX; i++) {
        nvml_device d;
        char its[96];

        if (n->by_index(i, &d) == NVML_OK && n->uuid(d, its, sizeof(its)) == NVML_OK &&
            strcmp(its, uuid) != 0)
            m->others[m->n_others++] = d;
    }
}

static void read_others(struct monitor *m, double *v)
{
    double most = (double)NAN;

    if (m->n_others == 0)
        set_why(m, OTHERS_UTILISATION, "no other GPU");
    for (int i = 0; i < m->n_others; i++) {
        nvml_utilisation u;

        if (m->card.nvml.utilisation && m->card.nvml.utilisation(m->others[i], &u) == NVML_OK)
            most = fmax(isnan(most) ? 0 : most, u.gpu);
    }
    v[OTHERS_UTILISATION] = most;
    if (m->n_others > 0 && isnan(most))
        set_why(m, OTHERS_UTILISATION, "the other GPUs do not tell");
}

static void read_link(struct monitor *m, double *v)
{
    unsigned x = 0;

    if (!m->off[PCIE_GENERATION])
        put_number(m, PCIE_GENERATION, CARD_CALL(&m->card, pcie_generation, &x), &x, v);
    if (!m->off[PCIE_WIDTH])
        put_number(m, PCIE_WIDTH, CARD_CALL(&m->card, pcie_width, &x), &x, v);
}

/* The byte counters have 32 bits and pass them in 0.1 s at full speed, so a rate is that of the
 * some milliseconds between two looks, which the caller fills with other readings. */
static unsigned look_at_bytes(struct monitor *m, nvml_field f[2])
{
    unsigned status;

    f[0] = (nvml_field){ .field = NVML_FIELD_PCIE_TX_BYTES };
    f[1] = (nvml_field){ .field = NVML_FIELD_PCIE_RX_BYTES };
    status = CARD_CALL(&m->card, fields, 2, f);
    if (status == NVML_OK)
        status = f[0].status != NVML_OK ? f[0].status : f[1].status;
    return card_seen(&m->card, status);
}

static double bytes_per_s(const nvml_field *a, const nvml_field *b)
{
    double bytes = card_field_number(b) - card_field_number(a);
    double us = (double)(b->timestamp_us - a->timestamp_us);

    if (bytes < 0 && b->value_type == NVML_VALUE_UINT)
        bytes += 4294967296.0;
    return us > 0 && bytes >= 0 ? bytes / (1e-6 * us) : (double)NAN;
}

/* Where there are no byte counters: 20 ms each. */
static void read_throughput(struct monitor *m, double *v)
{
    static const int of[] = { [NVML_PCIE_TX] = PCIE_SENT, [NVML_PCIE_RX] = PCIE_RECEIVED };

    for (unsigned which = 0; which < 2; which++) {
        unsigned kib_s = 0, status;

        if (m->off[of[which]])
            continue;
        status = CARD_CALL(&m->card, pcie_throughput, which, &kib_s);
        put(m, of[which], status, 1024.0 * kib_s, v);
    }
}

/* Takes some 5 ms on an H200, spent waiting for the card's own processor. */
static void read_energy(struct monitor *m, double dt_s, double *v)
{
    unsigned long long mj = 0, step;

    if (m->off[ENERGY] || !put(m, ENERGY, CARD_CALL(&m->card, energy_mj, &mj), (double)NAN, v))
        return;
    step = mj - m->energy_mj;
    if (m->has_energy && mj < m->energy_mj) /* a counter of 32 bits starts again at 0 */
        step = mj + (1ULL << 32) - m->energy_mj;
    if (m->has_energy && 1e-3 * (double)step > CARD_MAX_W * dt_s) {
        m->breaks++;
        set_why(m, ENERGY, "the energy counter stepped back or gave nonsense");
    } else {
        m->energy_j += m->has_energy ? 1e-3 * (double)step : 0;
        v[ENERGY] = m->energy_j;
    }
    m->has_energy = true;
    m->energy_mj = mj;
}

/* The part of a throttle channel that the driver times. */
static void add_duration(struct monitor *m, int i, const nvml_field *f, bool first)
{
    double now = f->status == NVML_OK ? card_field_number(f) : (double)NAN;

    if (!(now >= 0)) {
        m->untimed[i] = first || !card_may_answer(f->status);
        return;
    }
    if (!first && now > (double)m->duration_ns[i])
        m->throttled_s[durations[i].channel] += 1e-9 * (now - (double)m->duration_ns[i]);
    m->duration_ns[i] = (unsigned long long)now;
}

/* What the driver does not time is on for as long as it was seen on. */
static void add_bits(struct monitor *m, double dt_s)
{
    unsigned long long mask = 0;
    unsigned status = CARD_CALL(&m->card, clock_events, &mask);

    if (status == NVML_FUNCTION_NOT_FOUND)
        status = CARD_CALL(&m->card, throttle_reasons, &mask);
    for (int i = 0; i < DURATIONS; i++) {
        int channel = durations[i].channel;

        if (!m->untimed[i] || durations[i].bits == 0)
            continue;
        if (status != NVML_OK) {
            m->off[channel] = !card_may_answer(status);
            card_why(&m->card, status, m->why[channel], MONITOR_WHY);
        } else if (mask & durations[i].bits) {
            m->throttled_s[channel] += dt_s;
        }
    }
}

/* Is the channel's duration read on slow turns only? */
static bool seldom(const struct monitor *m, int channel)
{
    for (int i = 0; i < DURATIONS; i++)
        if (durations[i].channel == channel && durations[i].when && !m->untimed[i])
            return true;
    return false;
}

static void put_durations(struct monitor *m, unsigned flags, double *v)
{
    for (int ch = THROTTLE_POWER; ch <= THROTTLE_OTHER; ch++) {
        if (m->card.lost)
            card_why(&m->card, NVML_GPU_IS_LOST, m->why[ch], MONITOR_WHY);
        else if (!m->off[ch] && ((flags & MONITOR_SLOW) || !seldom(m, ch)))
            v[ch] = m->throttled_s[ch];
    }
}

/* Power, memory temperature and the durations in one call. */
static void read_fields(struct monitor *m, unsigned flags, double dt_s, bool first, double *v)
{
    nvml_field f[LEVELS + DURATIONS] = { 0 };
    int n = LEVELS, of[LEVELS + DURATIONS] = { 0 };
    bool untimed = false;
    unsigned status;

    for (int i = 0; i < LEVELS; i++)
        f[i].field = levels[i].field;
    for (int i = 0; i < DURATIONS; i++) {
        untimed = untimed || (m->untimed[i] && durations[i].bits != 0);
        if (m->untimed[i] || (durations[i].when & ~flags))
            continue;
        of[n] = i;
        f[n++].field = durations[i].field;
    }
    status = CARD_CALL(&m->card, fields, n, f);
    for (int i = 0; i < n; i++)
        f[i].status = card_seen(&m->card, status == NVML_OK ? f[i].status : status);
    for (int i = 0; i < LEVELS; i++)
        if (!m->off[levels[i].channel])
            put(m, levels[i].channel, f[i].status, card_field_number(&f[i]), v);
    for (int i = LEVELS; i < n; i++)
        add_duration(m, of[i], &f[i], first);
    if (untimed)
        add_bits(m, dt_s);
    put_durations(m, flags, v);
}

/* Before there were fields: GPUs until GA100 tell what they draw now; later ones an average. */
static void read_old_power(struct monitor *m, double *v)
{
    unsigned mw = 0;

    if (m->off[POWER] && m->off[POWER_AVERAGE])
        put_number(m, POWER, CARD_CALL(&m->card, power_mw, &mw), &mw, v);
}

static void read_levels(struct monitor *m, double *v)
{
    struct card *c = &m->card;
    nvml_utilisation u = { 0 };
    nvml_memory memory = { 0 };
    unsigned x = 0, status;

    if (!m->off[TEMPERATURE])
        put_number(m, TEMPERATURE, CARD_CALL(c, temperature, NVML_SENSOR_GPU, &x), &x, v);
    if (!m->off[SM_CLOCK])
        put_number(m, SM_CLOCK, CARD_CALL(c, clock_mhz, NVML_DOMAIN_SM, &x), &x, v);
    if (!m->off[MEMORY_CLOCK])
        put_number(m, MEMORY_CLOCK, CARD_CALL(c, clock_mhz, NVML_DOMAIN_MEMORY, &x), &x, v);
    if (!m->off[UTILISATION]) {
        status = CARD_CALL(c, utilisation, &u);
        put(m, UTILISATION, status, u.gpu, v);
        put(m, MEMORY_UTILISATION, status, u.memory, v);
    }
    if (!m->off[MEMORY_USED]) {
        status = CARD_CALL(c, memory, &memory);
        put(m, MEMORY_USED, status, (double)memory.used, v);
    }
}

/* What is dear to read, or changes seldom. */
static void read_slow(struct monitor *m, double dt_s, double *v)
{
    nvml_field before[2], after[2];
    unsigned status = m->no_bytes ? (unsigned)NVML_NOT_SUPPORTED : look_at_bytes(m, before);

    read_energy(m, dt_s, v);
    read_link(m, v);
    read_ecc(m, v);
    read_events(m, v);
    read_processes(m, v);
    read_others(m, v);
    if (status == NVML_OK)
        status = look_at_bytes(m, after);
    if (status == NVML_OK) {
        put(m, PCIE_SENT, status, bytes_per_s(&before[0], &after[0]), v);
        put(m, PCIE_RECEIVED, status, bytes_per_s(&before[1], &after[1]), v);
        return;
    }
    m->no_bytes = !card_may_answer(status);
    read_throughput(m, v);
}

static unsigned monitor_read(void *handle, unsigned flags, uint64_t now_ns, double *v)
{
    struct monitor *m = handle;
    bool first = m->last_ns == 0;
    double dt_s = first ? 0 : 1e-9 * (double)(now_ns - m->last_ns);

    for (int i = 0; i < N_CHANNELS; i++)
        v[i] = (double)NAN;
    read_fields(m, flags, dt_s, first, v);
    read_old_power(m, v);
    read_levels(m, v);
    if (flags & MONITOR_SLOW) {
        read_slow(m, 1e-9 * (double)(now_ns - m->slow_ns), v);
        m->slow_ns = now_ns;
    }
    m->last_ns = now_ns;
    return m->breaks;
}

static void monitor_close(void *handle)
{
    struct monitor *m = handle;

    if (!m)
        return;
    if (m->events)
        m->card.nvml.events_free(m->events);
    card_close(&m->card);
    mem_free(m);
}

static int monitor_open(const struct device *d, void **handle, struct err *e)
{
    struct monitor *m = mem_calloc(1, sizeof(*m));
    int rc = 0;

    *handle = NULL;
    if (!m)
        return ERR(e, ERR_NOMEM, "no memory to watch %s", d->name);
    TRY(card_open(&m->card, d->uuid, d->pci_id, e));
    open_events(m);
    if (!m->events)
        set_why(m, XID_ERRORS, "this driver or GPU does not tell of XID errors");
    open_others(m, d->uuid);
    *handle = m;
out:
    if (rc < 0)
        monitor_close(m);
    return rc;
}

static const char *monitor_why(const void *handle, int channel)
{
    const struct monitor *m = handle;

    if (channel == XID_ERRORS && m->xids > 0)
        return m->last_xid;
    return m->why[channel];
}

const struct monitor_ops card_monitor_ops = {
    .source = "NVML",
    .channels = channels,
    .n_channels = N_CHANNELS,
    .energy_window_min_s = 2,
    .energy_rule = "the counter moves every 0.1 s, and 20 steps are needed",
    .open = monitor_open,
    .close = monitor_close,
    .read = monitor_read,
    .why = monitor_why,
};
