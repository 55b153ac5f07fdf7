/* series.js - the time line to explore: uPlot in the place of the picture, one cursor and one zoom
 * for all charts. */
"use strict";
(() => {
  const spansAt = document.getElementById("spans");
  const spans = spansAt ? JSON.parse(spansAt.textContent) : [];
  const figures = [...document.querySelectorAll("figure[data-series]")];
  const sync = uPlot.sync("time");
  let plots = [];

  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const rowAt = t => {
    const hit = spans.find(s => t >= s[0] && t <= s[1]);
    return hit ? hit[2] : "between rows";
  };

  /* Shaded stripes: every second row. */
  const drawSpans = u => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.globalAlpha = 0.55;
    ctx.fillStyle = colour("--grid");
    spans.forEach((s, i) => {
      if (i % 2) return;
      const from = u.valToPos(s[0], "x", true), to = u.valToPos(s[1], "x", true);
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
    });
    ctx.restore();
  };

  /* A gap (null) where nothing was read for a while: no line is drawn across. */
  const withGaps = s => {
    const t = [], v = [];
    s.t.forEach((x, i) => {
      if (i && x - s.t[i - 1] > 2.5) {
        t.push((x + s.t[i - 1]) / 2);
        v.push(null);
      }
      if (t.length && x <= t[t.length - 1]) return;
      t.push(x);
      v.push(s.v[i]);
    });
    return [t, v];
  };

  const zoomAll = (min, max) => plots.forEach(p => p.setScale("x", { min, max }));
  const whole = () => zoomAll(0, Math.max(...spans.map(s => s[1]), 0.1));

  const options = (data, width, where) => ({
    width,
    height: 210,
    legend: { live: true },
    cursor: { sync: { key: sync.key }, drag: { x: true, y: false }, points: { size: 6 } },
    scales: { x: { time: false } },
    axes: [
      { stroke: colour("--soft"), grid: { stroke: colour("--grid") }, ticks: { show: false },
        size: 30, values: (u, v) => v.map(x => x + " s"), font: "12px system-ui" },
      { stroke: colour("--soft"), grid: { stroke: colour("--grid") }, ticks: { show: false },
        size: 62, font: "12px system-ui" },
    ],
    series: [
      { label: "time", value: (u, v) => v == null ? "" : v.toFixed(2) + " s" },
      ...data.series.map((s, i) => ({
        label: s.name,
        stroke: colour("--c" + i % 8),
        width: 1.6,
        points: { size: 3 },
        value: (u, v) => v == null ? "" : v.toPrecision(4) + " " + data.unit,
      })),
    ],
    hooks: {
      drawClear: [drawSpans],
      setCursor: [u => {
        where.textContent = u.cursor.left >= 0 ? rowAt(u.posToVal(u.cursor.left, "x")) : "";
      }],
      setSelect: [u => {
        if (u.select.width > 2)
          zoomAll(u.posToVal(u.select.left, "x"),
                  u.posToVal(u.select.left + u.select.width, "x"));
      }],
    },
  });

  const moveCursor = (u, e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (e.key === "Escape") return whole();
    if (!step) return;
    e.preventDefault();
    const left = Math.min(Math.max((u.cursor.left < 0 ? 0 : u.cursor.left) + 8 * step, 0),
                          u.over.clientWidth);
    u.setCursor({ left, top: u.over.clientHeight / 2 });
  };

  const build = () => {
    plots.forEach(p => p.destroy());
    document.querySelectorAll(".plot, .where").forEach(x => x.remove());
    plots = figures.map(figure => {
      const data = JSON.parse(figure.querySelector("script.data").textContent);
      const place = document.createElement("div"), where = document.createElement("p");
      place.className = "plot";
      place.tabIndex = 0;
      place.setAttribute("role", "application");
      place.setAttribute("aria-label", figure.querySelector("svg").getAttribute("aria-label"));
      where.className = "where";
      where.setAttribute("role", "status");
      figure.classList.add("live");
      figure.append(place, where);
      const joined = uPlot.join(data.series.map(withGaps));
      const u = new uPlot(options(data, place.clientWidth, where), joined, place);
      place.addEventListener("keydown", e => moveCursor(u, e));
      place.addEventListener("dblclick", whole);
      return u;
    });
    if (plots.length) whole();
  };

  build();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  let resizing = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(resizing);
    resizing = requestAnimationFrame(() => plots.forEach(p => p.setSize({
      width: p.root.parentElement.clientWidth, height: 210 })));
  });
})();
