/* report.js - what makes the page handy: sorting, filtering, copying, and words for every mark.
 * Without it the page says the same. */
"use strict";
(() => {
  const $ = (what, where = document) => where.querySelector(what);
  const all = (what, where = document) => [...where.querySelectorAll(what)];

  /* ---- the table of all results ---- */
  const table = $("#results");
  const body = table && table.tBodies[0];
  const filter = $("#filter"), attention = $("#attention"), shown = $("#shown");

  const sortBy = (th, column) => {
    const up = th.getAttribute("aria-sort") !== "ascending";
    const key = row => {
      const cell = row.cells[column], v = cell.dataset.v;
      return v === undefined ? cell.textContent.trim().toLowerCase() : v === "" ? null : Number(v);
    };
    const rows = [...body.rows].map((row, i) => ({ row, i, k: key(row) }));
    rows.sort((a, b) => {
      if (a.k === null || b.k === null) return (a.k === null) - (b.k === null) || a.i - b.i;
      return (a.k < b.k ? -1 : a.k > b.k ? 1 : 0) * (up ? 1 : -1) || a.i - b.i;
    });
    all("th[aria-sort]", table).forEach(x => x.removeAttribute("aria-sort"));
    th.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...rows.map(x => x.row));
  };

  const needsAttention = row =>
    row.classList.contains("failed") || row.classList.contains("invalid") ||
    /\b(unstable|slower|unclear)\b/.test(row.textContent);

  const applyFilter = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(w => text.includes(w)) ||
                   (attention.checked && !needsAttention(row));
      n += !row.hidden;
    }
    shown.textContent = n + " of " + body.rows.length + " rows";
  };

  const visibleCells = () =>
    [table.tHead.rows[0], ...[...body.rows].filter(r => !r.hidden)].map(row =>
      [...row.cells].map(c => c.textContent.trim().replace(/\s+/g, " ")));

  const asCsv = rows => rows.map(r => r.map(c => {
    const safe = /^[=+@-]/.test(c) && isNaN(Number(c)) ? "'" + c : c;
    return /[",\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  }).join(",")).join("\r\n") + "\r\n";

  const asMarkdown = rows => rows.map((r, i) => {
    const line = "| " + r.map(c => c.replace(/[|\\`*_<>[\]]/g, "\\$&")).join(" | ") + " |";
    return i ? line : line + "\n|" + " --- |".repeat(r.length);
  }).join("\n") + "\n";

  /* Pages from a disk may not have navigator.clipboard. */
  const copy = async text => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };

  if (table) {
    all("thead th", table).forEach((th, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = th.textContent;
      button.addEventListener("click", () => sortBy(th, column));
      th.replaceChildren(button);
    });
    $(".tools").hidden = false;
    filter.addEventListener("input", applyFilter);
    attention.addEventListener("change", applyFilter);
    all("[data-copy]").forEach(b => b.addEventListener("click", async () => {
      const rows = visibleCells();
      await copy(b.dataset.copy === "csv" ? asCsv(rows) : asMarkdown(rows));
      shown.textContent = "copied " + (rows.length - 1) + " rows";
    }));
    applyFilter();
  }

  /* ---- words for marks: by pointer, and with the arrow keys in a chart that has the focus ---- */
  const tip = $("#tip");
  let at = null;

  const show = mark => {
    if (at) at.classList.remove("at");
    at = mark;
    tip.hidden = !mark;
    if (!mark) return;
    mark.classList.add("at");
    tip.textContent = mark.dataset.tip;
    const box = mark.getBoundingClientRect(), w = tip.offsetWidth, h = tip.offsetHeight;
    const left = Math.min(Math.max(box.left + box.width / 2 - w / 2, 4), innerWidth - w - 4);
    tip.style.left = left + "px";
    tip.style.top = (box.top - h - 6 > 0 ? box.top - h - 6 : box.bottom + 6) + "px";
  };

  document.addEventListener("pointerover", e => {
    const mark = e.target.closest && e.target.closest("[data-tip]");
    if (mark || at) show(mark);
  });
  all("figure[tabindex]").forEach(figure => {
    const marks = all("[data-tip]", figure);
    const x = m => m.getBoundingClientRect().left;
    figure.addEventListener("keydown", e => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
      if (e.key === "Escape") show(null);
      if (!step || !marks.length) return;
      e.preventDefault();
      const order = [...marks].sort((a, b) => x(a) - x(b));
      const now = order.indexOf(at);
      show(order[now < 0 ? 0 : (now + step + order.length) % order.length]);
    });
    figure.addEventListener("blur", () => show(null));
  });
  addEventListener("scroll", () => {
    if (!at) return;
    const box = at.getBoundingClientRect();
    show(box.bottom > 0 && box.top < innerHeight ? at : null);
  }, { passive: true });

  /* ---- a link into a closed part opens it; paper shows all but the long lists of findings ---- */
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    for (let d = target && target.closest("details"); d; d = d.parentElement.closest("details"))
      d.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])").filter(d => !d.closest(".finding"));
    closed.forEach(d => { d.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach(d => { d.open = false; }));
})();
