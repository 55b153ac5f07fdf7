/* finding_rules.c - the rules: when something is said, why it usually is so, what to check next. */
#include <stddef.h>

#include "core/err.h"
#include "report/finding_tests.h"
#include "report/findings.h"

/* The thresholds as words. */
#define OTHERS       ERR_STR(FINDING_OTHERS_PCT)
#define STEAL        ERR_STR(FINDING_STEAL_PCT)
#define CLOCK_FALL   ERR_STR(FINDING_CLOCK_FALL_PCT)
#define THROTTLED    ERR_STR(FINDING_THROTTLED_PCT)
#define HOT          ERR_STR(FINDING_HOT_C)
#define WIDE         ERR_STR(FINDING_WIDE_PCT)
#define FLOOR        ERR_STR(FINDING_FLOOR_FACTOR)
#define LOW          ERR_STR(FINDING_LOW_PCT)
#define RANDOM_IOPS  ERR_STR(FINDING_RANDOM_IOPS)
#define RANDOM_DEPTH ERR_STR(FINDING_RANDOM_DEPTH)
#define LINK         ERR_STR(FINDING_LINK_PCT)
#define TAIL         ERR_STR(FINDING_TAIL_FACTOR)
#define OUTLIERS     ERR_STR(FINDING_OUTLIERS_PCT)

static const struct finding_rule rules[] = {
    { .name = "failed",
      .grade = FINDING_FAULT,
      .of_row = finding_failed,
      .title = "Rows without a number: they failed",
      .rule = "status is failed: set-up, the check against the reference, or the process of "
              "the row did not end well",
      .causes = "A wrong result (the check differs), no room on the disk or in memory, a "
                "device that was lost, a missing right.",
      .check = "Read the reason; run the row alone: headroom run NAME --set ...; headroom "
               "doctor says what this machine can do." },
    { .name = "above-limit",
      .grade = FINDING_FAULT,
      .of_row = finding_invalid,
      .title = "Better than possible: a measurement fault",
      .rule = "the whole interval of the value lies above the whole interval of its limit",
      .causes = "Data that stayed in a cache, work that was counted and not done, or a clock "
                "above the one that the limit assumes.",
      .check = "Look at the limit's formula and its clock; run the row again with the ceiling "
               "beside it (headroom run silicon.*)." },
    { .name = "not-a-measurement",
      .grade = FINDING_FAULT,
      .of_row = finding_unsound,
      .title = "Another tool's figure that is no measurement",
      .rule = "an imported row is invalid: its file says so, or its tool is known to do it wrong",
      .causes = "A command that failed while it was timed, a figure that was computed from a "
                "constant, or one of other work than its name says.",
      .check = "Measure it here (headroom list names what there is)." },
    { .name = "tensor-units-unused",
      .grade = FINDING_FAULT,
      .of_row = finding_no_tensor_units,
      .title = "Half precision is no faster than single",
      .rule = "on a GPU fp16 or bf16 reaches no more than fp32 with the same settings",
      .causes = "The matrix units are not in use: a library without kernels for this GPU, a "
                "shape or alignment that they do not take, a forced math mode.",
      .check = "Compare path=loop with path=cublaslt of silicon.compute; check the "
               "library's version against the GPU's generation." },
    { .name = "run-not-whole",
      .grade = FINDING_WARNING,
      .of_run = finding_not_whole,
      .title = "The run did not end by itself",
      .rule = "the run's status is not complete",
      .causes = "It was interrupted, killed, or is still going on. Rows that were measured "
                "stand.",
      .check = "Repeat it; what was measured until then is in the file." },
    { .name = "busy-machine",
      .grade = FINDING_WARNING,
      .of_run = finding_is_busy,
      .title = "Others were at work on this machine",
      .rule = "before the run others used more than " OTHERS " % of one CPU, or the hypervisor "
              "took more than " STEAL " %",
      .causes = "A build, a download, another run, a desktop. Memory and shared caches suffer "
                "first.",
      .check = "Stop them and run again; compare system.others_cpu in the time series below." },
    { .name = "disturbed",
      .grade = FINDING_WARNING,
      .of_row = finding_others_ran,
      .title = "Rows that others disturbed",
      .rule = "while the row was measured others used more than " OTHERS " % of one CPU, or "
              "the hypervisor took more than " STEAL " %",
      .causes = "A background job on this machine, or neighbours on a shared host.",
      .check = "See system.others_cpu and system.steal in the time series; on a shared host "
               "repeat at another hour or with --repeat 6." },
    { .name = "unstable",
      .grade = FINDING_WARNING,
      .of_row = finding_unstable,
      .title = "Rows that another run may find elsewhere",
      .rule = "the values of the row's processes differ by a standard deviation of more than 5 "
              "%, or one process alone saw a trend, a level shift or wandering samples",
      .causes = "Clocks that go down with heat or power limits, neighbours on a shared host, "
                "wide vector units or matrix tiles that are switched on late.",
      .check = "Look at the samples over time and the clock under the row; give it more time "
               "(--seconds 10), or fresh processes (--repeat 6)." },
    { .name = "clock-fell",
      .grade = FINDING_WARNING,
      .of_row = finding_clock_fell,
      .title = "The clock fell",
      .rule = "the lowest clock seen under the row is more than " CLOCK_FALL " % below the "
              "median",
      .causes = "Heat, a power limit, wide vector instructions, or a core that was taken away "
                "for a moment.",
      .check = "Check governor and boost in the environment, cooling and power limits; on a "
               "virtual machine the host decides." },
    { .name = "throttled",
      .grade = FINDING_WARNING,
      .of_row = finding_throttled,
      .title = "The device's clock was held down",
      .rule = "a reason to throttle was given for more than " THROTTLED " % of the row's window",
      .causes = "The power cap is reached (normal for dense matrix products), heat, or the "
                "board's power supply.",
      .check = "Look at power, temperature and clock under the row; nvidia-smi -q -d "
               "PERFORMANCE,POWER; read the row as what the device sustains." },
    { .name = "hot",
      .grade = FINDING_WARNING,
      .of_row = finding_hot,
      .title = "Hot",
      .rule = "a sensor read more than " HOT " C under the row",
      .causes = "Cooling: dust, a fan that stands still, hot air coming in, a rack that is too "
                "dense.",
      .check = "Look at the temperature over time: does the clock go down where it goes up?" },
    { .name = "below-usual-memory",
      .grade = FINDING_WARNING,
      .of_row = finding_below_memory,
      .title = "Memory slower than on machines of its kind",
      .rule = "the whole interval lies below what is usual for this CPU's generation",
      .causes = "Not all memory channels are filled, memory runs below its rating, all threads "
                "on one NUMA node, other guests on the host.",
      .check = "dmidecode -t memory (slots and speed), numactl --hardware; compare threads=one "
               "with threads=all." },
    { .name = "below-usual-compute",
      .grade = FINDING_WARNING,
      .of_row = finding_below_compute,
      .title = "Arithmetic slower than on machines of its kind",
      .rule = "the whole interval lies below what is usual for this CPU's generation",
      .causes = "A low clock (governor, power limit, heat), a container with part of the CPUs, "
                "two threads that share a core.",
      .check = "Compare the clock in the limit's source with the CPU's turbo; headroom info "
               "shows quota and affinity." },
    { .name = "below-usual-gpu",
      .grade = FINDING_WARNING,
      .of_row = finding_below_gpu,
      .title = "The GPU is slower than others of its kind",
      .rule = "the whole interval lies below what is usual for this model",
      .causes = "A power cap, heat, a lower clock set by somebody, another process on the GPU, "
                "MIG, a link with fewer lanes.",
      .check = "nvidia-smi -q -d CLOCK,POWER,PERFORMANCE; look at clock and power under the "
               "row; headroom doctor." },
    { .name = "below-usual-storage",
      .grade = FINDING_WARNING,
      .of_row = finding_below_storage,
      .title = "Storage slower than usual",
      .rule = "the whole interval lies below what is usual for storage of this kind",
      .causes = "A network or virtual disk with a quota, a full or worn SSD, a busy disk, a "
                "file system that copies on write.",
      .check = "headroom info (storage: device, file system, scheduler); try --dir on another "
               "disk." },
    { .name = "slow-link",
      .grade = FINDING_WARNING,
      .of_row = finding_slow_link,
      .title = "A link between GPUs that is slower than the others",
      .rule = "the whole interval lies more than " LINK " % below the median of the other "
              "pairs of GPUs",
      .causes = "A link that runs with fewer lanes or is down, two GPUs without a direct way, "
                "traffic of others.",
      .check = "nvidia-smi topo -m and nvidia-smi nvlink --status; the matrix of transfers." },
    { .name = "random-reads-slow",
      .grade = FINDING_WARNING,
      .of_row = finding_random_reads_slow,
      .title = "Random reads as slow as on a spinning disk",
      .rule = "fewer than " RANDOM_IOPS " random reads a second at a depth of " RANDOM_DEPTH " "
              "or more",
      .causes = "A spinning disk, a quota of a cloud volume, or a file system that serialises "
                "reads.",
      .check = "cat /sys/block/DEVICE/queue/rotational; the volume's IOPS limit at the cloud "
               "provider; another --dir." },
    { .name = "governor",
      .grade = FINDING_WARNING,
      .of_run = finding_saving_power,
      .title = "The CPU saves power",
      .rule = "the frequency governor is powersave, conservative or ondemand",
      .causes = "The distribution's default. On CPUs that choose their clock in hardware, "
                "powersave may be harmless.",
      .check = "cpupower frequency-set -g performance, then compare the two runs." },
    { .name = "wide-interval",
      .grade = FINDING_WARNING,
      .of_row = finding_wide,
      .title = "Values that are not precise",
      .rule = "half the 95 % interval is more than " WIDE " % of the value: a change below "
              "that cannot be seen",
      .causes = "Too few samples for the spread, or three set-ups that differ among themselves.",
      .check = "More time (--seconds 10) where samples are few; more processes (--repeat 6) "
               "where set-ups differ." },
    { .name = "below-resolution",
      .grade = FINDING_WARNING,
      .of_row = finding_below_floor,
      .title = "Too short to be timed well",
      .rule = "one sample takes less than " FLOOR " times what reading the clock takes",
      .causes = "The work is smaller than the clock's resolution.",
      .check = "Enlarge the work (--set), or read it as an upper bound of the time." },
    { .name = "half-of-limit",
      .grade = FINDING_HINT,
      .of_row = finding_far_from_limit,
      .title = "Less than half of the limit is reached",
      .rule = "the value is below " LOW " % of its binding limit (the phases of good "
              "performance: 50, 80, 90 %)",
      .causes = "Silicon: a library without kernels for this CPU, a share of the machine, a "
                "paper limit that this model never reaches. Kernels and models: launches, "
                "latency or occupancy rather than bytes and operations.",
      .check = "Compare the variants of the same operation; look at the roofline: a point far "
               "below both roofs is bound by latency." },
    { .name = "one-thread",
      .grade = FINDING_HINT,
      .of_row = finding_one_thread,
      .title = "One thread against the whole machine's limit",
      .rule = "threads=one reaches less than " LOW " % of a limit that counts all channels or "
              "cores",
      .causes = "Nothing is wrong: one core keeps too few cache lines in flight to fill all "
                "channels.",
      .check = "Read the rows with threads=all for what the machine can do." },
    { .name = "outliers",
      .grade = FINDING_HINT,
      .of_row = finding_many_outliers,
      .title = "Many samples far outside",
      .rule = "more than " OUTLIERS " % of the samples lie outside of 3 interquartile ranges; "
              "they are kept",
      .causes = "Interrupts, other processes, garbage collection of an SSD, clock changes.",
      .check = "Look at the samples over time: bursts come from others, a second level from "
               "clocks or placement." },
    { .name = "long-tail",
      .grade = FINDING_HINT,
      .of_row = finding_long_tail,
      .title = "A long tail of slow operations",
      .rule = "p99 is more than " TAIL " times the median of single operations",
      .causes = "Queueing in the device, its garbage collection, a quota that throttles in "
                "steps.",
      .check = "Lower the depth, look at the percentiles below; on a cloud volume look at its "
               "burst credit." },
    { .name = "page-cache",
      .grade = FINDING_HINT,
      .of_row = finding_page_cache,
      .title = "Not the disk: the page cache answered",
      .rule = "cache=page",
      .causes = "It is what the row is for: the ceiling of reading files that are in memory.",
      .check = "For the disk read the rows with cache=direct." },
    { .name = "not-measured-here",
      .grade = FINDING_HINT,
      .of_row = finding_foreign,
      .title = "Values that this run did not measure",
      .rule = "the origin is estimated, synthetic or imported",
      .causes = "They came from a file, from a model with made-up weights, or from a formula.",
      .check = "Do not compare them with measured ones without saying so." },
    { .name = "no-limit",
      .grade = FINDING_HINT,
      .of_row = finding_without_limit,
      .title = "No limit is known",
      .rule = "the row has no binding limit, so it has no headroom either",
      .causes = "Nobody publishes one (latency of a load, a virtual disk), or the ceiling "
                "could not be measured.",
      .check = "Read the value against machines of its kind, or against an earlier run." },
    { .name = "skipped",
      .grade = FINDING_HINT,
      .of_row = finding_skipped,
      .title = "Rows that this machine cannot measure",
      .rule = "status is skipped",
      .causes = "The CPU or GPU lacks it, or a library is not installed.",
      .check = "headroom doctor lists what is missing and how to get it." },
    { .name = "dirty-build",
      .grade = FINDING_HINT,
      .of_run = finding_dirty_build,
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
