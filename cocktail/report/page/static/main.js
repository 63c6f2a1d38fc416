"use strict";
// The address, #<section>/<places>?<settings>, and the filters: what is seen can be linked to.
(function () {
  const { data, state, el, byId, fill } = cocktail;
  const ENTRIES = "family paradigm guidance task channels causal learnt search";
  // Section -> settings that its address holds.
  const SECTIONS = {
    overview: ENTRIES + " purpose bounds grouped sort rtf latency memory weights", boards: "condition metric " + ENTRIES + " bounds grouped sort",
    map: "metric " + ENTRIES + " bounds", cost: "condition metric " + ENTRIES + " bounds", curves: "condition metric " + ENTRIES + " bounds",
    detection: "condition " + ENTRIES + " bounds", against: "other condition metric family search", listen: "condition a b scene", claims: "", failures: ENTRIES, methods: ENTRIES.replace("channels ", ""),
    metrics: "", cell: "scene",
  };
  const CHOICES = ["condition", "metric", "family", "paradigm", "guidance", "task", "channels", "causal", "learnt"];
  const SWITCHES = ["bounds", "grouped"];
  const FILTERS = [...CHOICES, ...SWITCHES, "search"];
  const PICKED = { "listen-condition": "condition", "listen-a": "a", "listen-b": "b", "listen-scene": "scene", "against-suite": "other" };
  const DEFAULTS = { ...state };
  let section = "overview";
  let places = [];

  function distinct(values) {
    return [["", "all"], ...[...new Set(values.filter((v) => v !== ""))].sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((v) => [v, v])];
  }

  // Metrics of the conditions that may be chosen; a condition without the chosen one shows its own first.
  function metricOptions() {
    const there = new Set();
    if (section === "against") return ordered("metric", (o) => o.condition === state.condition);
    const wanted = section === "map" ? new Set(cocktail.conditions().map((c) => c.name)) : new Set([state.condition]);
    data.board.metric.forEach((m, i) => { if (wanted.has(data.board.condition[i])) there.add(m); });
    return data.metrics.filter((m) => there.has(m.name) && !m.cost).map((m) => [m.name, m.name + (m.unit ? " (" + m.unit + ")" : "")]);
  }

  // Detection error trade-offs are of conditions with trials alone.
  function conditionOptions() {
    if (section === "against") return ordered("condition", () => true);
    const trials = new Set(data.board.condition.filter((_, i) => data.metric.get(data.board.metric[i]).det));
    return cocktail.conditions().filter((c) => section !== "detection" || trials.has(c.name)).map((c) => [c.name, c.name]);
  }

  // Conditions or metrics by which another suite has an order.
  function ordered(key, wanted) {
    const there = new Set((cocktail.beside() || { orders: [] }).orders.filter(wanted).map((o) => o[key]));
    return (key === "metric" ? data.metrics : data.conditions).map((x) => x.name).filter((name) => there.has(name)).map((name) => [name, name]);
  }

  function fillFilters() {
    const options = {
      family: data.entries.map((e) => e.family), paradigm: data.entries.map((e) => e.paradigm), guidance: data.entries.map((e) => e.guidance),
      task: data.entries.flatMap((e) => e.task.split(",")), channels: data.conditions.map((c) => String(c.channels)), causal: ["yes", "no"], learnt: ["yes", "no"],
    };
    for (const [name, values] of Object.entries(options)) state[name] = fill(byId(name), distinct(values), state[name]);
    for (const name of SWITCHES) byId(name).checked = state[name] === "yes";
    byId("search").value = state.search;
  }

  async function show() {
    fillFilters();
    const uses = SECTIONS[section].split(" ");
    if (uses.includes("other")) state.other = fill(byId("against-suite"), data.against.map((x) => [x.suite, x.suite]), state.other);
    if (uses.includes("condition") && section !== "listen") state.condition = fill(byId("condition"), conditionOptions(), state.condition);
    if (uses.includes("metric")) state.metric = fill(byId("metric"), metricOptions(), state.metric);
    byId("filters").hidden = !FILTERS.some((name) => uses.includes(name)) || section === "listen";
    for (const name of FILTERS) byId(name).closest("label").hidden = !uses.includes(name);
    for (const name of Object.keys(SECTIONS)) byId("view-" + name).hidden = name !== section;
    document.querySelectorAll("nav a").forEach((a) => {
      if (a.getAttribute("href") === "#" + section) a.setAttribute("aria-current", "page");
      else a.removeAttribute("aria-current");
    });
    document.querySelectorAll("audio").forEach((a) => a.pause());
    const about = byId("meaning");
    const card = uses.includes("metric") ? data.metric.get(state.metric) : null;
    about.replaceChildren(...(card && card.meaning ? [cocktail.metricLink(card.name), ": " + card.meaning] : []));
    await cocktail.views[section](...places);
    cocktail.address();
  }

  // The address says what is seen, without what is as it always is.
  cocktail.address = function () {
    const query = new URLSearchParams();
    for (const name of SECTIONS[section].split(" ")) if (name && state[name] && state[name] !== DEFAULTS[name]) query.set(name, state[name]);
    const path = [section, ...places.map(encodeURIComponent)].join("/");
    history.replaceState(null, "", "#" + path + (String(query) ? "?" + query : ""));
  };

  // What an address asks for and this page has not.
  cocktail.complain = function (text) {
    byId("complaints").append(el("p", null, text));
  };

  function read(query) {
    const asked = Object.fromEntries(query);
    for (const name of SECTIONS[section].split(" ")) if (name && query.size) state[name] = DEFAULTS[name];
    for (const [name, value] of Object.entries(asked)) {
      if (SECTIONS[section].split(" ").includes(name)) state[name] = value;
      else cocktail.complain("The address sets “" + name + "”, which " + section + " does not know.");
    }
    return asked;
  }

  async function route() {
    const [path, settings] = location.hash.slice(1).split("?");
    const [name, ...parts] = path.split("/");
    if (name === "content") return;
    byId("complaints").replaceChildren();
    section = name in SECTIONS ? name : "overview";
    if (name && section !== name) cocktail.complain("There is no section “" + name + "”.");
    places = parts.map(decoded);
    const wanted = { cell: [2], metrics: [0, 1] }[section] || [0];
    if (!wanted.includes(places.length)) {
      cocktail.complain("The address leads nowhere: “" + path + "”.");
      places = [];
      if (section === "cell") section = "boards";
    }
    const asked = read(new URLSearchParams(settings || ""));
    document.title = (section === "cell" ? places[1] + " in " + places[0] : section) + " · " + data.suite + " · Cocktail Bench";
    window.scrollTo(0, 0);
    await show();
    for (const [key, value] of Object.entries(asked)) {
      if (key in state && value !== state[key]) {
        cocktail.complain("There is no " + key + " “" + value + "” here" + (state[key] ? "; this is “" + state[key] + "”." : "."));
      }
    }
  }

  function decoded(part) {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  }

  for (const name of CHOICES) byId(name).addEventListener("change", () => { state[name] = byId(name).value; show(); });
  for (const name of SWITCHES) byId(name).addEventListener("change", () => { state[name] = byId(name).checked ? "yes" : ""; show(); });
  for (const [id, name] of Object.entries(PICKED)) byId(id).addEventListener("change", () => { state[name] = byId(id).value; show(); });
  byId("purpose").addEventListener("change", () => { state.purpose = byId("purpose").value; show(); });
  byId("search").addEventListener("input", () => { state.search = byId("search").value; show(); });
  byId("swap").addEventListener("click", () => { [state.a, state.b] = [state.b, state.a]; show(); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["scaled", "cost-metric", "curve-by", "all-curves", "det-metric", "all-det"]) byId(name).addEventListener("change", show);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  window.addEventListener("hashchange", route);
  route();
})();
