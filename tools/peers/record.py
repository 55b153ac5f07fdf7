"""record.py - rows of other libraries as a result file of headroom (docs/schema/result-v1.json).

Machine and build are taken from a result that headroom itself made on this machine just before.
"""
import json
import math
import statistics
import time


def quantile(ordered, q):
    """Type 7 of Hyndman and Fan."""
    at = (len(ordered) - 1) * q
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def median_interval(samples):
    """The median and its 95 % interval by order statistics."""
    s, n = sorted(samples), len(samples)
    reach = 0.98 * math.sqrt(n)
    return (statistics.median(s), s[max(0, math.floor(n / 2 - reach))],
            s[min(n - 1, math.ceil(n / 2 + reach) - 1)])


def time_of(ns):
    s, n = sorted(ns), len(ns)
    median, lo, hi = median_interval(ns)
    of = {"n": n, "median_ns": median, "ci_ns": [lo, hi],
          "ci_method": "order_statistics" if n >= 6 else "none", "mean_ns": statistics.fmean(ns),
          "std_ns": statistics.stdev(ns), "mad_ns": statistics.median(abs(x - median) for x in ns),
          "min_ns": s[0], "max_ns": s[-1], "longest_stall_ns": s[-1] - median,
          "jitter_ns": statistics.fmean(abs(b - a) for a, b in zip(ns, ns[1:]))}
    for name, q, needs in (("p50_ns", 0.5, 1), ("p90_ns", 0.9, 29), ("p95_ns", 0.95, 59),
                           ("p99_ns", 0.99, 299)):
        of[name] = quantile(s, q) if n >= needs else None
    return of


def row(name, params, ns, flops, variant, error, tolerance, reference, inputs, notes=()):
    """A row whose value is useful GFLOPS from the times of single calls."""
    median, lo, hi = median_interval(ns)
    value, ci = flops / median, [flops / hi, flops / lo]
    why = "a peer: its limit stands in the row of headroom beside it"
    run = {"start_unix_s": time.time(), "value": value, "value_ci": ci, "reps_per_sample": 1,
           "samples_ns": ns, "samples_start_s": None, "time": time_of(ns),
           "outliers": {"mild": 0, "severe": 0}, "autocorrelation": None, "drift_pct": None,
           "throughput_per_second": None, "stop_reason": "budget", "why": "a fixed count of replays",
           "more_needed": 0, "interrupted": False, "warmup_samples": 0, "warmup_s": 0.0,
           "wall_s": 1e-9 * sum(ns), "sampled_s": 1e-9 * sum(ns), "samples": None,
           "clock_hz": {"median": None, "min": None, "max": None}, "cpu_time_s": None, "context_switches": None, "page_faults": None,
           "energy": {"energy_j": None, "energy_ci_j": None, "window_s": None, "idle_w": None,
                      "reason": "not asked for"}, "telemetry": []}
    return {"name": name, "params": params, "device": "gpu:0", "metric": "throughput",
            "unit": "GFLOPS", "direction": "higher", "status": "ok", "reason": None,
            "origin": "measured", "value": value, "value_ci": ci, "unstable": None,
            "limit": {"kind": None, "value": None, "value_ci": None, "source": None, "reason": why,
                      "percent": None},
            "limits": [], "expected": {"range": None, "source": None},
            "check": {"verdict": "passed", "reference": reference, "error": error,
                      "tolerance": tolerance, "passed_before": True, "passed_after": True},
            "variant": variant, "timing_mode": "graph", "inputs": inputs, "notes": list(notes),
            "floor_ns": None, "duration_s": 1e-9 * sum(ns),
            "work": {"flops": flops, "bytes": {"dram": 0.0, "cache": 0.0, "hbm": 0.0, "link": 0.0,
                                               "storage": 0.0}, "items": 0.0},
            "ops_latency": None, "runs": [run]}


def write(path, like, argv, rows):
    with open(like) as f:
        record = json.load(f)
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    record["run"].update(argv=argv, start=now, end=now, suite="custom", status="complete")
    record["results"] = rows
    with open(path, "w") as f:
        json.dump(record, f, indent=1)
        f.write("\n")
