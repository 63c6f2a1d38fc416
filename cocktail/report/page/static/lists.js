"use strict";
// Claims with their verdicts, failures with their reasons, and the index of methods.
(function () {
  const { data, state, el, byId } = cocktail;
  const MARKS = { holds: "✓", fails: "✗", "not distinguishable": "≈", "not run": "–" };
  const PLURAL = { holds: "hold", fails: "fail" };
  const NUMBERS = ["difference", "scenes"];
  const STYLES = { holds: "holds", fails: "fails", "not distinguishable": "open", "not run": "dim" };

  function table(target, headings, rows) {
    target.replaceChildren(
      el("thead", null, el("tr", null, ...headings.map((h) => el("th", { scope: "col", class: NUMBERS.includes(h) ? "number" : null }, h)))),
      el("tbody", null, ...rows.map((cells) => el("tr", null, ...cells.map((c, i) => {
        const cell = c instanceof Node && c.tagName === "TD" ? c : el("td", null, c);
        cell.dataset.heading = headings[i];
        cell.classList.toggle("none", ["", "–"].includes(cell.textContent));
        return cell;
      })))));
  }

  cocktail.views.claims = function () {
    const counts = Object.keys(MARKS).map((v) => [data.claims.filter((c) => c.verdict === v).length, v])
      .map(([n, v]) => n + " " + (n === 1 ? v : PLURAL[v] || v));
    byId("h-claims").textContent = "Claims: " + counts.join(", ");
    table(byId("claims-table"), ["verdict", "claim", "compared", "difference", "scenes"], data.claims.map((c) => [
      el("td", { class: STYLES[c.verdict] }, (MARKS[c.verdict] || "") + " " + c.verdict),
      el("td", { class: "wrap" }, c.text),
      el("td", { class: "wrap" }, c.better + " over " + c.worse + " (" + c.metric + ", " + c.conditions.replaceAll("+", ", ") + ")",
        c.reason ? el("div", { class: "dim" }, c.reason) : null),
      el("td", { class: "number" }, c.shown, c.wide_low === null ? null : el("div", { class: "dim" }, c.wide)),
      el("td", { class: "number" }, c.n_scenes ? String(c.n_scenes) : "–"),
    ]));
  };

  cocktail.views.failures = function () {
    const shown = new Set(cocktail.entries(true).map((e) => e.name));
    const there = new Set(cocktail.conditions().map((c) => c.name));
    const rows = data.failures.filter((f) => shown.has(f.entry) && there.has(f.condition));
    byId("h-failures").textContent = rows.length ? "Failures, and what was skipped: " + rows.length : "No failures";
    table(byId("failures-table"), ["condition", "entry", "what", "scenes", "metrics", "reason"], rows.map((f) => [
      f.condition, el("a", { href: cocktail.cellLink(f.condition, f.entry) }, f.entry), f.status, el("td", { class: "number" }, f.count ? String(f.count) : "all"),
      el("td", { class: "wrap" }, f.metrics.join(", ")), el("td", { class: "wrap" }, f.reason || ""),
    ]));
  };

  // Reasons below a board or a cell; what befell several entries alike is said once.
  cocktail.failureList = function (rows) {
    const alike = new Map();
    for (const f of rows) {
      const same = [f.status, f.count, f.metrics.join(), f.reason].join("\n");
      alike.set(same, [...(alike.get(same) || []), f]);
    }
    return el("ul", null, ...[...alike.values()].map(([f, ...others]) => el("li", null, [f, ...others].map((x) => x.entry).join(", ") + ": " + f.status + (f.count ? " in " + f.count + (f.count > 1 ? " scenes" : " scene") : "") +
      (f.metrics.length ? " (" + f.metrics.slice(0, 4).join(", ") + (f.metrics.length > 4 ? " and more" : "") + ")" : "") + ": " + (f.reason || ""))));
  };

  cocktail.views.methods = function () {
    table(byId("methods-table"), ["entry", "family", "training paradigm", "test paradigm", "task", "what it is"], cocktail.entries(true).map((e) => [
      el("a", { href: cocktail.methodLink(e.name) }, e.name), e.family, e.paradigm, e.guidance, e.task.replaceAll(",", ", "), el("td", { class: "wrap" }, e.title),
    ]));
    byId("h-methods").textContent = "Methods: " + cocktail.entries(true).length + (state.search ? " that are called “" + state.search + "”" : "");
  };

  // Every metric's meaning in a line, and its card; the one that the address names is open.
  cocktail.views.metrics = function (wanted) {
    if (wanted && !data.metric.has(wanted)) cocktail.complain("There is no metric “" + wanted + "” on these boards.");
    byId("metrics").replaceChildren(...data.metrics.map((m) => el("details", { class: "card", open: m.name === wanted, "data-metric": m.name },
      el("summary", null, el("strong", null, cocktail.label(m.name) + " " + cocktail.arrow(m.name)), " ", m.meaning),
      el("dl", null, ...m.card.map(([what, value]) => el("div", null, el("dt", null, what), el("dd", null, value)))))));
    const open = byId("metrics").querySelector("details[open]");
    if (open) open.scrollIntoView({ block: "center" });
  };
})();
