/* env_os.c - operating system, kernel settings and container as facts. */
#include "host/env_os.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/mem.h"
#include "host/cgroup.h"
#include "host/env_facts.h"
#include "host/sysfile.h"

/* KEY=value or KEY="value" of os-release (man 5 os-release). */
static bool release_value(const char *text, const char *key, char *out, size_t cap)
{
    size_t len = strlen(key), n;

    for (const char *p = text; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
        if (strncmp(p, key, len) != 0 || p[len] != '=')
            continue;
        p += len + 1;
        n = *p == '"' ? strcspn(++p, "\"\n") : strcspn(p, "\n");
        if (n >= cap)
            n = cap - 1;
        memcpy(out, p, n);
        out[n] = '\0';
        return n > 0;
    }
    return false;
}

static void put_release(struct facts *fs, const char *root)
{
    static const struct {
        const char *key, *field;
    } fields[] = { { "os.name", "PRETTY_NAME" },
                   { "os.id", "ID" },
                   { "os.version", "VERSION_ID" } };
    struct err e = { 0 };
    char *text = NULL, value[128];

    if (sysfile_slurp(root, "/etc/os-release", &text, &e) < 0) {
        e = (struct err){ 0 };
        sysfile_slurp(root, "/usr/lib/os-release", &text, &e);
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (!text)
            facts_null(fs, fields[i].key, "%s", e.msg);
        else if (release_value(text, fields[i].field, value, sizeof(value)))
            facts_text(fs, fields[i].key, value);
        else
            facts_null(fs, fields[i].key, "os-release has no %s", fields[i].field);
    }
    mem_free(text);
}

static void put_load(struct facts *fs, const char *root)
{
    static const char *const keys[] = { "os.load_1m", "os.load_5m", "os.load_15m" };
    char text[128], *p = text, *end;
    struct err e = { 0 };
    int rc = sysfile_read(root, "/proc/loadavg", text, sizeof(text), &e);

    for (int i = 0; i < 3; i++, p = end) {
        double v = strtod(p, &end);

        if (rc < 0)
            facts_null(fs, keys[i], "%s", e.msg);
        else if (end == p)
            facts_null(fs, keys[i], "/proc/loadavg is not a load");
        else
            facts_real(fs, keys[i], v);
    }
}

static void put_uptime(struct facts *fs, const char *root)
{
    char text[128], *end;
    struct err e = { 0 };
    double v;

    if (sysfile_read(root, "/proc/uptime", text, sizeof(text), &e) < 0) {
        facts_null(fs, "os.uptime_s", "%s", e.msg);
        return;
    }
    v = strtod(text, &end);
    if (end == text)
        facts_null(fs, "os.uptime_s", "/proc/uptime is not a time");
    else
        facts_real(fs, "os.uptime_s", v);
}

static void put_limit(struct facts *fs, const char *key, int resource)
{
    struct rlimit l;

    if (getrlimit(resource, &l) != 0)
        facts_null(fs, key, "getrlimit refuses");
    else if (l.rlim_cur == RLIM_INFINITY)
        facts_null(fs, key, "unlimited");
    else
        facts_int(fs, key, (int64_t)l.rlim_cur);
}

void env_os_system(struct facts *fs, const char *root)
{
    struct utsname u;

    put_release(fs, root);
    env_facts_text(fs, "os.kernel", root, "/proc/sys/kernel/osrelease");
    env_facts_text(fs, "os.kernel_build", root, "/proc/sys/kernel/version");
    if (uname(&u) == 0)
        facts_text(fs, "os.architecture", u.machine);
    else
        facts_null(fs, "os.architecture", "uname refuses");
    facts_text(fs, "os.libc", gnu_get_libc_version());
    env_facts_text(fs, "os.boot_id", root, "/proc/sys/kernel/random/boot_id");
    put_uptime(fs, root);
    put_load(fs, root);
    put_limit(fs, "os.limit_memlock_bytes", RLIMIT_MEMLOCK);
    put_limit(fs, "os.limit_nofile", RLIMIT_NOFILE);
    facts_bool(fs, "os.root", geteuid() == 0);
}

/* "mitigations=off" and the like on the kernel's command line; the rest of it is not ours. */
static void put_mitigations(struct facts *fs, const char *root)
{
    char text[4096], value[64];
    struct err e = { 0 };
    const char *p;
    size_t n;

    if (sysfile_read(root, "/proc/cmdline", text, sizeof(text), &e) < 0) {
        facts_null(fs, "os.mitigations", "%s", e.msg);
        return;
    }
    p = strstr(text, "mitigations=");
    if (!p) {
        facts_text(fs, "os.mitigations", "default");
        return;
    }
    p += strlen("mitigations=");
    n = strcspn(p, " \n");
    snprintf(value, sizeof(value), "%.*s", (int)(n < 60 ? n : 60), p);
    facts_text(fs, "os.mitigations", value);
}

static void put_vulnerabilities(struct facts *fs, const char *root)
{
    const char *dir = "/sys/devices/system/cpu/vulnerabilities";
    char names[64][SYSFILE_NAME], path[SYSFILE_PATH], key[96];
    struct err e = { 0 };
    int n;

    if (sysfile_names(root, dir, names, 64, &n, &e) < 0) {
        facts_null(fs, "os.vulnerabilities", "%s", e.msg);
        return;
    }
    for (int i = 0; i < n; i++) {
        snprintf(key, sizeof(key), "os.vulnerabilities.%.63s", names[i]);
        snprintf(path, sizeof(path), "%s/%.63s", dir, names[i]);
        env_facts_text(fs, key, root, path);
    }
}

void env_os_kernel(struct facts *fs, const char *root)
{
    char text[256];
    struct err e = { 0 };

    env_facts_number(fs, "os.aslr", root, "/proc/sys/kernel/randomize_va_space", 1);
    env_facts_text(fs, "os.smt", root, "/sys/devices/system/cpu/smt/control");
    if (sysfile_read(root, "/sys/devices/system/cpu/isolated", text, sizeof(text), &e) < 0)
        facts_null(fs, "os.isolated_cpus", "%s", e.msg);
    else
        facts_text(fs, "os.isolated_cpus", text[0] ? text : "none");
    env_facts_number(fs, "os.perf_event_paranoid", root, "/proc/sys/kernel/perf_event_paranoid", 1);
    env_facts_number(fs, "os.io_uring_disabled", root, "/proc/sys/kernel/io_uring_disabled", 1);
    env_facts_number(fs, "os.swappiness", root, "/proc/sys/vm/swappiness", 1);
    put_mitigations(fs, root);
    put_vulnerabilities(fs, root);
}

static bool exists(const char *root, const char *path)
{
    char full[SYSFILE_PATH];

    return sysfile_path(full, sizeof(full), root, path, NULL) == 0 && access(full, F_OK) == 0;
}

void env_os_container(struct facts *fs, const char *root)
{
    static const struct {
        const char *mark, *name;
    } marks[] = { { "kubepods", "kubernetes" },
                  { "docker", "docker" },
                  { "libpod", "podman" },
                  { "lxc", "lxc" },
                  { "containerd", "containerd" } };
    struct cgroup_limits l;
    char *groups = NULL, kind[64];
    const char *name = NULL;

    if (sysfile_read(root, "/run/systemd/container", kind, sizeof(kind), NULL) == 0 && kind[0])
        name = kind;
    else if (exists(root, "/.dockerenv"))
        name = "docker";
    else if (exists(root, "/run/.containerenv"))
        name = "podman";
    if (!name && sysfile_slurp(root, "/proc/self/cgroup", &groups, NULL) == 0)
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && !name; i++)
            if (strstr(groups, marks[i].mark))
                name = marks[i].name;
    facts_text(fs, "container.kind", name ? name : "none");
    mem_free(groups);
    cgroup_read(&l, root);
    env_facts_known(fs, "container.cgroup_version", l.version > 0 ? l.version : -1,
                    "no control group is visible");
}
