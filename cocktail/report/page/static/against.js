"use strict";
// Another suite beside this one: do the entries of both stand in the same order there?
(function () {
  const { data, state, el, byId, format } = cocktail;
  const ENTRY_PX = 20;
  const NAMED = 4; // of entries that one overtakes; the rest is counted

  // The suite that is chosen, null where this one names none.
  cocktail.beside = function () {
    return data.against.find((x) => x.suite === state.other) || null;
  };

  cocktail.views.against = async function () {
    const other = cocktail.beside();
    const order = other && other.orders.find((o) => o.condition === state.condition && o.metric === state.metric);
    byId("against-suite").closest("p").hidden = data.against.length < 2;
    byId("h-against").textContent = other ? "Do methods stand in the same order in the suite " + other.suite + "?" : "Other suites";
    byId("against-problem").textContent = other ? other.problem || "" : "This suite names no other one (`against`) to set beside it.";
    byId("against-orders").hidden = !order;
    if (!order) return;
    taus(other);
    byId("h-order").textContent = order.condition + ", " + cocktail.label(order.metric) + " " + cocktail.arrow(order.metric);
    byId("against-said").textContent = said(order);
    const shown = new Set(cocktail.entries(true).map((e) => e.name));
    const entries = order.entries.filter((e) => shown.has(e.entry));
    table(other, order, entries);
    const notes = other.notes[order.condition] || [];
    byId("against-notes").hidden = !notes.length;
    byId("against-notes").querySelector("ul").replaceChildren(...notes.map((text) => el("li", null, text)));
    await slopes(other, entries);
  };

  // Tau of every condition and metric; each opens its entries.
  function taus(other) {
    const metrics = data.metrics.map((m) => m.name).filter((m) => other.orders.some((o) => o.metric === m));
    const conditions = data.conditions.map((c) => c.name).filter((c) => other.orders.some((o) => o.condition === c));
    byId("against-taus").replaceChildren(
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "condition"), ...metrics.map((m) => el("th", { scope: "col", class: "number" }, cocktail.label(m))))),
      el("tbody", null, ...conditions.map((c) => el("tr", null, el("th", { scope: "row" }, c),
        ...metrics.map((m) => tau(other, other.orders.find((o) => o.condition === c && o.metric === m)))))));
  }

  function tau(other, order) {
    if (!order) return el("td", { class: "number dim" }, "·");
    const link = "#against?" + new URLSearchParams({ other: other.suite, condition: order.condition, metric: order.metric });
    const chosen = order.condition === state.condition && order.metric === state.metric;
    return el("td", { class: chosen ? "number best" : "number" }, el("a", { href: link, title: said(order) }, order.tau === null ? "–" : signed(order.tau)),
      order.tau_low === null ? null : el("small", null, " " + signed(order.tau_low) + " to " + signed(order.tau_high)));
  }

  function said(order) {
    const apart = order.pairs_kept + order.pairs_reversed;
    const within = order.tau_low === null ? "" : " (95 % interval " + signed(order.tau_low) + " to " + signed(order.tau_high) + ")";
    return order.entries.length + " entries of both suites. " + (order.tau === null ? "No tau: all are equal in one of them. " : "Kendall's tau between their orders is " + signed(order.tau) + within + ". ") +
      "Pairs that both suites tell apart: " + apart + " of " + (order.entries.length * (order.entries.length - 1)) / 2 + "; reversed among them: " + order.pairs_reversed + ".";
  }

  function signed(x) {
    return x.toFixed(2).replace(/^-(?=.*[1-9])/, "−").replace("-", "");
  }

  // An entry moves for certain where it overtakes or is overtaken by entries that both suites tell apart from it.
  function style(e) {
    if (!e.overtakes.length && !e.overtaken_by.length) return "dim";
    return !e.overtaken_by.length ? "holds" : !e.overtakes.length ? "fails" : "open";
  }

  function table(other, order, entries) {
    const headings = ["entry", "rank here", "in " + other.suite, "climbs", order.metric + " here", "in " + other.suite, "overtakes", "is overtaken by"];
    byId("against-table").replaceChildren(
      el("thead", null, el("tr", null, ...headings.map((text, i) => el("th", { scope: "col", class: i > 0 && i < 6 ? "number" : null }, text)))),
      el("tbody", null, ...[...entries].sort(by("rank_a")).map((e) => el("tr", { "data-entry": e.entry },
        el("th", { scope: "row" }, el("a", { href: cocktail.cellLink(order.condition, e.entry) }, e.entry)),
        el("td", { class: "number" }, String(e.rank_a)), el("td", { class: "number" }, String(e.rank_b)),
        el("td", { class: "number " + style(e) }, e.climbs === 0 ? "=" : (e.climbs > 0 ? "▲ " : "▼ ") + Math.abs(e.climbs)),
        el("td", { class: "number" }, format(e.a, order.metric)), el("td", { class: "number" }, format(e.b, order.metric)),
        some(e.overtakes), some(e.overtaken_by)))));
  }

  function some(names) {
    const text = names.slice(0, NAMED).join(", ") + (names.length > NAMED ? " and " + (names.length - NAMED) + " more" : "");
    return el("td", { class: "small", title: names.join(", ") || null }, text);
  }

  function by(rank) {
    return (x, y) => x[rank] - y[rank] || x.entry.localeCompare(y.entry);
  }

  // A line an entry, from its place here to its place there, the first on top.
  function slopes(other, entries) {
    const ink = getComputedStyle(document.body);
    const colours = { holds: "--good", fails: "--bad", open: "--open", dim: "--faint" };
    const [here, there] = ["rank_a", "rank_b"].map((rank) => [...entries].sort(by(rank)));
    const colour = (e) => ink.getPropertyValue(colours[style(e)]).trim();
    const traces = entries.map((e) => ({
      type: "scatter", mode: "lines+markers", x: [0, 1], y: [here.indexOf(e), there.indexOf(e)], customdata: [e.entry, e.entry], hoverinfo: "text", showlegend: false,
      hovertext: cocktail.harmless(e.entry + ": " + e.rank_a + " here, " + e.rank_b + " in " + other.suite), marker: { size: 6, color: colour(e) },
      line: { color: colour(e), width: style(e) === "dim" ? 1 : 2.5 },
    }));
    if (traces.length) traces.push({ type: "scatter", x: [1], y: [0], yaxis: "y2", mode: "markers", marker: { opacity: 0 }, hoverinfo: "skip", showlegend: false });
    const axis = { range: [entries.length - 0.5, -0.5], tickvals: entries.map((_, i) => i), showgrid: false, zeroline: false, fixedrange: true, automargin: true };
    const height = Math.max(200, ENTRY_PX * entries.length + 60);
    byId("against-plot").style.height = height + "px";
    return cocktail.plot("against-plot", traces, {
      height: height, margin: { l: 20, r: 20, t: 36, b: 12 },
      xaxis: { tickvals: [0, 1], ticktext: [data.suite, other.suite].map(cocktail.harmless), range: [-0.03, 1.03], side: "top", zeroline: false, fixedrange: true },
      yaxis: { ...axis, ticktext: here.map((e) => cocktail.harmless(e.entry) + "  " + e.rank_a) },
      yaxis2: { ...axis, overlaying: "y", side: "right", ticktext: there.map((e) => e.rank_b + "  " + cocktail.harmless(e.entry)) },
    }, (point) => { location.hash = cocktail.cellLink(state.condition, point.customdata); }, "No entry passes the filters.");
  }
})();
