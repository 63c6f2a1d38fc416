"use strict";
// The map: entries x conditions by one metric, as figures or on the scale from `unprocessed` to the best oracle.
(function () {
  const { data, state, el, byId, row, format, scaled } = cocktail;

  cocktail.views.map = function () {
    const metric = state.metric;
    const relative = byId("scaled").checked;
    const there = cocktail.conditions().filter((c) => data.entries.some((e) => row(c.name, e.name, metric)));
    const shades = new Map(there.map((c) => [c.name, shading(c.name, metric)]));
    const rows = cocktail.entries().map((entry) => {
      const cells = there.map((c) => row(c.name, entry.name, metric));
      const shares = cells.map((cell, i) => cell && shades.get(there[i].name)(cell.value)).filter((x) => x !== null);
      return { entry, cells, mean: shares.length ? shares.reduce((a, b) => a + b) / shares.length : -Infinity };
    }).filter((r) => r.cells.some((cell) => cell !== null));
    rows.sort((a, b) => b.mean - a.mean || a.entry.name.localeCompare(b.entry.name));
    byId("h-map").textContent = "Map: " + metric + (metric ? " " + cocktail.arrow(metric) : "");
    byId("heat").replaceChildren(
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "entry"), ...there.map((c) => el("th", { scope: "col" }, c.name)))),
      el("tbody", null, ...rows.map((r) => el("tr", { class: cocktail.isBound(r.entry.name) ? "bound" : null },
        el("th", { scope: "row" }, el("a", { href: cocktail.methodLink(r.entry.name) }, r.entry.name)),
        ...r.cells.map((cell, i) => field(cell, there[i].name, r.entry.name, metric, relative, shades.get(there[i].name)))))));
  };

  function field(cell, condition, entry, metric, relative, shade) {
    if (cell === null) return el("td");
    const share = scaled(cell.value, condition, metric);
    const text = relative ? cocktail.share(share) : format(cell.value, metric);
    const colour = cell.value === null ? 0 : Math.min(1, Math.max(0, shade(cell.value)));
    const title = entry + ", " + condition + ": " + format(cell.value, metric) + ", " + cell.n_ok + "/" + cell.n_total + " scenes";
    return el("td", { style: "background: rgba(var(--hot), " + (0.62 * colour).toFixed(2) + ")" },
      el("a", { href: cocktail.cellLink(condition, entry), title: title }, text));
  }

  // Value -> shade 0 to 1: the scale where there is one, otherwise from the worst to the best entry that is no bound.
  function shading(condition, metric) {
    if ((data.bounds[condition] || {})[metric]) return (value) => scaled(value, condition, metric);
    const values = data.entries.filter((e) => !cocktail.isBound(e.name)).map((e) => row(condition, e.name, metric))
      .filter((cell) => cell && cell.value !== null).map((cell) => cell.value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const sign = data.metric.get(metric).higher;
    return (value) => (value === null || high === low ? null : sign ? (value - low) / (high - low) : (high - value) / (high - low));
  }
})();
