#!/usr/bin/env python3
"""check_page.py PROGRAM SOURCE [FOLDER] - the HTML report as a reader meets it, in Chromium with the
network off: no complaint, nothing fetched, a text for every chart and data in it, nothing wider than
the window, usable by keyboard, in the dark and on paper.  Pictures go to FOLDER.

Ends with 77 where there is no Chromium.  What the checks would see is planted once, and must be
seen."""
import glob
import html.parser
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser  # noqa: E402

failures = []


def fail(where, what):
    failures.append(what)
    print("FAILED: %s: %s" % (where, what))


# ---- what a page must be ----

class Balance(html.parser.HTMLParser):
    """Every element that is opened is closed, in order."""
    def __init__(self):
        super().__init__()
        self.open, self.bad = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "input", "br", "img"):
            self.open.append((tag, self.getpos()))

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        else:
            self.bad.append("</%s> at line %d" % (tag, self.getpos()[0]))


def unbalanced(text):
    parser = Balance()
    parser.feed(text)
    return (parser.bad + ["<%s> at line %d" % (t, p[0]) for t, p in parser.open])[:3]


CHARTS = """(() => {
  const bad = [];
  const name = e => (e.closest("figure, td, p, section") || e).textContent.trim().slice(0, 60);
  document.querySelectorAll("svg").forEach(s => {
    if (s.getAttribute("aria-hidden") === "true") return;
    if (s.getAttribute("role") !== "img" || !(s.getAttribute("aria-label") || "").trim())
      bad.push("no text alternative: " + name(s));
    if (/NaN|inf/.test(s.outerHTML.replace(/>[^<]*</g, "><")))
      bad.push("a place that is no number: " + name(s));
    if (!s.querySelector(".mark, .roof.measured")) bad.push("a chart without data: " + name(s));
  });
  document.querySelectorAll("svg.bar").forEach(s => {
    if (!s.querySelector(".got")) bad.push("a bar without data: " + name(s));
  });
  document.querySelectorAll("figure").forEach(f => {
    if (!f.querySelector("svg, canvas")) bad.push("a figure without a chart: " + name(f));
    if (!f.querySelector("figcaption")) bad.push("a figure without a caption: " + name(f));
  });
  document.querySelectorAll("figure[data-series]").forEach(f => {
    const c = f.querySelector("canvas");
    if (!c) return bad.push("no chart to explore: " + name(f));
    const p = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    let seen = new Set();
    for (let i = 0; i < p.length; i += 4) if (p[i + 3]) seen.add(p[i] + "," + p[i+1] + "," + p[i+2]);
    if (seen.size < 3) bad.push("an empty canvas: " + name(f));
  });
  document.querySelectorAll("section").forEach(s => {
    if (!s.querySelector("svg[role=img], svg.bar, table, .nodata, .finding, .tile, p:not(.how)"))
      bad.push("a section that says nothing: " + s.id);
  });
  document.querySelectorAll("[id]").forEach(e => {
    if (document.querySelectorAll("#" + CSS.escape(e.id)).length > 1)
      bad.push("twice the same id: " + e.id);
  });
  document.querySelectorAll("a[href^='#']").forEach(a => {
    if (!document.getElementById(a.getAttribute("href").slice(1)))
      bad.push("a link to nothing: " + a.getAttribute("href"));
  });
  return bad;
})()"""

LAYOUT = """(() => {
  const bad = [];
  if (document.documentElement.scrollWidth > innerWidth)
    bad.push("wider than the window: " + document.documentElement.scrollWidth);
  document.querySelectorAll("section").forEach(s => {
    if (s.scrollWidth > s.clientWidth + 1) bad.push("cut off at the right: " + s.id);
  });
  return bad;
})()"""

TABLE = """(() => {
  const bad = [], body = document.querySelector("#results").tBodies[0];
  const column = [...document.querySelectorAll("#results thead th")].findIndex(
      h => h.textContent.startsWith("reached"));
  const button = document.querySelectorAll("#results thead th button")[column];
  const values = () => [...body.rows].map(r => r.cells[column].dataset.v).filter(v => v).map(Number);
  const ordered = (v, s) => v.every((x, i) => !i || s * (x - v[i - 1]) >= 0);
  button.click();
  if (!ordered(values(), 1)) bad.push("not sorted upwards");
  button.click();
  if (!ordered(values(), -1)) bad.push("not sorted downwards");
  const filter = document.querySelector("#filter");
  filter.value = "dram READ";
  filter.dispatchEvent(new Event("input"));
  const left = [...body.rows].filter(r => !r.hidden);
  if (!left.length || !left.every(r => /dram/.test(r.textContent) && /read/.test(r.textContent)))
    bad.push("not filtered");
  filter.value = "";
  filter.dispatchEvent(new Event("input"));
  return bad;
})()"""

# Contrast of text on what is behind it, by WCAG 2: 4.5 to 1.
CONTRAST = """(() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const lum = c => { const [r, g, b] = c.map(x => { x /= 255;
    return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (c.startsWith("rgb(")) return parse(c); } return [255, 255, 255]; };
  const bad = new Set();
  document.querySelectorAll("h1, h2, h3, p, dd, dt, th, td, a, summary, li, .tile b").forEach(e => {
    if (!e.textContent.trim() || e.matches(".heat")) return;
    const a = lum(parse(getComputedStyle(e).color).slice(0, 3)), b = lum(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.add(e.tagName + "." + e.className + " " + ratio.toFixed(1));
  });
  return [...bad];
})()"""


def complaints_of(b, page):
    b.open(page)
    b.run("new Promise(r => setTimeout(r, 50))")
    return b.complaints() + b.run(CHARTS) + b.run(LAYOUT)


def keyboard(b):
    """Tab reaches the page's parts in order, arrows the marks of a chart."""
    bad = []
    b.run("document.body.focus()")
    b.key("Tab")
    if b.run("document.activeElement.className") != "skip":
        bad.append("the first stop is not the link past the navigation")
    reached = set()
    for _ in range(400):
        b.key("Tab")
        at = b.run("(() => { const e = document.activeElement, s = e.closest('section'); return "
                   "e === document.body ? '' : s ? s.id : 'top' })()")
        if not at:
            break
        reached.add(at)
    for section in ("roofline", "samples", "table", "machine"):
        if section not in reached:
            bad.append("the keyboard does not reach " + section)
    b.run("document.querySelector('#roofline figure').focus()")
    b.key("ArrowRight")
    if b.run("document.getElementById('tip').hidden"):
        bad.append("an arrow key shows no words for a mark")
    b.key("Escape")
    return bad


SIZES = ((360, 740), (800, 1000), (1440, 900))


def look(b, page, folder, name):
    """Every size, in the light and in the dark; pages beside the first in the narrowest, in the light,
    unless pictures are wanted."""
    whole = name == "standard" or folder
    for width, height in SIZES if whole else SIZES[:1]:
        for scheme in ("light", "dark") if whole else ("light",):
            where = "%s, %d wide, %s" % (name, width, scheme)
            b.size(width, height)
            b.media(scheme)
            for what in complaints_of(b, page):
                fail(where, what)
            if width == 360:
                for what in b.run(CONTRAST):
                    fail(where, "hard to read: " + what)
            dark = b.run("getComputedStyle(document.body).backgroundColor")
            if (sum(int(x) for x in dark[4:-1].split(",")[:3]) < 200) != (scheme == "dark"):
                fail(where, "the ground is " + dark)
            if folder:
                b.picture(os.path.join(folder, "%s-%d-%s.png" % (name, width, scheme)))


def paper(b, page, folder, name):
    """Printed from the dark: dark ink, every part open, the picture in the place of the canvas."""
    b.size(1000, 1000)
    b.media("dark", "print")
    b.open(page)
    ink = b.run("getComputedStyle(document.body).color")
    if sum(int(x) for x in ink[4:-1].split(",")[:3]) > 200:
        fail(name, "printed in light ink: " + ink)
    if b.run("[...document.querySelectorAll('.plot')].some(e => e.offsetParent)"):
        fail(name, "a canvas on paper")
    b.run("dispatchEvent(new Event('beforeprint'))")
    if b.run("[...document.querySelectorAll('details:not([open])')].some(d => !d.closest('.finding'))"):
        fail(name, "closed parts on paper")
    b.run("dispatchEvent(new Event('afterprint'))")
    if folder:
        b.media("light", "")
        b.paper(os.path.join(folder, name + ".pdf"))


# ---- the pages ----

def hostile(path, out):
    """The same run with markup in every text that may hold any."""
    attack = "</script></title><script>window.broken = 1</script><img src=x onerror='window.broken=1'>"
    with open(path) as f:
        run = json.load(f)

    def spoil(x, key=""):
        if isinstance(x, dict):
            return {k: spoil(v, k) for k, v in x.items()}
        if isinstance(x, list):
            return [spoil(v, key) for v in x]
        free = ("model", "reason", "source", "notes", "variant", "inputs", "why", "hostname", "name",
                "reference", "argv", "id")
        if isinstance(x, str) and key in free and not x.startswith("silicon."):
            return attack[:30] if key == "id" else attack
        return x

    run["machine"] = spoil(run["machine"])
    run["run"]["argv"] = spoil(run["run"]["argv"], "argv")
    for row in run["results"]:
        row["notes"] = [attack] * len(row["notes"])
        row["variant"] = attack[:60]
        row["inputs"] = attack[:90]
        row["params"] = {k: ("<b>%s" % v)[:30] if k != "level" else v
                         for k, v in row["params"].items()}
        for one in row["runs"]:
            one["why"] = attack[:110]
            for series in one["telemetry"]:
                series["name"] = ("</script>" + series["name"])[:30]
                if series["reason"]:
                    series["reason"] = attack[:90]
        row["check"]["reference"] = row["check"]["reference"] and attack[:90]
    with open(out, "w") as f:
        json.dump(run, f)


def rich(path, out):
    """The same run with what a machine of four GPUs would add: made up, to fill every chart."""
    with open(path) as f:
        run = json.load(f)
    hbm = next(r for r in run["results"] if r["device"] == "gpu:0")
    for a in range(4):
        for b in range(4):
            if a != b:
                row = json.loads(json.dumps(hbm))
                row["device"] = "gpu:%d" % a
                row["params"] = {"op": "read", "level": "peer", "peer": str(b), "size": "256MiB"}
                row["work"]["bytes"].update(hbm=0, link=2**28)
                run["results"].append(row)
    for op in ("h2d", "d2h", "bidirectional"):
        for memory in ("pinned", "pageable"):
            row = json.loads(json.dumps(hbm))
            row["params"] = {"op": op, "level": "host", "memory": memory, "size": "256MiB"}
            row["work"]["bytes"].update(hbm=0, link=2**28)
            run["results"].append(row)
    kernel = json.loads(json.dumps(hbm))
    kernel.update(name="kernels.gemm", params={"dtype": "fp16"})
    kernel["work"]["flops"] = 3e12
    kernel["properties"] = [
        {"name": "bytes_per_token", "value": 98304000, "unit": "bytes", "text": None},
        {"name": "logits_hash", "value": None, "unit": None, "text": "<b>cbf29ce484222325"}]
    run["results"].append(kernel)
    for i, row in enumerate(run["results"]):
        for one in row["runs"]:
            t = [k / 10 for k in range(20)]
            for name, unit, level in (("gpu.power", "W", 120), ("gpu.temperature", "C", 41),
                                      ("gpu.sm_clock", "MHz", 1980), ("cpu.power", "W", 210),
                                      ("gpu.throttle_power_cap", "%", 0)):
                one["telemetry"].append({"name": name, "unit": unit, "t_s": t, "reason": None,
                                         "values": [level + 3 * ((i + k) % 9) for k in range(20)]})
    with open(out, "w") as f:
        json.dump(run, f)


def session(path, day, slower, out):
    """The same run on another day, one row slower by this factor."""
    with open(path) as f:
        run = json.load(f)
    run["run"].update(id="2026120%dT000000Z-0000000%d" % (day, day),
                      start="2026-12-0%dT00:00:00.000Z" % day, end="2026-12-0%dT00:01:00.000Z" % day)
    factor = slower * (1 + 0.002 * (day * 7 % 5 - 2))
    row = next(r for r in run["results"] if r["status"] == "ok" and r["direction"] == "higher" and
               r["limit"]["percent"])
    for part in (row, *row["runs"]):
        part["value"] /= factor
        part["value_ci"] = [x / factor for x in part["value_ci"]]
    row["limit"]["percent"] /= factor
    for one in row["runs"]:
        one["samples_ns"] = [x * factor for x in one["samples_ns"]]
        for key, x in (one["time"] or {}).items():
            if key == "ci_ns":
                one["time"][key] = [y * factor for y in x]
            elif key.endswith("_ns") and x is not None:
                one["time"][key] = x * factor
        if one["throughput_per_second"]:
            one["throughput_per_second"] = [x / factor for x in one["throughput_per_second"]]
    with open(out, "w") as f:
        json.dump(run, f)


def planted(b, page, folder):
    """The checks themselves: each fault put into a good page must be seen."""
    with open(page) as f:
        good = f.read()
    faults = {
        "a script that fails": ("<main>", "<main><script>nothing.at.all</script>"),
        "a picture from elsewhere":
            ("img-src data:", "img-src *' data:", "<main>",
             "<main><img alt='' src='http://headroom.invalid/x.png'>"),
        "a chart without data": ("<main>", "<main><svg role='img' aria-label='x'></svg>"),
        "no text alternative": ("role=\"img\" aria-label=\"Roofline", "data-x=\"Roofline"),
        "too wide": ("<main>", "<main><p style='width:3000px'>x</p>"),
    }
    b.size(800, 900)
    b.media("light")
    if not unbalanced(good.replace("</main>", "<b></main>")):
        fail("the checks", "do not see what is not closed")
    for what, change in faults.items():
        text = good
        for old, new in zip(change[::2], change[1::2]):
            if old not in text:
                fail(what, "cannot be planted: no %s" % old)
            text = text.replace(old, new, 1)
        path = os.path.join(folder, "planted.html")
        with open(path, "w") as f:
            f.write(text)
        if not complaints_of(b, path):
            fail("the checks", "do not see " + what)


def main():
    headroom, source = os.path.abspath(sys.argv[1]), sys.argv[2]
    shots = sys.argv[3] if len(sys.argv) > 3 else None
    if not browser.program():
        print("skipped: no chromium to look at the page with (Debian: chromium)")
        return 77
    results = os.path.join(source, "results")
    standard = sorted(glob.glob(os.path.join(results, "*-h200-standard.json")))[-1]
    quick = sorted(glob.glob(os.path.join(results, "*-h200-quick.json")))[-1]
    with tempfile.TemporaryDirectory(prefix="headroom-web.") as folder:
        bad = os.path.join(folder, "hostile.json")
        hostile(standard, bad)
        full = os.path.join(folder, "rich.json")
        rich(quick, full)
        days = [os.path.join(folder, "day%d.json" % day) for day in range(1, 9)]
        for day, path in enumerate(days, 1):
            session(quick, day, 1.15 if day >= 5 else 1, path)
        pages = {"standard": [standard], "hostile": [bad], "history": days, "rich": [full]}
        targets = os.path.join(folder, "targets.json")
        with open(targets, "w") as f:
            json.dump({"schema": 1, "title": "of this test", "targets": [
                {"id": "hbm", "what": "reads", "of": "percent", "name": "silicon.memory",
                 "bound": ">=", "value": 50, "source": "nobody"}]}, f)
        for name, runs in pages.items():
            more = ["--targets", targets] if name == "rich" else []
            page = os.path.join(folder, name + ".html")
            made = subprocess.run([headroom, "report", *runs, *more, "-o", page], capture_output=True,
                                  text=True)
            if made.returncode:
                fail(name, "headroom report: %d: %s" % (made.returncode, made.stderr))
                return 1
            with open(page) as f:
                for what in unbalanced(f.read()):
                    fail(name, "not closed in order: " + what)
            print("%s: %d bytes" % (name, os.path.getsize(page)))
        if os.path.getsize(os.path.join(folder, "standard.html")) > 1500000:
            fail("standard", "larger than 1.5 MB")
        with open(os.path.join(folder, "rich.html")) as f:
            if 'class="nodata"' in f.read().replace('<p class="nodata"><b>History', ""):
                fail("rich", "a chart without data, where there are data for each")
        with open(os.path.join(folder, "history.html")) as f:
            text = f.read()
            if text.count('class="step"') != 1 or "day5.json</b>" not in text:
                fail("history", "the one step, at the fifth of eight runs, is not shown")
        b = browser.Browser()
        try:
            for name in pages:
                look(b, os.path.join(folder, name + ".html"), shots, name)
                if b.run("window.broken"):
                    fail(name, "a text of the file was run")
            page = os.path.join(folder, "standard.html")
            b.size(1440, 900)
            b.media("light")
            b.open(page)
            for what in b.run(TABLE) + keyboard(b):
                fail("standard", what)
            paper(b, page, shots, "standard")
            planted(b, page, folder)
        finally:
            b.close()
    print("%d faults" % len(failures) if failures else "all pages are as they should be")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
