"use strict";
// The board of one condition: a row an entry, a column a metric; any column sorts, and ranks are by the one that does.
(function () {
  const { data, state, el, byId, row, format } = cocktail;

  cocktail.views.boards = function () {
    const condition = state.condition;
    const about = data.about.get(condition);
    byId("h-boards").textContent = condition || "No condition";
    byId("about-condition").textContent = about ? describe(about) : "No condition passes the filters.";
    const columns = about ? shownMetrics(condition) : [];
    const rows = cocktail.entries().map((entry) => boardRow(condition, entry, columns)).filter((r) => r !== null);
    draw(rows, columns);
    drawNotes(condition, rows);
  };

  function describe(about) {
    const microphones = about.channels === 1 ? "1 microphone" : about.channels + " microphones";
    const talkers = about.n_sources === 1 ? "1 talker" : about.n_sources + " talkers";
    return [about.title, "task: " + about.task, microphones, talkers].filter(Boolean).join(" · ");
  }

  // The chosen metric first, then what the terminal shows.
  function shownMetrics(condition) {
    const there = new Set(data.metrics.filter((m) => m.shown || m.name === state.metric)
      .map((m) => m.name).filter((m) => data.entries.some((e) => row(condition, e.name, m))));
    const chosen = there.has(state.metric) ? [state.metric] : [];
    return [...chosen, ...[...there].filter((m) => m !== state.metric)];
  }

  function boardRow(condition, entry, columns) {
    const figures = columns.map((metric) => row(condition, entry.name, metric));
    // Those that were skipped stand below the board, with the reason.
    return figures.some((f) => f !== null) && !skipped(entry) ? { entry, figures } : null;
  }

  function draw(rows, columns) {
    const [column, descending] = cocktail.sorting(["rank", "entry", "family", ...columns], "rank");
    const by = Math.max(0, columns.indexOf(column)); // what ranks, and is shown with its interval
    rows.forEach((r) => { r.main = r.figures[by]; });
    rows.sort(compare(column, columns[by]));
    if (descending) rows.reverse();
    const best = columns.map((m, i) => cocktail.bestOf(rows.filter((r) => !cocktail.isBound(r.entry.name)).map((r) => r.figures[i] && r.figures[i].value), data.metric.get(m).higher));
    const heading = (name, text, style) => cocktail.heading("board", name, text, column, descending, style);
    const lines = cocktail.grouped(rows, (r) => line(r, columns, by, best), columns.length + 4);
    byId("board").replaceChildren(
      el("thead", null, el("tr", null,
        heading("rank", "rank by " + (columns.length ? cocktail.label(columns[by]) : "nothing"), "number"), heading("entry", "entry"), heading("family", "family", "family"),
        ...columns.map((m) => heading(m, cocktail.label(m) + " " + cocktail.arrow(m), "number")),
        el("th", { class: "number" }, "scenes"))),
      ...lines);
  }

  // `rank`: the best figure first, with controls and oracles where they belong.
  function compare(column, by) {
    if (column === "entry" || column === "family") {
      const of = (r) => (column === "entry" ? r.entry.name : r.entry.family);
      return (a, b) => of(a).localeCompare(of(b)) || a.entry.name.localeCompare(b.entry.name);
    }
    const sign = by && data.metric.get(by).higher ? -1 : 1;
    return (a, b) => {
      const [x, y] = [a, b].map((r) => (r.main ? r.main.value : null));
      if (x === null || y === null) return (x === null) - (y === null) || a.entry.name.localeCompare(b.entry.name);
      return sign * (x - y) || a.entry.name.localeCompare(b.entry.name);
    };
  }

  function line(r, columns, by, best) {
    const main = r.main;
    const ranked = main && main.rank !== null;
    const style = cocktail.isBound(r.entry.name) ? "bound" : ranked && main.rank === 1 ? "first" : null;
    const link = cocktail.cellLink(state.condition, r.entry.name);
    return el("tr", { class: style, "data-entry": r.entry.name },
      el("td", { class: "number" }, ranked ? main.rank + " " + main.letters : "–"),
      el("th", { scope: "row" }, el("a", { href: link }, r.entry.name)),
      el("td", { class: "family" }, r.entry.family),
      ...columns.map((metric, i) => figure(r.figures[i], metric, i === by, !cocktail.isBound(r.entry.name) && r.figures[i] && r.figures[i].value === best[i])),
      el("td", { class: "number" }, main ? main.n_ok + "/" + main.n_total : ""));
  }

  function skipped(entry) {
    return data.failures.some((f) => f.status === "skipped" && f.entry === entry.name && f.condition === state.condition);
  }

  function figure(cell, metric, withInterval, best) {
    if (cell === null) return el("td", { class: "number" }, "");
    const interval = cell.ci_low === null ? "" : format(cell.ci_low, metric) + " to " + format(cell.ci_high, metric);
    const half = withInterval && interval ? el("small", null, " ±" + format((cell.ci_high - cell.ci_low) / 2, metric)) : null;
    return el("td", { class: best && cell.value !== null ? "number best" : "number", title: interval || null }, format(cell.value, metric), half);
  }

  function drawNotes(condition, rows) {
    const trials = rows.filter((r) => r.main && r.main.n_trials !== null).map((r) => r.main.n_trials);
    const unranked = trials.length && rows.every((r) => !r.main || r.main.rank === null);
    const lettered = rows.some((r) => r.main && r.main.rank !== null && r.main.letters);
    byId("board-note").textContent = rows.length
      ? (unranked ? "No ranks: " + Math.min(...trials) + " independent trials of a kind are too few. " : "") + "Ranks are by the column that sorts. " + (lettered ? "Entries that share a letter: not told apart by paired tests at 5 %, corrected for all pairs. " : "") + "±: half of the 95 % interval; each figure " +
        "shows its interval when pointed at. The best figure of a column is bold. Controls and oracles bound the board and have no rank. An entry's name opens its scenes."
      : "No entry passes the filters.";
    const lacking = data.partial ? data.partial.conditions[condition] || [] : [];
    byId("board-pending").replaceChildren(...lacking.map((text) => el("p", { class: "partial" }, text)));
    const shown = new Set(cocktail.entries(true).map((e) => e.name));
    const bad = data.failures.filter((f) => f.condition === condition && shown.has(f.entry));
    byId("board-failures").replaceChildren(...(bad.length ? [el("h3", null, "What is missing, and why"), cocktail.failureList(bad)] : []));
    const odd = data.disagreements[condition] || [];
    byId("disagreements").replaceChildren(...(odd.length ? [el("h3", null, "Where metrics disagree most"),
      el("ul", null, ...odd.map((d) => el("li", null, el("a", { href: cocktail.cellLink(condition, d.name) }, d.name),
        ": by " + d.high + " above " + cocktail.percent(d.places[d.high]) + " of the others, by " + d.low + " above " + cocktail.percent(d.places[d.low]))))] : []));
  }
})();
