"use strict";
// Routes (#boards, #cell/<condition>/<entry> ...), filters, and what follows the system's colours.
(function () {
  const { data, state, byId, fill } = cocktail;
  const SECTIONS = ["boards", "map", "cost", "curves", "detection", "claims", "failures", "methods", "cell"];
  const FILTERED = { boards: "condition metric family paradigm guidance task channels search", map: "metric family paradigm guidance task channels search",
    cost: "condition metric family paradigm guidance task channels search", curves: "condition metric family paradigm guidance task channels search",
    detection: "condition family paradigm guidance task channels search", failures: "family paradigm guidance task channels search",
    methods: "family paradigm guidance task search", claims: "", cell: "" };
  let section = "boards";

  function distinct(values) {
    return [["", "all"], ...[...new Set(values.filter((v) => v !== ""))].sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((v) => [v, v])];
  }

  // Metrics of the conditions that may be chosen; a condition without the chosen one shows its own first.
  function metricOptions() {
    const there = new Set();
    const wanted = section === "map" ? new Set(cocktail.conditions().map((c) => c.name)) : new Set([state.condition]);
    data.board.metric.forEach((m, i) => { if (wanted.has(data.board.condition[i])) there.add(m); });
    return data.metrics.filter((m) => there.has(m.name) && !m.cost).map((m) => [m.name, m.name + (m.unit ? " (" + m.unit + ")" : "")]);
  }

  function fillFilters() {
    fill(byId("family"), distinct(data.entries.map((e) => e.family)), state.family);
    fill(byId("paradigm"), distinct(data.entries.map((e) => e.paradigm)), state.paradigm);
    fill(byId("guidance"), distinct(data.entries.map((e) => e.guidance)), state.guidance);
    fill(byId("task"), distinct(data.entries.flatMap((e) => e.task.split(","))), state.task);
    fill(byId("channels"), distinct(data.conditions.map((c) => String(c.channels))), state.channels);
  }

  function show() {
    state.condition = fill(byId("condition"), cocktail.conditions().map((c) => [c.name, c.name]), state.condition);
    state.metric = fill(byId("metric"), metricOptions(), state.metric);
    const filters = FILTERED[section].split(" ");
    byId("filters").hidden = filters[0] === "";
    for (const name of ["condition", "metric", "family", "paradigm", "guidance", "task", "channels", "search"]) byId(name).parentElement.hidden = !filters.includes(name);
    for (const name of SECTIONS) byId("view-" + name).hidden = name !== section;
    document.querySelectorAll("nav a").forEach((a) => {
      if (a.getAttribute("href") === "#" + section) a.setAttribute("aria-current", "page");
      else a.removeAttribute("aria-current");
    });
    document.querySelectorAll("audio").forEach((a) => a.pause());
    return cocktail.views[section](...places);
  }

  let places = [];
  function route() {
    const [name, ...parts] = location.hash.slice(1).split("/");
    if (name === "content") return;
    section = SECTIONS.includes(name) ? name : "boards";
    places = parts.map(decodeURIComponent);
    if (section === "cell" && places.length !== 2) section = "boards";
    if (section === "boards" && data.about.has(places[0])) state.condition = places[0];
    document.title = (section === "cell" ? places[1] + " in " + places[0] : section) + " · " + data.suite + " · Cocktail Bench";
    window.scrollTo(0, 0);
    show();
  }

  fillFilters();
  for (const name of ["condition", "metric", "family", "paradigm", "guidance", "task", "channels"]) {
    byId(name).addEventListener("change", () => { state[name] = byId(name).value; show(); });
  }
  byId("search").addEventListener("input", () => { state.search = byId("search").value; show(); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["scaled", "cost-metric", "curve-by", "all-curves", "det-metric", "all-det"]) byId(name).addEventListener("change", show);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  window.addEventListener("hashchange", route);
  route();
})();
