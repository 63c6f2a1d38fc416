"use strict";
// The board of one condition: a row an entry, a column a metric; any column sorts.
(function () {
  const { data, state, el, byId, row, format } = cocktail;
  const sort = { column: null, descending: false };

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
    return figures.some((f) => f !== null) ? { entry, figures, main: figures[0] } : null;
  }

  function draw(rows, columns) {
    const column = columns.includes(sort.column) || ["entry", "family", "rank"].includes(sort.column) ? sort.column : "rank";
    const sorted = [...rows].sort(compare(column, columns));
    if (sort.descending) sorted.reverse();
    byId("board").replaceChildren(
      el("thead", null, el("tr", null,
        heading("rank", "rank", column, "number"), heading("entry", "entry", column), heading("family", "family", column, "family"),
        ...columns.map((m) => heading(m, m.slice(m.indexOf(":") + 1) + " " + cocktail.arrow(m), column, "number")),
        el("th", { class: "number" }, "scenes"))),
      el("tbody", null, ...sorted.map((r) => line(r, columns))));
  }

  // `rank`: the best figure first, with controls and oracles where they belong.
  function compare(column, columns) {
    if (column === "entry" || column === "family") {
      const of = (r) => (column === "entry" ? r.entry.name : r.entry.family);
      return (a, b) => of(a).localeCompare(of(b)) || a.entry.name.localeCompare(b.entry.name);
    }
    const place = column === "rank" ? 0 : columns.indexOf(column);
    const sign = data.metric.get(columns[place]).higher ? -1 : 1;
    return (a, b) => {
      const [x, y] = [a, b].map((r) => (r.figures[place] ? r.figures[place].value : null));
      if (x === null || y === null) return (x === null) - (y === null) || a.entry.name.localeCompare(b.entry.name);
      return sign * (x - y) || a.entry.name.localeCompare(b.entry.name);
    };
  }

  function heading(name, text, current, style) {
    const order = name === current ? (sort.descending ? "descending" : "ascending") : null;
    const press = () => {
      sort.descending = name === current && !sort.descending;
      sort.column = name;
      cocktail.views.boards();
      byId("board").querySelector('button[data-column="' + CSS.escape(name) + '"]').focus();
    };
    const mark = name === current ? (sort.descending ? " ▾" : " ▴") : "";
    const card = data.metric.get(name);
    const title = card ? [card.unit, card.mode].filter(Boolean).join("; ") : "";
    return el("th", { class: style, scope: "col", "aria-sort": order },
      el("button", { type: "button", "data-column": name, title: title || null, onclick: press }, text + mark));
  }

  function line(r, columns) {
    const main = r.main;
    const ranked = main && main.rank !== null;
    const style = cocktail.isBound(r.entry.name) ? "bound" : ranked && main.rank === 1 ? "first" : null;
    const link = cocktail.cellLink(state.condition, r.entry.name);
    return el("tr", { class: style, "data-entry": r.entry.name },
      el("td", { class: "number" }, ranked ? main.rank + " " + (main.tie_group || "") : "–"),
      el("th", { scope: "row" }, el("a", { href: link }, r.entry.name)),
      el("td", { class: "family" }, r.entry.family),
      ...columns.map((metric, i) => figure(r.figures[i], metric, i === 0)),
      el("td", { class: "number" }, skipped(r) ? "skipped" : main ? main.n_ok + "/" + main.n_total : ""));
  }

  function skipped(r) {
    return data.failures.some((f) => f.status === "skipped" && f.entry === r.entry.name && f.condition === state.condition);
  }

  function figure(cell, metric, withInterval) {
    if (cell === null) return el("td", { class: "number" }, "");
    const interval = cell.ci_low === null ? "" : format(cell.ci_low, metric) + " to " + format(cell.ci_high, metric);
    const half = withInterval && interval ? el("small", null, " ±" + format((cell.ci_high - cell.ci_low) / 2, metric)) : null;
    return el("td", { class: "number", title: interval || null }, format(cell.value, metric), half);
  }

  function drawNotes(condition, rows) {
    const trials = rows.filter((r) => r.main && r.main.n_trials !== null).map((r) => r.main.n_trials);
    const unranked = trials.length && rows.every((r) => !r.main || r.main.rank === null);
    byId("board-note").textContent = rows.length
      ? (unranked ? "No ranks: " + Math.min(...trials) + " independent trials of a kind are too few. " : "") + "Entries that share a letter: not told apart by paired tests at 5 %, corrected for all pairs. ±: half of the 95 % interval; each figure " +
        "shows its interval when pointed at. Controls and oracles bound the board and have no rank. An entry's name opens its scenes."
      : "No entry passes the filters.";
    const lacking = data.partial ? data.partial.conditions[condition] || [] : [];
    byId("board-pending").replaceChildren(...lacking.map((text) => el("p", { class: "partial" }, text)));
    const shown = new Set(cocktail.entries().map((e) => e.name));
    const bad = data.failures.filter((f) => f.condition === condition && shown.has(f.entry));
    byId("board-failures").replaceChildren(...(bad.length ? [el("h3", null, "What is missing, and why"), cocktail.failureList(bad)] : []));
    const odd = data.disagreements[condition] || [];
    byId("disagreements").replaceChildren(...(odd.length ? [el("h3", null, "Where metrics disagree most"),
      el("ul", null, ...odd.map((d) => el("li", null, el("a", { href: cocktail.cellLink(condition, d.name) }, d.name),
        ": by " + d.high + " above " + percent(d.places[d.high]) + " of the others, by " + d.low + " above " + percent(d.places[d.low]))))] : []));
  }

  function percent(share) {
    return Math.round(100 * share) + " %";
  }
  cocktail.percent = percent;
})();
