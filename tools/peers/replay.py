"""replay.py - calls of other libraries under CUDA graphs, replayed in turns.

Each contender is recorded twice, LAUNCHES calls a graph: over one set of inputs again and again
("warm": what fits stays in the L2 cache), and over all its sets in turn ("rotated": together they
should exceed the L2 cache twice).  A sample is the time of one replay over LAUNCHES.
"""
import math

import torch

LAUNCHES = 20


class Recorded:
    """A contender's graphs over one set and over all, and what replaying them took."""

    def __init__(self, name, call, sets):
        self.name, self.samples = name, {"warm": [], "rotated": []}
        self.call = call  # the graphs read what it holds
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for i in range(min(3, sets)):
                self.out = call(i)
        torch.cuda.current_stream().wait_stream(side)
        self.graphs = {}
        for how in self.samples:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                for i in range(LAUNCHES):
                    last = call(i % sets if how == "rotated" else 0)
            self.graphs[how] = (graph, last)

    def output(self):
        graph, last = self.graphs["warm"]
        last.fill_(math.nan)
        graph.replay()
        torch.cuda.synchronize()
        return last

    def sample(self, how, replays):
        graph = self.graphs[how][0]
        marks = [torch.cuda.Event(enable_timing=True) for _ in range(replays + 1)]
        graph.replay()
        marks[0].record()
        for mark in marks[1:]:
            graph.replay()
            mark.record()
        torch.cuda.synchronize()
        self.samples[how] += [1e3 * a.elapsed_time(b) / LAUNCHES for a, b in zip(marks, marks[1:])]


def in_turns(runs, rounds, replays):
    """Every round begins with another contender."""
    for i in range(rounds if runs else 0):
        for r in runs[i % len(runs):] + runs[:i % len(runs)]:
            for how in r.samples:
                r.sample(how, replays)


def sets_beyond_l2(bytes_of_one):
    l2 = torch.cuda.get_device_properties(0).L2_cache_size
    return max(3, min(LAUNCHES, math.ceil(2 * l2 / bytes_of_one)))
