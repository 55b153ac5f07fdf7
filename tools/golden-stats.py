#!/usr/bin/env python3
"""Known answers for test/test_stats.c, computed by NumPy and SciPy and not by our code.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy scipy
    /tmp/golden/bin/python tools/golden-stats.py > test/data/stats-golden.txt
"""
import math
import statistics
from fractions import Fraction

import numpy as np
from scipy import stats

KEYS_WHEN = {"p90": 29, "p95": 59, "p99": 299}  # the fewest samples for each


def order_interval(x):
    """Whole binomial ranks that enclose the median with 95 %, one less from above where enough."""
    s, n = np.sort(x), len(x)
    below = lambda k: stats.binom.cdf(k, n, 0.5)  # P(at most k samples below the median)
    d = max(k for k in range(1, n // 2 + 1) if 1 - 2 * below(k - 1) >= 0.95)
    less = 1 - below(d - 1) - below(d) >= 0.95
    return s[d - 1], s[n - d - less]


def lag1(v):
    """Exact until the last division."""
    v = [Fraction(float(a)) for a in v]
    mean = sum(v) / len(v)
    d = [a - mean for a in v]
    return float(sum(a * b for a, b in zip(d, d[1:])) / sum(a * a for a in d))


def rank_phi(x):
    return 2 * math.sin(math.pi / 6 * lag1(stats.rankdata(x)))


def batch_tau(x, batch):
    """n * variance of overlapping batch means of the signs / variance of a sign."""
    n, sign = len(x), np.sign(x - np.median(x))
    means = np.convolve(sign, np.ones(batch) / batch, mode="valid")
    var = ((means - sign.mean()) ** 2).sum() * n * batch / ((n - batch + 1) * (n - batch))
    return var / sign.var()


def effective_interval(x):
    n = len(x)
    phi = min(0.9999, (n * rank_phi(x) + 1) / (n - 3))
    k = np.arange(1, n)
    tau = 1 + 2 * ((1 - k / n) * 2 / math.pi * np.arcsin(phi**k)).sum()
    df = n * (1 - phi * phi) / 2
    batch = int(0.5 * (n * n) ** (1 / 3) + 1e-9)
    if n >= 64 and batch_tau(x, batch) > tau:
        tau, df = batch_tau(x, batch), 1.5 * n / batch
    half = stats.t.ppf(0.975, max(df, 3)) * 0.5 * math.sqrt(n * tau)
    places = np.arange(1, n + 1)
    return tuple(float(np.interp((n + 1) / 2 + sign * half, places, np.sort(x))) for sign in (-1, 1))


def kendall(x):
    """Mann-Kendall z, its variance inflated for an AR(1) process (Hamed & Rao 1998, eq. 9)."""
    n = len(x)
    s = sum(int(np.sign(x[i + 1:] - x[i]).sum()) for i in range(n - 1))
    ties = np.unique(x, return_counts=True)[1]
    var = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    if n >= 8:
        phi = (n * rank_phi(x - stats.theilslopes(x)[0] * np.arange(n)) + 2) / (n - 4)
        k = np.arange(1, n - 2)
        rho = 6 / math.pi * np.arcsin(min(0.9999, max(0, phi)) ** k / 2)
        var *= 1 + 2 * ((n - k) * (n - k - 1) * (n - k - 2) * rho).sum() / (n * (n - 1) * (n - 2))
    return 0.0 if s == 0 or var == 0 else (s - math.copysign(1, s)) / math.sqrt(var)


def method_of(x):
    n = len(x)
    if n < 6:
        return "none"
    if n < 8 or rank_phi(x) * math.sqrt(n) <= stats.norm.ppf(0.95):
        batch = int(0.5 * (n * n) ** (1 / 3) + 1e-9)
        limit = 1 + 2 * stats.norm.ppf(0.95) * math.sqrt(4 * batch / (3 * n))
        if n < 64 or batch_tau(x, batch) <= limit:
            return "order"
    return "effective"


def emit(name, x):
    x = np.asarray(x, dtype=np.float64)
    n, method, exact = len(x), method_of(x), [Fraction(float(v)) for v in x]
    q1, med, q3 = np.quantile(x, [0.25, 0.5, 0.75])
    outside = np.maximum(q1 - x, x - q3)
    out = {
        "mean": float(sum(exact) / n), "median": med, "min": x.min(), "max": x.max(),
        "q25": q1, "q75": q3, "mad": np.median(np.abs(x - med)), "stall": x.max() - med,
        "mild": int(((outside > 1.5 * (q3 - q1)) & (outside <= 3 * (q3 - q1))).sum()),
        "severe": int((outside > 3 * (q3 - q1)).sum()),
    }
    if n >= 2:
        out["std"] = statistics.stdev(x.tolist())
        out["jitter"] = float(sum(abs(b - a) for a, b in zip(exact, exact[1:])) / (n - 1))
    if n >= 8 and x.min() != x.max():
        out["lag1"] = lag1(x)
    for key, needs in KEYS_WHEN.items():
        if n >= needs:
            out[key] = np.quantile(x, int(key[1:]) / 100)
    if n >= 4:
        out["slope"] = stats.theilslopes(x)[0]
        out["z"] = kendall(x)
    if method == "order":
        out["lo"], out["hi"] = order_interval(x)
    elif method == "effective":
        out["lo"], out["hi"] = effective_interval(x)
    else:
        out["lo"], out["hi"] = x.min(), x.max()
    print(f"case {name} {n} {method}")
    print("x", *(repr(float(v)) for v in x))
    for key, value in out.items():
        print(key, repr(float(value)))
    print("end")


def ar1(rng, n, phi):
    x = np.empty(n)
    x[0] = rng.normal() / math.sqrt(1 - phi * phi)
    for i in range(1, n):
        x[i] = phi * x[i - 1] + rng.normal()
    return x


def main():
    rng = np.random.default_rng(20261121)
    emit("one", [42.5])
    emit("two", [3.0, 1.0])
    emit("five", [5.0, 1.0, 4.0, 2.0, 3.0])
    emit("six", [5.0, 1.0, 4.0, 2.0, 3.0, 9.0])
    emit("normal", np.round(rng.normal(1000, 5, 20), 6))
    emit("lognormal", np.round(rng.lognormal(3, 1, 61), 6))
    emit("quantised", np.round(rng.normal(100, 1.3, 64)))
    emit("offset", 1e15 + np.round(rng.normal(0, 3, 40)) / 8)
    emit("negative", np.round(rng.normal(-50, 20, 33), 6))
    emit("denormal", rng.integers(1, 900, 31) * 5e-324)
    emit("huge", np.round(rng.normal(1, 0.1, 25), 6) * 1e305)
    emit("n300", np.round(rng.normal(10, 1, 300), 4))
    emit("ar", np.round(100 + ar1(rng, 300, 0.7), 4))


main()
