/* telemetry_source.c - what the background sampler reads, and how. */
#include "host/telemetry_source.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/mem.h"
#include "host/cpu.h"
#include "host/sysfile.h"

/* Enough for the first CPUs of /proc/cpuinfo and the first line of /proc/stat. */
enum { TEXT = 16 << 10 };

/* Milliseconds for which the package's clock was held down for its temperature (Intel). */
#define THROTTLE_FILE "/sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_total_time_ms"

/* No CPU package draws this much: a "wrap" that would need it is a counter that stepped back. */
static const double PACKAGE_MAX_W = 10e3;

const struct channel *telemetry_source_info(enum telemetry_channel ch)
{
    static const struct channel infos[CHANNELS] = {
        [CHANNEL_CLOCK_MEAN] = { "cpu.clock_mean", "MHz", CHANNEL_LEVEL, ROLE_SERIES, 1, NULL },
        [CHANNEL_CLOCK_MIN] = { "cpu.clock_min", "MHz", CHANNEL_LOWEST, ROLE_SERIES, 1, NULL },
        [CHANNEL_TEMPERATURE] = { "cpu.temperature", "C", CHANNEL_LEVEL, ROLE_SERIES, 1, NULL },
        [CHANNEL_PACKAGE_ENERGY] = { "cpu.power", "W", CHANNEL_COUNTER, ROLE_SERIES, 1, NULL },
        [CHANNEL_DRAM_ENERGY] = { "dram.power", "W", CHANNEL_COUNTER, ROLE_SERIES, 1, NULL },
        [CHANNEL_CPU_SECONDS] = { "process.cpu", "%", CHANNEL_COUNTER, ROLE_SERIES, 100, NULL },
        [CHANNEL_RSS] = { "process.rss", "MB", CHANNEL_LEVEL, ROLE_SERIES, 1e-6, NULL },
        [CHANNEL_SWITCHES_VOLUNTARY] = { "process.switches_voluntary", "1/s", CHANNEL_COUNTER,
                                         ROLE_SERIES, 1, NULL },
        [CHANNEL_SWITCHES_FORCED] = { "process.switches_involuntary", "1/s", CHANNEL_COUNTER,
                                      ROLE_SERIES, 1, NULL },
        [CHANNEL_FAULTS_MINOR] = { "process.faults_minor", "1/s", CHANNEL_COUNTER, ROLE_SERIES, 1,
                                   NULL },
        [CHANNEL_FAULTS_MAJOR] = { "process.faults_major", "1/s", CHANNEL_COUNTER, ROLE_SERIES, 1,
                                   NULL },
        [CHANNEL_LOAD] = { "system.load_1m", "tasks", CHANNEL_LEVEL, ROLE_SERIES, 1, NULL },
        [CHANNEL_RUNNABLE] = { "system.runnable", "tasks", CHANNEL_LEVEL, ROLE_SERIES, 1, NULL },
        [CHANNEL_OTHERS_CPU] = { "system.others_cpu", "%", CHANNEL_LEVEL, ROLE_SERIES, 1, NULL },
        [CHANNEL_STEAL] = { "system.steal", "%", CHANNEL_LEVEL, ROLE_SERIES, 1, NULL },
        [CHANNEL_MEMORY_AVAILABLE] = { "system.memory_available", "GB", CHANNEL_LEVEL, ROLE_SERIES,
                                       1e-9, NULL },
        [CHANNEL_THROTTLED] = { "cpu.throttled", "%", CHANNEL_COUNTER, ROLE_THROTTLE, 100,
                                "thermal slowdown" },
    };

    return &infos[ch];
}

static void set_why(struct telemetry_sources *s, enum telemetry_channel ch, const char *text)
{
    snprintf(s->why[ch], TELEMETRY_WHY, "%s", text);
}

/* Open a file of the tree and try a first reading, because some open and then refuse. */
static int open_source(const char *root, const char *path, char *why)
{
    struct err e = { 0 };
    char probe[16];
    int rc = sysfile_read(root, path, probe, sizeof(probe), &e), fd = -1;

    if (rc == 0) {
        char full[SYSFILE_PATH];

        rc = sysfile_path(full, sizeof(full), root, path, &e);
        fd = rc == 0 ? open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
        if (rc == 0 && fd < 0)
            ERR(&e, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (fd < 0 && why)
        snprintf(why, TELEMETRY_WHY, "%.95s", e.msg);
    return fd;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* The file from its start as text; false when it cannot be read any more. */
static bool reread(int fd, char *text, size_t cap)
{
    ssize_t n = fd < 0 ? -1 : pread(fd, text, cap - 1, 0);

    if (n < 0)
        return false;
    text[n] = '\0';
    return true;
}

static bool reread_int(int fd, int64_t *out)
{
    char text[40];

    return reread(fd, text, sizeof(text)) && sysfile_parse_int(text, out, NULL) == 0;
}

static void open_clocks(struct telemetry_sources *s, const char *root)
{
    struct cpu_info *c = mem_calloc(1, sizeof(*c));
    char path[128], *why = s->why[CHANNEL_CLOCK_MEAN];

    if (!c) {
        set_why(s, CHANNEL_CLOCK_MEAN, "out of memory");
        return;
    }
    if (root[0] == '\0')
        *c = *cpu_here();
    else
        cpu_detect(c, root, NULL);
    /* Evenly over the cores, because reading a clock may interrupt its core. */
    for (int i = 0; i < TELEMETRY_CLOCKS && i < c->n_cores; i++) {
        int n = c->n_cores < TELEMETRY_CLOCKS ? c->n_cores : TELEMETRY_CLOCKS, fd;

        snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq",
                 c->cores[(int64_t)i * c->n_cores / n]);
        fd = open_source(root, path, why);
        if (fd >= 0)
            s->clock_fd[s->n_clocks++] = fd;
    }
    mem_free(c);
    if (s->n_clocks == 0) {
        char ignored[TELEMETRY_WHY];

        s->cpuinfo_fd = open_source(root, "/proc/cpuinfo", ignored);
        if (s->cpuinfo_fd >= 0 && reread(s->cpuinfo_fd, s->text, TEXT)) {
            /* A guest's kernel writes the nominal clock there, whatever the real one is. */
            if (sysfile_has_word(sysfile_field(s->text, "flags"), "hypervisor")) {
                set_why(s, CHANNEL_CLOCK_MEAN, "a virtual machine without cpufreq");
                close_fd(&s->cpuinfo_fd);
            } else if (!sysfile_field(s->text, "cpu MHz")) {
                close_fd(&s->cpuinfo_fd);
            }
        }
    }
    if (s->n_clocks > 0 || s->cpuinfo_fd >= 0)
        why[0] = '\0';
    memcpy(s->why[CHANNEL_CLOCK_MIN], why, TELEMETRY_WHY);
}

static void add_sensor(struct telemetry_sources *s, const char *root, const char *path)
{
    int fd = s->n_sensors < TELEMETRY_SENSORS ? open_source(root, path, s->why[CHANNEL_TEMPERATURE])
                                              : -1;

    if (fd >= 0)
        s->sensor_fd[s->n_sensors++] = fd;
}

/* The CPU's own sensor driver if there is one (temp1 is the package), else zones that name it. */
static void open_sensors(struct telemetry_sources *s, const char *root)
{
    static const char *const drivers[] = { "coretemp", "k10temp", "zenpower", "cpu_thermal" };
    static const char *const zones[] = { "x86_pkg_temp", "cpu", "CPU", "soc" };
    char path[128], name[64];

    set_why(s, CHANNEL_TEMPERATURE, "no CPU temperature sensor in hwmon or thermal");
    for (int i = 0; i < 32; i++) {
        snprintf(path, sizeof(path), "/sys/class/hwmon/hwmon%d/name", i);
        if (sysfile_read(root, path, name, sizeof(name), NULL) < 0)
            continue;
        for (size_t d = 0; d < sizeof(drivers) / sizeof(drivers[0]); d++) {
            snprintf(path, sizeof(path), "/sys/class/hwmon/hwmon%d/temp1_input", i);
            if (strcmp(name, drivers[d]) == 0)
                add_sensor(s, root, path);
        }
    }
    for (int i = 0; i < 64 && s->n_sensors == 0; i++) {
        snprintf(path, sizeof(path), "/sys/class/thermal/thermal_zone%d/type", i);
        if (sysfile_read(root, path, name, sizeof(name), NULL) < 0)
            continue;
        for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
            snprintf(path, sizeof(path), "/sys/class/thermal/thermal_zone%d/temp", i);
            if (strstr(name, zones[z])) {
                add_sensor(s, root, path);
                break;
            }
        }
    }
    if (s->n_sensors > 0)
        s->why[CHANNEL_TEMPERATURE][0] = '\0';
}

static void add_domain(struct telemetry_sources *s, const char *root, const char *dir)
{
    char name[64], path[256];
    struct telemetry_energy *to;
    enum telemetry_channel ch;
    struct telemetry_rapl *d;
    struct err e = { 0 };

    if (sysfile_readf(root, name, sizeof(name), NULL, "%s/name", dir) < 0)
        return;
    if (strncmp(name, "package", 7) == 0)
        ch = CHANNEL_PACKAGE_ENERGY;
    else if (strcmp(name, "dram") == 0)
        ch = CHANNEL_DRAM_ENERGY;
    else
        return; /* core and uncore are parts of the package, psys contains it */
    to = ch == CHANNEL_PACKAGE_ENERGY ? &s->package : &s->dram;
    if (to->n == TELEMETRY_PACKAGES)
        return;
    d = &to->domain[to->n];
    *d = (struct telemetry_rapl){ .fd = -1, .last_uj = -1 };
    if (sysfile_intf(root, &d->range_uj, NULL, "%s/max_energy_range_uj", dir) < 0)
        d->range_uj = 0;
    snprintf(path, sizeof(path), "%s/energy_uj", dir);
    if (sysfile_int(root, path, &d->last_uj, &e) < 0) {
        snprintf(s->why[ch], TELEMETRY_WHY, "%.95s", e.msg);
        to->partial = true;
        return;
    }
    d->fd = open_source(root, path, s->why[ch]);
    if (d->fd >= 0)
        to->n++;
    else
        to->partial = true;
}

static void close_domains(struct telemetry_energy *g)
{
    for (int i = 0; i < g->n; i++)
        close_fd(&g->domain[i].fd);
    g->n = 0;
}

/* The sum over some of the packages would be a wrong figure. */
static void close_partial(struct telemetry_energy *g)
{
    if (g->partial)
        close_domains(g);
}

static void open_energy(struct telemetry_sources *s, const char *root)
{
    char dir[96];

    set_why(s, CHANNEL_PACKAGE_ENERGY, "no RAPL in /sys/class/powercap");
    set_why(s, CHANNEL_DRAM_ENERGY, "no RAPL dram domain in /sys/class/powercap");
    for (int i = 0; i < TELEMETRY_PACKAGES; i++) {
        snprintf(dir, sizeof(dir), "/sys/class/powercap/intel-rapl:%d", i);
        add_domain(s, root, dir);
        for (int k = 0; k < 4; k++) {
            snprintf(dir, sizeof(dir), "/sys/class/powercap/intel-rapl:%d:%d", i, k);
            add_domain(s, root, dir);
        }
    }
    close_partial(&s->package);
    close_partial(&s->dram);
    if (s->package.n > 0)
        s->why[CHANNEL_PACKAGE_ENERGY][0] = '\0';
    if (s->dram.n > 0)
        s->why[CHANNEL_DRAM_ENERGY][0] = '\0';
}

int telemetry_source_open(struct telemetry_sources *s, const char *root, struct err *e)
{
    *s = (struct telemetry_sources){ .cpuinfo_fd = -1,
                                     .stat_fd = -1,
                                     .loadavg_fd = -1,
                                     .meminfo_fd = -1,
                                     .statm_fd = -1,
                                     .throttle_fd = -1 };
    s->text = mem_calloc(TEXT, 1);
    if (!s->text)
        return ERR(e, ERR_NOMEM, "no memory for the telemetry's reading buffer");
    open_clocks(s, root);
    open_sensors(s, root);
    open_energy(s, root);
    s->statm_fd = open_source(root, "/proc/self/statm", s->why[CHANNEL_RSS]);
    s->loadavg_fd = open_source(root, "/proc/loadavg", s->why[CHANNEL_LOAD]);
    memcpy(s->why[CHANNEL_RUNNABLE], s->why[CHANNEL_LOAD], TELEMETRY_WHY);
    s->stat_fd = open_source(root, "/proc/stat", s->why[CHANNEL_OTHERS_CPU]);
    memcpy(s->why[CHANNEL_STEAL], s->why[CHANNEL_OTHERS_CPU], TELEMETRY_WHY);
    s->meminfo_fd = open_source(root, "/proc/meminfo", s->why[CHANNEL_MEMORY_AVAILABLE]);
    s->throttle_fd = open_source(root, THROTTLE_FILE, s->why[CHANNEL_THROTTLED]);
    return 0;
}

void telemetry_source_close(struct telemetry_sources *s)
{
    if (!s->text)
        return; /* zeroed, never opened: its descriptors are not ours */
    for (int i = 0; i < s->n_clocks; i++)
        close_fd(&s->clock_fd[i]);
    for (int i = 0; i < s->n_sensors; i++)
        close_fd(&s->sensor_fd[i]);
    close_domains(&s->package);
    close_domains(&s->dram);
    close_fd(&s->cpuinfo_fd);
    close_fd(&s->stat_fd);
    close_fd(&s->loadavg_fd);
    close_fd(&s->meminfo_fd);
    close_fd(&s->statm_fd);
    close_fd(&s->throttle_fd);
    mem_free(s->text);
    *s = (struct telemetry_sources){ 0 };
}

static void read_clocks(struct telemetry_sources *s, double *v)
{
    double sum = 0, least = HUGE_VAL;
    int n = 0;

    for (int i = 0; i < s->n_clocks; i++) {
        int64_t khz;

        if (!reread_int(s->clock_fd[i], &khz) || khz <= 0)
            continue;
        sum += (double)khz / 1e3;
        least = fmin(least, (double)khz / 1e3);
        n++;
    }
    if (s->n_clocks == 0 && reread(s->cpuinfo_fd, s->text, TEXT)) {
        for (const char *p = s->text; (p = sysfile_field(p, "cpu MHz")) != NULL; n++) {
            double mhz = strtod(p, NULL);

            if (!(mhz > 0 && mhz < 1e5))
                break;
            sum += mhz;
            least = fmin(least, mhz);
        }
    }
    if (n > 0) {
        v[CHANNEL_CLOCK_MEAN] = sum / n;
        v[CHANNEL_CLOCK_MIN] = least;
    } else if (s->n_clocks > 0) {
        set_why(s, CHANNEL_CLOCK_MEAN, "scaling_cur_freq gives no clock");
        set_why(s, CHANNEL_CLOCK_MIN, "scaling_cur_freq gives no clock");
    }
}

static void read_sensors(struct telemetry_sources *s, double *v)
{
    double most = -HUGE_VAL;

    for (int i = 0; i < s->n_sensors; i++) {
        int64_t milli;

        /* Outside of this a sensor is broken or switched off. */
        if (reread_int(s->sensor_fd[i], &milli) && milli > -40000 && milli < 200000)
            most = fmax(most, (double)milli / 1e3);
    }
    if (most > -HUGE_VAL)
        v[CHANNEL_TEMPERATURE] = most;
    else if (s->n_sensors > 0)
        set_why(s, CHANNEL_TEMPERATURE, "the temperature sensor gives nonsense");
}

/* Joules of a domain since the last reading; false when its counter makes no sense. */
static bool energy_step(struct telemetry_rapl *d, double dt_s, double *joules)
{
    int64_t now, step;

    if (!reread_int(d->fd, &now) || now < 0)
        return false;
    step = now - d->last_uj;
    d->last_uj = now;
    if (step < 0) {
        /* It counts to its range and starts again at 0. */
        step += d->range_uj;
        if (step < 0 || (double)step > 1e6 * PACKAGE_MAX_W * dt_s)
            return false;
    }
    *joules += 1e-6 * (double)step;
    return true;
}

static void read_energy(struct telemetry_sources *s, struct telemetry_energy *g, double dt_s,
                        enum telemetry_channel ch, double *v)
{
    bool good = g->n > 0;

    for (int i = 0; i < g->n; i++)
        good = energy_step(&g->domain[i], dt_s, &g->total_j) && good;
    if (good) {
        v[ch] = g->total_j;
        return;
    }
    if (g->n > 0) {
        s->breaks++;
        set_why(s, ch, "the energy counter stepped back or gave nonsense");
    }
}

static struct telemetry_self self_of(int who)
{
    struct rusage u = { 0 };

    getrusage(who, &u);
    return (struct telemetry_self){
        .cpu_s = (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
                 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec),
        .voluntary = (double)u.ru_nvcsw,
        .forced = (double)u.ru_nivcsw,
        .minor = (double)u.ru_minflt,
        .major = (double)u.ru_majflt,
    };
}

/* First line of /proc/stat: user nice system idle iowait irq softirq steal, in ticks. */
static void read_stat(struct telemetry_sources *s, uint64_t now_ns, double own_s, double *v)
{
    const char *p = s->text;
    double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK), busy, steal, dt;
    int64_t t[8];

    if (!reread(s->stat_fd, s->text, 512))
        return;
    if (strncmp(p, "cpu ", 4) != 0) {
        set_why(s, CHANNEL_OTHERS_CPU, "/proc/stat does not start with the sum of the CPUs");
        set_why(s, CHANNEL_STEAL, s->why[CHANNEL_OTHERS_CPU]);
        return;
    }
    p += 4;
    for (int i = 0; i < 8; i++)
        if (sysfile_parse_int(p, &t[i], &p) < 0)
            return;
    busy = tick_s * (double)(t[0] + t[1] + t[2] + t[5] + t[6]);
    steal = tick_s * (double)t[7];
    dt = 1e-9 * (double)(now_ns - s->stat_ns);
    if (s->stat_ns != 0 && dt > 0) {
        v[CHANNEL_OTHERS_CPU] = fmax(0, 100 * (busy - s->busy_s - (own_s - s->own_s)) / dt);
        v[CHANNEL_STEAL] = fmax(0, 100 * (steal - s->steal_s) / dt);
    }
    s->stat_ns = now_ns;
    s->busy_s = busy;
    s->steal_s = steal;
    s->own_s = own_s;
}

static void read_load(struct telemetry_sources *s, double *v)
{
    char text[128], *end;
    int64_t runnable;

    if (!reread(s->loadavg_fd, text, sizeof(text)))
        return;
    v[CHANNEL_LOAD] = strtod(text, &end);
    if (end == text)
        v[CHANNEL_LOAD] = (double)NAN;
    /* 1, 5 and 15 minutes, then runnable/all: the fourth word, this thread not counted. */
    strtod(end, &end);
    strtod(end, &end);
    if (sysfile_parse_int(end, &runnable, NULL) == 0)
        v[CHANNEL_RUNNABLE] = (double)(runnable > 0 ? runnable - 1 : 0);
    if (isnan(v[CHANNEL_LOAD])) {
        set_why(s, CHANNEL_LOAD, "/proc/loadavg is not a load");
        set_why(s, CHANNEL_RUNNABLE, "/proc/loadavg is not a load");
    }
}

static void read_memory(struct telemetry_sources *s, double *v)
{
    int64_t kib;

    if (!reread(s->meminfo_fd, s->text, TEXT))
        return;
    if (sysfile_field_int(s->text, "MemAvailable", &kib) == 0)
        v[CHANNEL_MEMORY_AVAILABLE] = 1024 * (double)kib;
    else
        set_why(s, CHANNEL_MEMORY_AVAILABLE, "/proc/meminfo has no MemAvailable");
}

static void read_throttle(struct telemetry_sources *s, double *v)
{
    int64_t ms;

    if (s->throttle_fd < 0)
        return;
    if (reread_int(s->throttle_fd, &ms) && ms >= 0)
        v[CHANNEL_THROTTLED] = 1e-3 * (double)ms;
    else
        set_why(s, CHANNEL_THROTTLED, "package_throttle_total_time_ms is not a time");
}

static void read_rss(struct telemetry_sources *s, double *v)
{
    const char *p = s->text;
    int64_t size, resident;

    if (!reread(s->statm_fd, s->text, 128))
        return;
    if (sysfile_parse_int(p, &size, &p) == 0 && sysfile_parse_int(p, &resident, NULL) == 0)
        v[CHANNEL_RSS] = (double)resident * (double)sysconf(_SC_PAGESIZE);
    else
        set_why(s, CHANNEL_RSS, "/proc/self/statm is not two numbers");
}

/* The process and the sampling thread are read one after the other, and the thread only by itself:
 * what it did in between would make their difference step back.  It does not: it waits. */
static void read_others(struct telemetry_sources *s, const struct telemetry_self *self, double *v)
{
    struct telemetry_self *o = &s->others;

    o->cpu_s = fmax(o->cpu_s, self->cpu_s - s->sampler.cpu_s);
    o->voluntary = fmax(o->voluntary, self->voluntary - s->sampler.voluntary);
    o->forced = fmax(o->forced, self->forced - s->sampler.forced);
    o->minor = fmax(o->minor, self->minor - s->sampler.minor);
    o->major = fmax(o->major, self->major - s->sampler.major);
    v[CHANNEL_CPU_SECONDS] = o->cpu_s;
    v[CHANNEL_SWITCHES_VOLUNTARY] = o->voluntary;
    v[CHANNEL_SWITCHES_FORCED] = o->forced;
    v[CHANNEL_FAULTS_MINOR] = o->minor;
    v[CHANNEL_FAULTS_MAJOR] = o->major;
}

void telemetry_source_read(struct telemetry_sources *s, unsigned flags, uint64_t now_ns, double *v)
{
    struct telemetry_self self = self_of(RUSAGE_SELF);
    double dt_s = 1e-9 * (double)(now_ns - s->energy_ns);

    for (int i = 0; i < CHANNELS; i++)
        v[i] = (double)NAN;
    if (flags & TELEMETRY_IN_SAMPLER)
        s->sampler = self_of(RUSAGE_THREAD);
    if (s->energy_ns == 0)
        dt_s = 1;
    s->energy_ns = now_ns;
    read_energy(s, &s->package, dt_s, CHANNEL_PACKAGE_ENERGY, v);
    read_energy(s, &s->dram, dt_s, CHANNEL_DRAM_ENERGY, v);
    read_others(s, &self, v);
    read_rss(s, v);
    read_load(s, v);
    read_throttle(s, v);
    if (s->n_clocks > 0)
        read_clocks(s, v);
    if (!(flags & MONITOR_SLOW))
        return;
    if (s->n_clocks == 0)
        read_clocks(s, v);
    read_sensors(s, v);
    read_stat(s, now_ns, self.cpu_s, v);
    read_memory(s, v);
}
