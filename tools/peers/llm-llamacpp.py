#!/usr/bin/env python3
"""Beside llama.cpp: prompts and decoding of the same files, on the same threads, in turns.

    tools/peers/llm-llamacpp.py HEADROOM LLAMA_BENCH FILE.gguf... [--threads N] [--rounds R] [-o OUT]

Each round runs llama-bench (pp512, tg128) and headroom (models.llm.prefill tokens=512,
models.llm.decode context=64: the middle of those 128) one after the other, in fresh processes; the
order changes with the round.  What is compared is the ratio within a round: the machine's state goes
into both.  Prints the median ratio and the range of all rounds; OUT holds every figure as JSON.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile


def llama(bench, path, threads):
    out = subprocess.run([bench, "-m", path, "-t", str(threads), "-p", "512", "-n", "128", "-r", "2",
                          "-o", "json"], capture_output=True, text=True, check=True).stdout
    rows = json.loads(out)
    return {"prefill": next(r["avg_ts"] for r in rows if r["n_prompt"]),
            "decode": next(r["avg_ts"] for r in rows if r["n_gen"])}


def ours(headroom, path, threads, seconds):
    word = "all" if threads > 1 else "one"
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.abspath(path), os.path.join(folder, "peer.gguf"))
        out = os.path.join(folder, "run.json")
        made = subprocess.run([headroom, "run", "models.llm.prefill", "models.llm.decode",
                               "--set", "model=peer", "--set", "tokens=512", "--set", "context=64",
                               "--set", "kv=on", "--set", "threads=" + word, "--models", folder,
                               "--seconds", str(seconds), "--repeat", "1", "--no-store", "-o", out],
                              capture_output=True, text=True)
        with open(out) as f:
            run = json.load(f)
    got = {}
    for row in run["results"]:
        if row["value"] is None:
            sys.exit("%s: %s" % (row["name"], row["reason"] or made.stderr))
        got[row["name"].split(".")[-1]] = {"value": row["value"], "limit": row["limit"]["percent"],
                                           "variant": row["variant"]}
    return got


def main():
    p = argparse.ArgumentParser()
    p.add_argument("headroom")
    p.add_argument("llama_bench")
    p.add_argument("files", nargs="+")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=2)
    p.add_argument("-o", "--output")
    a = p.parse_args()
    record = []
    print("%-28s %-8s %10s %10s   ratio (range of %d rounds)   of our limit" %
          ("file", "what", "headroom", "llama.cpp", a.rounds))
    for path in a.files:
        rounds = []
        for i in range(a.rounds):
            one = {}
            for side in ("ours", "llama") if i % 2 else ("llama", "ours"):
                one[side] = (ours(a.headroom, path, a.threads, a.seconds) if side == "ours" else
                             llama(a.llama_bench, path, a.threads))
            rounds.append(one)
        record.append({"file": os.path.basename(path), "threads": a.threads, "rounds": rounds})
        for what in ("prefill", "decode"):
            mine = [r["ours"][what]["value"] for r in rounds]
            peer = [r["llama"][what] for r in rounds]
            ratio = [x / y for x, y in zip(mine, peer)]
            limit = [r["ours"][what]["limit"] for r in rounds if r["ours"][what]["limit"]]
            print("%-28s %-8s %10.1f %10.1f   %.2f (%.2f to %.2f)   %s" %
                  (os.path.basename(path), what, statistics.median(mine), statistics.median(peer),
                   statistics.median(ratio), min(ratio), max(ratio),
                   "%.0f %%" % statistics.median(limit) if limit else "-"), flush=True)
    if a.output:
        with open(a.output, "w") as f:
            json.dump(record, f, indent=1)
            f.write("\n")


if __name__ == "__main__":
    main()
