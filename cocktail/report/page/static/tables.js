"use strict";
// What sortable tables of entries share: headings, the column that sorts, the best figure, groups by family.
(function () {
  const { data, state, el, byId } = cocktail;

  // [column, descending] that the address asks for, "-" before a column that runs backwards.
  cocktail.sorting = function (columns, usual) {
    const descending = state.sort.startsWith("-");
    const wanted = descending ? state.sort.slice(1) : state.sort;
    if (columns.includes(wanted)) return [wanted, descending];
    state.sort = "";
    return [usual, false];
  };

  cocktail.heading = function (table, name, text, current, descending, style) {
    const order = name === current ? (descending ? "descending" : "ascending") : null;
    const press = async () => {
      state.sort = (name === current && !descending ? "-" : "") + name;
      await cocktail.views[table === "board" ? "boards" : "overview"]();
      cocktail.address();
      byId(table).querySelector('button[data-column="' + CSS.escape(name) + '"]').focus();
    };
    const mark = name === current ? (descending ? " ▾" : " ▴") : "";
    const card = data.metric.get(name);
    const title = card ? [card.meaning, card.unit, card.mode].filter(Boolean).join(" · ") : "";
    return el("th", { class: style, scope: "col", "aria-sort": order },
      el("button", { type: "button", "data-column": name, title: title || null, onclick: press }, text + mark));
  };

  // The best of some figures, null where there is none.
  cocktail.bestOf = function (values, higher) {
    const known = values.filter((v) => v !== null && v !== undefined);
    return known.length ? Math[higher ? "max" : "min"](...known) : null;
  };

  // Bodies of a table: one, or one a family, the family of the first row first, controls last.
  cocktail.grouped = function (rows, line, width) {
    if (state.grouped !== "yes") return [el("tbody", null, ...rows.map(line))];
    const families = new Map();
    for (const r of rows) families.set(r.entry.family, [...(families.get(r.entry.family) || []), r]);
    const bounds = (members) => cocktail.isBound(members[0].entry.name);
    return [...families].sort(([, a], [, b]) => bounds(a) - bounds(b)).map(([family, members]) => el("tbody", { "data-family": family },
      el("tr", { class: "group" }, el("td", { colspan: String(width) }, family + " (" + members.length + ")")), ...members.map(line)));
  };
})();
