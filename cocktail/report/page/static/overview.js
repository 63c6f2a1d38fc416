"use strict";
// Which method should I use? The best entries by condition and purpose, and all entries over the conditions that count.
(function () {
  const { data, state, el, byId, row, format } = cocktail;
  const LIMITS = { rtf: "rtf", latency: "latency_ms", memory: "peak_memory" };
  const STEPS = 100;
  const TOLD = { n_sources: "how many talk", enrolment: "voice", position: "place", speakers: "speakers", side_information: "from a coder" };
  const Z = 1.96;

  // Entries that have a figure anywhere.
  const ran = new Set(Object.values(data.overview.standings).flatMap((c) => Object.values(c).flatMap((p) => Object.keys(p.entries))));

  cocktail.views.overview = function () {
    const purposes = data.overview.purposes;
    state.purpose = cocktail.fill(byId("purpose"), purposes.map((p) => [p.name, p.title]), state.purpose);
    const conditions = cocktail.conditions();
    const task = state.task || commonest(conditions.filter((c) => standing(c.name)).map((c) => c.task));
    const counted = conditions.filter((c) => c.task === task);
    byId("h-standings").textContent = "Over the conditions of the task " + (task || "–");
    others(task, [...new Set(cocktail.conditions().filter((c) => standing(c.name)).map((c) => c.task))]);
    const costs = new Map(data.entries.map((e) => [e.name, dearest(e.name, conditions)]));
    limits(costs);
    weights(counted);
    const fits = cocktail.entries().filter((e) => Object.entries(LIMITS).every(([name, metric]) => affordable(costs.get(e.name)[metric], state[name])));
    const [fitting, all] = [fits, data.entries].map((list) => list.filter((e) => !cocktail.isBound(e.name) && ran.has(e.name)).length);
    byId("fitting").textContent = fitting + " of " + all + " methods fit.";
    best(conditions, purposes, fits);
    table(counted, fits, costs);
  };

  // Entries of one task alone are compared over conditions: no entry runs in those of all.
  function commonest(tasks) {
    const counts = new Map();
    for (const task of tasks) counts.set(task, (counts.get(task) || 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a).map(([task]) => task)[0] || "";
  }

  // Tables of the other tasks that the purpose has.
  function others(task, tasks) {
    const rest = tasks.filter((name) => name !== task);
    const links = rest.map((name) => el("a", { href: "#overview?" + new URLSearchParams({ purpose: state.purpose, task: name }) }, name));
    byId("other-tasks").replaceChildren(...(rest.length ? ["Other tasks: ", ...links.flatMap((link, i) => (i ? [", ", link] : [link])), "."] : []));
  }

  // What an entry costs where it costs most, among some conditions.
  function dearest(name, conditions) {
    const costs = {};
    for (const metric of [...Object.values(LIMITS), "parameters"]) {
      const values = conditions.map((c) => row(c.name, name, metric)).filter((r) => r && r.value !== null).map((r) => r.value);
      costs[metric] = values.length ? Math.max(...values) : null;
    }
    return costs;
  }

  function affordable(cost, limit) {
    return limit === "" || !(Number(limit) >= 0) || (cost !== null && cost <= Number(limit));
  }

  // Sliders over the logarithms of what entries cost; at the right end there is no limit.
  function limits(costs) {
    for (const [name, metric] of Object.entries(LIMITS)) {
      const known = [...costs].filter(([entry]) => !cocktail.isBound(entry)).map(([, c]) => c[metric]).filter((v) => v !== null && v > 0);
      const slider = byId("limit-" + name);
      slider.closest("label").hidden = !known.length;
      if (!known.length) continue;
      const [low, high] = [Math.log(Math.min(...known)), Math.log(Math.max(...known))];
      if (state[name] !== "" && !(Number(state[name]) >= 0)) state[name] = "";
      const said = state[name] === "" ? "any" : format(Number(state[name]), metric) + " " + data.metric.get(metric).unit;
      byId("said-" + name).textContent = said;
      if (document.activeElement !== slider) slider.value = state[name] === "" ? String(STEPS) : String(Math.round(STEPS * (Math.log(Number(state[name])) - low) / (high - low || 1)));
      slider.setAttribute("aria-valuetext", said);
      slider.oninput = () => {
        const limit = Math.exp(low + (high - low) * slider.value / STEPS);
        state[name] = Number(slider.value) === STEPS ? "" : String(Number((limit * 1.0001).toPrecision(3)));
        cocktail.views.overview();
        cocktail.address();
      };
    }
  }

  // Condition -> weight, 1 where nothing else is said: "reverb:0,tablet:2".
  function chosenWeights(conditions) {
    const said = new Map(state.weights.split(",").filter(Boolean).map((part) => { const at = part.lastIndexOf(":"); return [part.slice(0, at), Number(part.slice(at + 1))]; }));
    for (const [name, weight] of said) {
      if (!data.about.has(name) || !(weight >= 0)) {
        cocktail.complain("No weight “" + name + ":" + weight + "”: weights are condition:number.");
        said.delete(name);
      }
    }
    state.weights = [...said].map(([name, weight]) => name + ":" + weight).join(",");
    return new Map(conditions.map((c) => [c.name, said.has(c.name) ? said.get(c.name) : 1]));
  }

  function weights(conditions) {
    const chosen = chosenWeights(conditions);
    const here = conditions.filter((c) => standing(c.name));
    byId("weights").replaceChildren(...here.map((c) => {
      const field = el("input", { type: "number", min: "0", max: "9", step: "0.5", value: String(chosen.get(c.name)), "data-condition": c.name });
      field.addEventListener("change", () => {
        const all = new Map(state.weights.split(",").filter(Boolean).map((part) => part.split(":")));
        all.set(c.name, String(Math.max(0, Number(field.value) || 0)));
        if (all.get(c.name) === "1") all.delete(c.name);
        state.weights = [...all].map((pair) => pair.join(":")).join(",");
        cocktail.views.overview();
        cocktail.address();
      });
      return el("label", null, field, " " + c.name);
    }));
  }

  function standing(condition) {
    return (data.overview.standings[condition] || {})[state.purpose] || null;
  }

  // A line a condition, a column a purpose: the best of the entries that fit, and how many are not told apart from it.
  function best(conditions, purposes, fits) {
    const ranked = fits.filter((e) => !cocktail.isBound(e.name));
    byId("best").replaceChildren(
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "condition"), ...purposes.map((p) => el("th", { scope: "col" }, p.title)))),
      el("tbody", null, ...conditions.map((c) => el("tr", null,
        el("th", { scope: "row" }, el("a", { href: "#boards?condition=" + encodeURIComponent(c.name), title: data.about.get(c.name).title || null }, c.name)),
        ...purposes.map((p) => bestCell(c.name, (data.overview.standings[c.name] || {})[p.name], ranked))))));
  }

  function bestCell(condition, given, entries) {
    if (!given) return el("td", { class: "dim" }, "·");
    const sign = data.metric.get(given.metric).higher ? -1 : 1;
    const rows = entries.map((e) => [e, row(condition, e.name, given.metric)]).filter(([, r]) => r && r.value !== null)
      .sort(([a, x], [b, y]) => place(x) - place(y) || sign * (x.value - y.value) || a.name.localeCompare(b.name));
    if (!rows.length) return el("td", { class: "dim" }, "none");
    const [entry, top] = rows[0];
    const letters = new Set(top.tie_group || "");
    const equal = rows.slice(1).filter(([, r]) => [...(r.tie_group || "")].some((letter) => letters.has(letter)));
    const rest = top.rank === null ? "too few trials to rank" : equal.length ? "≈ " + equal.length + " more" : "";
    return el("td", null, el("a", { href: cocktail.cellLink(condition, entry.name) }, entry.name), " ",
      el("span", { class: "figure" }, format(top.value, given.metric) + (data.metric.get(given.metric).unit === "MOS-LQO" ? "" : " " + data.metric.get(given.metric).unit).trimEnd() + " " + cocktail.label(given.metric)),
      rest ? el("small", { title: equal.map(([e]) => e.name).join(", ") || null }, " " + rest) : null);
  }

  function place(r) {
    return r.rank === null ? Infinity : r.rank;
  }

  const COLUMNS = [
    { name: "gain", text: "mean gain", higher: true, value: (r) => r.gain.mean, show: (r) => figure(r.gain) },
    { name: "place", text: "mean rank", higher: false, value: (r) => r.place.mean, show: (r) => figure(r.place) },
    { name: "ran", text: "ran in", higher: true, value: (r) => r.ran, show: (r) => r.ran + "/" + r.asked, unmarked: true },
    ...["rtf", "latency_ms", "peak_memory", "parameters"].map((metric) => ({
      name: metric, text: metric, unit: true, higher: false, value: (r) => r.costs[metric], show: (r) => format(r.costs[metric], metric),
    })),
    { name: "causal", text: "causal", value: (r) => (r.entry.causal ? "yes" : "no") },
    { name: "microphones", text: "mics", value: (r) => (r.entry.microphones > 1 ? "several" : "one") },
    { name: "told", text: "guided", value: (r) => told(r.entry) },
    { name: "learnt", text: "learnt", value: (r) => (r.entry.learned ? r.entry.paradigm : "no") },
  ];

  // The test paradigm, and what the method asks for.
  function told(entry) {
    const asked = entry.needs.filter((n) => n in TOLD).map((n) => TOLD[n]);
    return entry.guidance.replace(" guided", "") + (asked.length ? ": " + asked.join(", ") : "");
  }

  // "peak_memory, MB"; names that say their unit stand alone.
  function titled(metric) {
    const { unit } = data.metric.get(metric);
    return unit && unit !== "s/s" && !metric.endsWith("_" + unit) ? metric + ", " + unit : metric;
  }

  function figure(x) {
    if (x.mean === null) return "–";
    return [x.mean.toFixed(2), x.error === null ? null : el("small", null, " ±" + (Z * x.error).toFixed(2))];
  }

  function table(conditions, fits, costs) {
    const weight = chosenWeights(conditions);
    const counted = conditions.filter((c) => standing(c.name) && weight.get(c.name) > 0);
    const rows = fits.map((entry) => ({ entry, costs: costs.get(entry.name), asked: counted.length, ...over(entry.name, counted, weight) })).filter((r) => r.ran > 0);
    const gains = rows.some((r) => r.gain.mean !== null);
    const columns = COLUMNS.filter((c) => (c.name !== "gain" || gains) && (typeof c.higher !== "boolean" || rows.some((r) => c.value(r) !== null)));
    const names = columns.map((c) => c.name);
    const [column, descending] = cocktail.sorting(["entry", "family", ...names], gains ? "gain" : "place");
    rows.sort(compare(column, columns.find((c) => c.name === column)));
    if (descending) rows.reverse();
    const heading = (name, text, style) => cocktail.heading("standings", name, text, column, descending, style);
    const marks = columns.map((c) => (typeof c.higher === "boolean" && !c.unmarked ? cocktail.bestOf(rows.filter((r) => !cocktail.isBound(r.entry.name) && r.ran === r.asked).map(c.value), c.higher) : null));
    byId("standings").replaceChildren(
      el("thead", null, el("tr", null, heading("entry", "entry"), heading("family", "family", "family"), ...columns.map((c) => heading(c.name, c.unit ? titled(c.name) : c.text, typeof c.higher === "boolean" ? "number" : null)))),
      ...cocktail.grouped(rows, (r) => line(r, columns, marks), columns.length + 2));
    const metrics = [...new Set(counted.map((c) => standing(c.name).metric))];
    byId("overview-note").textContent = rows.length
      ? "By " + metrics.join(" and ") + ", over " + counted.length + (counted.length > 1 ? " conditions" : " condition") + ". " + (gains ? "Gain: 0 is the unprocessed sound, 1 the best oracle. " : "") + "Rank 1 is the best; 1 in each condition would be a mean of 1. " +
        "±: half of a 95 % interval over scenes. Entries that ran in some of these conditions only stand below the others: their means are over other scenes. Costs are those of the condition that costs most, on the machine below. " +
        "Guided: how much the method is told of a scene, its test paradigm. Learnt: from what, its training paradigm."
      : "No entry fits. Move the limits, or choose other filters or weights.";
  }

  // Means over conditions of an entry, with standard errors: scenes of different conditions are independent.
  function over(name, counted, weight) {
    const weighed = counted.map((c) => [weight.get(c.name), standing(c.name).entries[name]]).filter(([, x]) => x);
    return { ran: weighed.length, place: mean(weighed, 0), gain: mean(weighed, 2) };
  }

  function mean(weighed, at) {
    const known = weighed.filter(([, x]) => x[at] !== null);
    const total = known.reduce((sum, [w]) => sum + w, 0);
    if (!total) return { mean: null, error: null };
    const errors = known.map(([w, x]) => (x[at + 1] === null ? null : w * x[at + 1]));
    return {
      mean: known.reduce((sum, [w, x]) => sum + w * x[at], 0) / total,
      error: errors.includes(null) ? null : Math.hypot(...errors) / total,
    };
  }

  function compare(column, card) {
    const name = (a, b) => a.entry.name.localeCompare(b.entry.name);
    if (!card) return (a, b) => (column === "family" ? a.entry.family.localeCompare(b.entry.family) : 0) || name(a, b);
    if (typeof card.higher !== "boolean") return (a, b) => card.value(a).localeCompare(card.value(b)) || name(a, b);
    const incomplete = (r) => ["gain", "place"].includes(column) && r.ran < r.asked;
    return (a, b) => {
      const [x, y] = [card.value(a), card.value(b)];
      return incomplete(a) - incomplete(b) || (x === null) - (y === null) || (card.higher ? y - x : x - y) || name(a, b);
    };
  }

  function line(r, columns, marks) {
    const style = cocktail.isBound(r.entry.name) ? "bound" : r.ran < r.asked ? "incomplete" : null;
    return el("tr", { class: style, "data-entry": r.entry.name },
      el("th", { scope: "row" }, el("a", { href: cocktail.methodLink(r.entry.name), title: r.entry.title }, r.entry.name)), el("td", { class: "family" }, r.entry.family),
      ...columns.map((c, i) => {
        const best = marks[i] !== null && c.value(r) === marks[i] && style === null;
        return el("td", { class: [typeof c.higher === "boolean" ? "number" : "small", best ? "best" : ""].join(" ").trim() || null }, ...[c.show ? c.show(r) : c.value(r)].flat());
      }));
  }
})();
