/* What profilers print, read as they print it; their commands, as they are typed. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/profile_figures.h"
#include "command/profile_tools.h"
#include "test.h"

/* ncu 2025.3 on an H200, with fewer columns. */
static const char two_launches[] =
    "==PROF== Connected to process 948\n"
    "\"ID\",\"Process Name\",\"Kernel Name\",\"Block Size\",\"device__attribute_max_registers\","
    "\"gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed\",\"gpu__time_duration.sum\","
    "\"launch__registers_per_thread\",\"lts__throughput.avg.pct_of_peak_sustained_elapsed\","
    "\"sm__warps_active.avg.pct_of_peak_sustained_active\","
    "\"smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio\","
    "\"smsp__average_warps_issue_stalled_selected_per_issue_active.ratio\","
    "\"smsp__average_warps_issue_stalled_wait_per_issue_active.ratio\"\n"
    "\"\",\"\",\"\",\"\",\"\",\"%\",\"ns\",\"register/"
    "thread\",\"%\",\"%\",\"inst\",\"inst\",\"inst\"\n"
    "\"0\",\"headroom\",\"void x::copy_kernel<3, (hint)1>(args, \"\"quoted\"\")\",\"(64, 1, 1)\","
    "\"65,536\",\"80\",\"1,000\",\"16\",\"40\",\"50\",\"6\",\"1\",\"3\"\n"
    "\"1\",\"headroom\",\"void x::copy_kernel<4, (hint)1>(args)\",\"(64, 1, 1)\","
    "\"65,536\",\"90\",\"3,000\",\"24\",\"20\",\"50\",\"8\",\"1\",\"1\"\n"
    "\"2\",\"headroom\",\"stamp_kernel(int)\",\"(64, 1, 1)\",\"65,536\",\"n/a\",\"500\",\"8\",\"\","
    "\"5\",\"0\",\"1\",\"0\"\n";

static int kernels(const char *text, struct profile_kernels *k)
{
    char copy[8192];
    struct err e = { 0 };
    int rc;

    snprintf(copy, sizeof(copy), "%s", text);
    rc = profile_kernels_read(copy, k, &e);
    CHECK_EQ(rc, e.code);
    CHECK((rc == 0) == (e.msg[0] == '\0'));
    return rc;
}

static void ncu(void)
{
    static struct profile_kernels k;
    char cut[sizeof(two_launches)];

    CHECK_EQ(kernels(two_launches, &k), 0);
    CHECK_EQ(k.n, 2);
    CHECK_STR(k.kernel[0].name, "x::copy_kernel");
    CHECK_EQ(k.kernel[0].launches, 2);
    CHECK_NEAR(k.kernel[0].time_ns, 4000, 0);
    CHECK_NEAR(k.kernel[0].dram, (80 * 1000 + 90 * 3000) / 4000.0, 1e-9);
    CHECK_NEAR(k.kernel[0].l2, 25, 1e-9);
    CHECK(isnan(k.kernel[0].tensor)); /* no such column */
    CHECK_NEAR(k.kernel[0].registers, 24, 0);
    CHECK_STR(k.kernel[0].stall, "long scoreboard");
    CHECK_NEAR(k.kernel[0].stall_percent, 100 * (6 * 1000 + 8 * 3000) / (10.0 * 4000), 1e-9);
    CHECK_STR(k.kernel[1].name, "stamp_kernel");
    CHECK(isnan(k.kernel[1].dram) && isnan(k.kernel[1].l2));
    CHECK_STR(k.kernel[1].stall, "");

    CHECK_EQ(kernels("", &k), ERR_FORMAT);
    CHECK_EQ(kernels("==ERROR== no\n", &k), ERR_FORMAT);
    CHECK_EQ(kernels("\"ID\",\"Kernel Name\"\n\"0\",\"k\"\n", &k), ERR_FORMAT);
    CHECK_EQ(kernels("ID,Kernel Name,gpu__time_duration.sum\n0,k,7\n", &k), 0);
    CHECK(k.n == 1 && k.kernel[0].time_ns == 7 && isnan(k.kernel[0].registers));
    CHECK_EQ(kernels("ID,Kernel Name,gpu__time_duration.sum\n0\n0,k\n\n,,\n0,k,nan\n", &k), 0);
    CHECK_EQ(k.n, 0);
    for (size_t n = 0; n < sizeof(two_launches); n++) { /* cut anywhere: refused, or less of it */
        snprintf(cut, n + 1, "%s", two_launches);
        kernels(cut, &k);
        CHECK(k.n <= 2);
    }
}

static void ncu_many(void)
{
    static struct profile_kernels k;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    struct err e = { 0 };

    fputs("ID,Kernel Name,gpu__time_duration.sum\n", f);
    for (int i = 0; i < PROFILE_KERNELS_MAX + 5; i++)
        fprintf(f, "%d,kernel_%d,%d\n", i, i, i + 1);
    fclose(f);
    CHECK_EQ(profile_kernels_read(text, &k, &e), 0);
    CHECK_EQ(k.n, PROFILE_KERNELS_MAX);
    CHECK_EQ(k.dropped, 5);
    CHECK_NEAR(k.kernel[0].time_ns, PROFILE_KERNELS_MAX, 0);
    free(text);
}

static void perf(void)
{
    struct profile_count c[PROFILE_COUNTS_MAX];
    char text[] = "# started on Sat Nov 21\n\n"
                  "2026.36;msec;task-clock:u;2026360000;100.00;1.0;CPUs utilized\n"
                  "<not supported>;;cycles;0;100.00;;\n"
                  "4,100;;instructions:u;1;100.00;;\n"
                  "12;;L1-dcache-load-misses;1\n";
    char nothing[] = "perf: no\n;;\n", empty[] = "";
    struct err e = { 0 };

    CHECK_EQ(profile_counts_read(text, c, &e), 4);
    CHECK_STR(c[0].event, "task-clock");
    CHECK_STR(c[0].unit, "msec");
    CHECK_NEAR(c[0].value, 2026.36, 1e-9);
    CHECK_STR(c[1].event, "cycles");
    CHECK(isnan(c[1].value));
    CHECK_NEAR(c[2].value, 4100, 0);
    CHECK_STR(c[3].event, "L1-dcache-load-misses");
    CHECK_EQ(profile_counts_read(nothing, c, &e), ERR_FORMAT);
    CHECK_EQ(profile_counts_read(empty, c, NULL), ERR_FORMAT);
}

static void typed(const struct words *w, const char *want)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    words_print(f, w);
    fclose(f);
    CHECK_STR(text, want);
    free(text);
}

static void commands(void)
{
    static struct words inside, out;
    const char *const extra[] = { "--set", "full" };
    struct profile_job job = { .tool = PROFILE_NCU,
                               .program = "ncu",
                               .report = "my report",
                               .extra = extra,
                               .n_extra = 2,
                               .inside = &inside };
    struct err e = { 0 };

    CHECK_EQ(words_add_list(&inside, (const char *const[]){ "headroom", "it's", "", NULL }, &e), 0);
    typed(&inside, "headroom 'it'\\''s' ''\n");
    CHECK_EQ(profile_command(&job, &out, &e), 0);
    typed(&out, "ncu --profile-from-start off --target-processes all --clock-control none "
                "--section SpeedOfLight --section ComputeWorkloadAnalysis --section "
                "MemoryWorkloadAnalysis --section WarpStateStats --section Occupancy --section "
                "LaunchStats --force-overwrite --export 'my report' --set full headroom "
                "'it'\\''s' ''\n");
    CHECK_EQ(profile_command_show(&job, &out, &e), 0);
    typed(&out, "ncu --csv --page raw --print-units base --import 'my report.ncu-rep'\n");
    job.tool = PROFILE_NSYS;
    job.program = "nsys";
    job.report = "r";
    CHECK_EQ(profile_command(&job, &out, &e), 0);
    typed(&out, "nsys profile --trace=cuda,nvtx --capture-range=cudaProfilerApi "
                "--capture-range-end=stop --force-overwrite=true --output r --set full headroom "
                "'it'\\''s' ''\n");
    job.tool = PROFILE_PERF;
    job.program = "perf";
    job.perf_control[0] = "fd:3,6";
    job.perf_control[1] = "fd:4,5";
    CHECK_EQ(profile_command_counts(&job, 7, &out, &e), 0);
    typed(&out, "perf stat --delay=-1 --control fd:3,6 --event "
                "task-clock,context-switches,cpu-migrations,page-faults,cycles,instructions,"
                "branches,branch-misses,cache-references,cache-misses --field-separator ';' "
                "--log-fd 7 -- headroom 'it'\\''s' '' --control fd:4,5\n");
    CHECK_EQ(profile_command(&job, &out, &e), 0);
    typed(&out, "perf record --delay=-1 --control fd:3,6 --output r.perf.data --set full -- "
                "headroom 'it'\\''s' '' --control fd:4,5\n");
    for (int i = 0; i < WORDS_MAX + 5; i++)
        words_add(&inside, "x", NULL);
    CHECK_EQ(inside.n, WORDS_MAX);
    CHECK_EQ(profile_command(&job, &out, &e), ERR_ARG);
}

static void places(void)
{
    char folder[] = "/tmp/headroom-profile.XXXXXX", search[200], tool[100], found[PROFILE_PATH];
    char why[200];

    CHECK(mkdtemp(folder) != NULL);
    snprintf(tool, sizeof(tool), "%s/perf", folder);
    snprintf(search, sizeof(search), ":/nonexistent::%s:/usr/bin", folder);
    close(open(tool, O_CREAT | O_WRONLY, 0600)); /* no program */
    CHECK(!profile_tool_find(PROFILE_PERF, folder, found));
    CHECK(!profile_tool_find(PROFILE_PERF, NULL, found));
    CHECK_EQ(chmod(tool, 0700), 0);
    CHECK(profile_tool_find(PROFILE_PERF, search, found));
    CHECK_STR(found, tool);
    unlink(tool);
    rmdir(folder);

    profile_tool_explain(PROFILE_NCU, "==ERROR== ERR_NVGPUCTRPERM - The user", why, sizeof(why));
    CHECK(strstr(why, "RestrictProfilingToAdminUsers") != NULL);
    profile_tool_explain(PROFILE_NCU, "==WARNING== No kernels were profiled.", why, sizeof(why));
    CHECK(strstr(why, "launches no kernel") != NULL);
    profile_tool_explain(PROFILE_NCU, "", why, sizeof(why));
    CHECK_STR(why, "");
}

int main(void)
{
    ncu();
    ncu_many();
    perf();
    commands();
    places();
    TEST_DONE();
}
