"use strict";
// Quality against cost, scores against what was drawn, and detection error trade-offs, drawn by Plotly.
(function () {
  const { data, state, el, byId, row } = cocktail;
  const PALETTE = ["#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#9c755f", "#edc948", "#ff9da7", "#8c8c8c", "#1f77b4", "#bcbd22"];
  const FEW = 6;
  const PLACES = ["top left", "bottom right", "top right"]; // of names, in turn, so that neighbours seldom cover each other

  function colour(name, names) {
    return PALETTE[Math.max(0, names.indexOf(name)) % PALETTE.length];
  }

  const NOTHING = "Nothing to draw here: choose another condition or metric.";
  const NO_TRIALS = "No condition that the filters let through has trials of detection or verification.";

  async function draw(id, traces, layout, opened, nothing) {
    const target = byId(id);
    if (!traces.length) {
      if (window.Plotly) window.Plotly.purge(target);
      target.replaceChildren(el("p", { class: "dim" }, nothing || NOTHING));
      return;
    }
    const Plotly = await cocktail.loadPlotly();
    const style = getComputedStyle(document.body);
    const line = style.getPropertyValue("--line").trim();
    const axis = { gridcolor: line, zerolinecolor: line, automargin: true, exponentformat: "none" };
    const full = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: style.color, size: 13 }, hovermode: "closest",
      margin: { l: 56, r: 12, t: 12, b: 48 }, legend: window.innerWidth < 640 ? { orientation: "h", y: -0.25 } : {}, ...layout,
      xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis },
    };
    if (!target.classList.contains("js-plotly-plot")) target.replaceChildren();
    await Plotly.react(target, traces, full, { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["toImage", "lasso2d", "select2d"] });
    target.removeAllListeners("plotly_click");
    if (opened) target.on("plotly_click", (event) => opened(event.points[0]));
  }

  // Names come from plugins, and Plotly reads some HTML in texts.
  function harmless(text) {
    return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  }

  Object.assign(cocktail, { plot: draw, harmless });

  function axisTitle(metric) {
    const card = data.metric.get(metric);
    return card.name + (card.unit ? " (" + card.unit + ")" : "");
  }

  cocktail.views.cost = function () {
    const costs = data.metrics.filter((m) => m.cost);
    const cost = cocktail.fill(byId("cost-metric"), costs.map((m) => [m.name, axisTitle(m.name)]), byId("cost-metric").value || "rtf");
    const families = [...new Set(data.entries.map((e) => e.family))];
    const least = Math.min(...data.board.value.filter((v, i) => data.board.metric[i] === cost && v > 0)) / 3;
    const better = data.metric.get(state.metric);
    const traces = [];
    const named = front(cocktail.entries().map((e) => e.name).filter((name) => !cocktail.isBound(name)), cost);
    for (const family of families) {
      const points = cocktail.entries().filter((e) => e.family === family).map((e) => [e, row(state.condition, e.name, state.metric), row(state.condition, e.name, cost)])
        .filter(([, quality, price]) => quality && price && quality.value !== null && price.value !== null);
      if (!points.length) continue;
      traces.push({
        type: "scatter", mode: "markers+text", textposition: points.map(([e]) => PLACES[[...named].indexOf(e.name) % PLACES.length] || PLACES[0]), name: harmless(family), marker: { size: 10, color: colour(family, families), symbol: cocktail.isBound(points[0][0].name) ? "diamond-open" : "circle" },
        x: points.map(([, , price]) => Math.max(price.value, least)), y: points.map(([, quality]) => quality.value),
        text: points.map(([e]) => (named.has(e.name) ? harmless(e.name) : "")), customdata: points.map(([e]) => e.name), hovertext: points.map(([e]) => harmless(e.name)),
        error_y: { type: "data", symmetric: false, thickness: 1, width: 0, array: points.map(([, q]) => (q.ci_high === null ? 0 : q.ci_high - q.value)), arrayminus: points.map(([, q]) => (q.ci_low === null ? 0 : q.value - q.ci_low)) },
        hovertemplate: "%{hovertext}<br>" + harmless(state.metric) + " %{y}<br>" + cost + " %{x}<extra></extra>",
      });
    }
    return draw("cost-plot", traces, {
      xaxis: { type: "log", title: { text: axisTitle(cost) } },
      yaxis: { title: { text: harmless(state.metric ? axisTitle(state.metric) : "") }, ...frame(traces, better) },
    }, (point) => { location.hash = cocktail.cellLink(state.condition, point.customdata); });
  };

  // Those of some entries that none of them beats in quality without costing more.
  function front(names, cost) {
    const sign = (data.metric.get(state.metric) || {}).higher === false ? -1 : 1;
    const points = names.map((name) => [name, row(state.condition, name, cost), row(state.condition, name, state.metric)])
      .filter(([, price, quality]) => price && quality && price.value !== null && quality.value !== null)
      .map(([name, price, quality]) => ({ name: name, cost: price.value, quality: sign * quality.value }))
      .sort((a, b) => a.cost - b.cost || b.quality - a.quality);
    const unbeaten = new Set();
    let best = -Infinity;
    for (const point of points) {
      if (point.quality > best) unbeaten.add(point.name);
      best = Math.max(best, point.quality);
    }
    return unbeaten;
  }

  // Up is better; what lies beyond the best oracle, as the clean speech does, is left to those who zoom out.
  function frame(traces, better) {
    const bound = (data.bounds[state.condition] || {})[state.metric];
    const higher = !better || better.higher;
    if (!bound) return { autorange: higher ? true : "reversed" };
    const inside = traces.flatMap((t) => t.y).filter((y) => (higher ? y <= bound[1] : y >= bound[1]));
    const [low, high] = [Math.min(...inside, bound[0], bound[1]), Math.max(...inside, bound[0], bound[1])];
    const pad = 0.08 * (high - low);
    return { range: higher ? [low - pad, high + pad] : [high + pad, low - pad] };
  }

  cocktail.views.curves = async function () {
    const content = state.condition ? await cocktail.loadCondition(state.condition) : null;
    const ofMetric = (content && content.strata[state.metric]) || {};
    const by = cocktail.fill(byId("curve-by"), Object.keys(ofMetric).map((name) => [name, cocktail.drawnTitle(name)]), byId("curve-by").value || "snr_db");
    const curve = ofMetric[by];
    const names = curve ? chosen(curve.entries, state.metric, "all-curves") : [];
    const traces = names.flatMap((name) => band(name, curve, colour(name, names)));
    await draw("curve-plot", traces, {
      xaxis: { title: { text: by ? cocktail.drawnTitle(by) + ", and scenes" : "" }, type: "category" }, yaxis: { title: { text: harmless(state.metric ? axisTitle(state.metric) : "") } },
    });
    return curve;
  };

  // Entries that have a curve: all of them, or the best few and `unprocessed`.
  function chosen(curves, metric, all) {
    const names = cocktail.entries().map((e) => e.name).filter((name) => curves[name]);
    if (byId(all).checked) return names;
    const sign = data.metric.get(metric).higher ? 1 : -1;
    const value = (name) => { const r = row(state.condition, name, metric); return r && r.value !== null ? sign * r.value : -Infinity; };
    const best = names.filter((name) => !cocktail.isBound(name)).sort((a, b) => value(b) - value(a)).slice(0, FEW);
    return names.includes("unprocessed") ? [...best, "unprocessed"] : best;
  }

  function band(name, curve, ink) {
    const points = curve.entries[name].map((p, i) => [curve.strata[i] + " (" + curve.n[i] + ")", p]).filter(([, p]) => p !== null);
    const edges = points.filter(([, p]) => p[1] !== null);
    const x = points.map(([stratum]) => stratum);
    const shade = {
      type: "scatter", mode: "lines", line: { width: 0 }, fill: "toself", fillcolor: ink + "26", hoverinfo: "skip", showlegend: false, legendgroup: name,
      x: [...edges.map(([s]) => s), ...edges.map(([s]) => s).reverse()], y: [...edges.map(([, p]) => p[1]), ...edges.map(([, p]) => p[2]).reverse()],
    };
    const middle = { type: "scatter", mode: "lines+markers", name: harmless(name), legendgroup: name, line: { color: ink }, x: x, y: points.map(([, p]) => p[0]) };
    return edges.length > 1 ? [middle, shade] : [middle];
  }

  const TICKS = [0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999];
  const DEVIATES = [-3.0902, -2.3263, -1.6449, -1.2816, -0.8416, -0.2533, 0.2533, 0.8416, 1.2816, 1.6449, 2.3263, 3.0902];

  cocktail.views.detection = async function () {
    const content = state.condition ? await cocktail.loadCondition(state.condition) : null;
    const det = (content && content.det) || {};
    const metric = cocktail.fill(byId("det-metric"), Object.keys(det).map((name) => [name, name]), byId("det-metric").value);
    const curves = det[metric] || {};
    const names = metric ? chosen(curves, metric, "all-det") : [];
    const traces = names.map((name) => ({
      type: "scatter", mode: "lines", name: harmless(name) + " (" + curves[name].n.join(" / ") + ")", line: { color: colour(name, names) },
      x: curves[name].false_alarm, y: curves[name].miss, hoverinfo: "name",
    }));
    if (traces.length) traces.push({ type: "scatter", mode: "lines", x: [-3.1, 3.1], y: [-3.1, 3.1], line: { dash: "dot", color: "#888", width: 1 }, hoverinfo: "skip", showlegend: false });
    const axis = { tickvals: DEVIATES, ticktext: TICKS.map((t) => Number((100 * t).toPrecision(3)) + " %"), range: [-3.1, 3.1] };
    return draw("det-plot", traces, { xaxis: { ...axis, tickangle: window.innerWidth < 640 ? -90 : 0, title: { text: "false alarms" } }, yaxis: { ...axis, title: { text: "misses" } } }, null, state.condition ? null : NO_TRIALS);
  };
})();
