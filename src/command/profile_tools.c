/* profile_tools.c - the profilers that `profile` knows. */
#include "command/profile_tools.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct profile_tool profile_tools[PROFILE_TOOLS] = {
    [PROFILE_NCU] = { .name = "ncu",
                      .device = DEVICE_GPU,
                      .what = "Nsight Compute",
                      .install = "it comes with the CUDA toolkit (package cuda-nsight-compute)",
                      .ending = ".ncu-rep",
                      .repetitions = 3 },
    [PROFILE_NSYS] = { .name = "nsys",
                       .device = DEVICE_GPU,
                       .what = "Nsight Systems",
                       .install = "it comes with the CUDA toolkit (package nsight-systems)",
                       .ending = ".nsys-rep",
                       .repetitions = 20 },
    [PROFILE_PERF] = { .name = "perf",
                       .device = DEVICE_CPU,
                       .what = "Linux perf",
                       .install = "package linux-perf (Debian) or linux-tools-generic (Ubuntu)",
                       .ending = ".perf.data" },
};

static const char perf_events[] = "task-clock,context-switches,cpu-migrations,page-faults,cycles,"
                                  "instructions,branches,branch-misses,cache-references,"
                                  "cache-misses";

/* Where installers put them that leave PATH alone. */
static const char *const places[PROFILE_TOOLS][4] = {
    [PROFILE_NCU] = { "/usr/local/cuda/bin/ncu", "/opt/nvidia/nsight-compute/*/ncu",
                      "/usr/local/cuda-*/bin/ncu" },
    [PROFILE_NSYS] = { "/usr/local/cuda/bin/nsys", "/opt/nvidia/nsight-systems/*/bin/nsys",
                       "/usr/local/cuda-*/bin/nsys" },
};

static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The last of what fits the pattern: the newest version. */
static bool find_place(const char *pattern, char out[PROFILE_PATH])
{
    glob_t found = { 0 };
    bool there = false;

    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = found.gl_pathc; i-- > 0 && !there;)
            there = is_program(found.gl_pathv[i]) &&
                    snprintf(out, PROFILE_PATH, "%s", found.gl_pathv[i]) < PROFILE_PATH;
    globfree(&found);
    return there;
}

bool profile_tool_find(enum profile_tool_id id, const char *search, char out[PROFILE_PATH])
{
    const char *name = profile_tools[id].name;

    for (const char *from = search ? search : "", *to; *from; from = *to ? to + 1 : to) {
        to = from + strcspn(from, ":");
        if (to > from &&
            snprintf(out, PROFILE_PATH, "%.*s/%s", (int)(to - from), from, name) < PROFILE_PATH &&
            is_program(out))
            return true;
    }
    for (int i = 0; i < 4 && places[id][i]; i++)
        if (find_place(places[id][i], out))
            return true;
    return false;
}

static int add_report(const struct profile_job *job, struct words *out, struct err *e)
{
    char path[PROFILE_PATH];

    if (snprintf(path, sizeof(path), "%s%s", job->report, profile_tools[job->tool].ending) >=
        PROFILE_PATH)
        return ERR(e, ERR_ARG, "--output: the name is too long");
    return words_add(out, path, e);
}

/* The user's arguments, and then the row. */
static int add_inside(const struct profile_job *job, struct words *out, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < job->n_extra; i++)
        TRY(words_add(out, job->extra[i], e));
    if (job->tool == PROFILE_PERF)
        TRY(words_add(out, "--", e));
    TRY(words_add_list(out, (const char *const *)job->inside->argv, e));
    if (job->tool == PROFILE_PERF && job->perf_control[1]) {
        TRY(words_add(out, "--control", e));
        TRY(words_add(out, job->perf_control[1], e));
    }
out:
    return rc;
}

/* Counting begins when the row says so. */
static int add_perf(const struct profile_job *job, const char *what, struct words *out,
                    struct err *e)
{
    int rc = 0;

    TRY(words_add(out, job->program, e));
    TRY(words_add(out, what, e));
    if (job->perf_control[0]) {
        TRY(words_add_list(out, (const char *const[]){ "--delay=-1", "--control", NULL }, e));
        TRY(words_add(out, job->perf_control[0], e));
    }
out:
    return rc;
}

int profile_command(const struct profile_job *job, struct words *out, struct err *e)
{
    static const char *const ncu[] = { "--profile-from-start",
                                       "off",
                                       "--target-processes",
                                       "all",
                                       "--clock-control",
                                       "none",
                                       "--section",
                                       "SpeedOfLight",
                                       "--section",
                                       "ComputeWorkloadAnalysis",
                                       "--section",
                                       "MemoryWorkloadAnalysis",
                                       "--section",
                                       "WarpStateStats",
                                       "--section",
                                       "Occupancy",
                                       "--section",
                                       "LaunchStats",
                                       "--force-overwrite",
                                       "--export",
                                       NULL };
    static const char *const nsys[] = { "profile",
                                        "--trace=cuda,nvtx",
                                        "--capture-range=cudaProfilerApi",
                                        "--capture-range-end=stop",
                                        "--force-overwrite=true",
                                        "--output",
                                        NULL };
    static const char *const perf[] = { "--output", NULL };
    int rc = 0;

    *out = (struct words){ 0 };
    if (job->tool == PROFILE_PERF) {
        TRY(add_perf(job, "record", out, e));
        TRY(words_add_list(out, perf, e));
        TRY(add_report(job, out, e));
    } else {
        TRY(words_add(out, job->program, e));
        TRY(words_add_list(out, job->tool == PROFILE_NCU ? ncu : nsys, e));
        TRY(words_add(out, job->report, e)); /* they add the ending themselves */
    }
    TRY(add_inside(job, out, e));
out:
    return rc;
}

int profile_command_counts(const struct profile_job *job, int to, struct words *out, struct err *e)
{
    struct profile_job counting = *job;
    char fd[16];
    int rc = 0;

    BUG_ON(job->tool != PROFILE_PERF);
    counting.n_extra = 0; /* they are meant for the report */
    *out = (struct words){ 0 };
    snprintf(fd, sizeof(fd), "%d", to);
    TRY(add_perf(&counting, "stat", out, e));
    TRY(words_add_list(out,
                       (const char *const[]){ "--event", perf_events, "--field-separator", ";",
                                              "--log-fd", fd, NULL },
                       e));
    TRY(add_inside(&counting, out, e));
out:
    return rc;
}

int profile_command_show(const struct profile_job *job, struct words *out, struct err *e)
{
    int rc = 0;

    *out = (struct words){ 0 };
    TRY(words_add(out, job->program, e));
    switch (job->tool) {
    case PROFILE_NCU:
        TRY(words_add_list(out,
                           (const char *const[]){ "--csv", "--page", "raw", "--print-units", "base",
                                                  "--import", NULL },
                           e));
        break;
    case PROFILE_NSYS:
        TRY(words_add_list(
            out, (const char *const[]){ "stats", "--report", "cuda_gpu_kern_sum", NULL }, e));
        break;
    case PROFILE_PERF:
        TRY(words_add_list(out,
                           (const char *const[]){ "report", "--stdio", "--no-children",
                                                  "--call-graph=none", "--percent-limit=1",
                                                  "--input", NULL },
                           e));
        break;
    }
    TRY(add_report(job, out, e));
out:
    return rc;
}

static int perf_paranoid(void)
{
    FILE *f = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
    int level = -1;

    if (f && fscanf(f, "%d", &level) != 1)
        level = -1;
    if (f)
        fclose(f);
    return level;
}

void profile_tool_explain(enum profile_tool_id id, const char *said, char *out, size_t cap)
{
    int paranoid = id == PROFILE_PERF ? perf_paranoid() : -1;

    out[0] = '\0';
    if (strstr(said, "ERR_NVGPUCTRPERM"))
        snprintf(out, cap,
                 "this user may not read the GPU's counters: run as root, or let the administrator "
                 "load the nvidia module with NVreg_RestrictProfilingToAdminUsers=0");
    else if (strstr(said, "LibraryNotLoaded"))
        snprintf(out, cap,
                 "the driver lets nobody read the GPU's counters here (a container or a virtual "
                 "machine without them)");
    else if (strstr(said, "No kernels were profiled"))
        snprintf(
            out, cap,
            "a repetition of this row launches no kernel: nsys would see its copies and waits");
    else if (paranoid > 2 && geteuid() != 0)
        snprintf(out, cap,
                 "kernel.perf_event_paranoid is %d: this user may not count; 2 or less is needed "
                 "(sysctl kernel.perf_event_paranoid=2)",
                 paranoid);
    else if (id == PROFILE_PERF && strstr(said, "--control"))
        snprintf(out, cap, "this perf is too old: 5.10 brought --control");
}
