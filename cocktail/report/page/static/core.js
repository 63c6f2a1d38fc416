"use strict";
// Data, filters and formats that every view shares. Names and transcripts come from plugins and corpora:
// they reach the page as text nodes alone, never as HTML.
var cocktail = (function () {
  const waiting = new Map();
  const data = {};
  const index = new Map(); // condition, entry, metric -> place in the columns of the board
  const cells = new Set(); // condition, entry of those that the board knows
  const BOUNDS = "controls";
  const BASELINE = "unprocessed";

  // Scripts of data call this, as a page that is opened from disk may not fetch.
  function loaded(name, content) {
    if (name === "data") {
      Object.assign(data, content);
      const b = data.board;
      b.value.forEach((_, i) => {
        index.set(key(b.condition[i], b.entry[i], b.metric[i]), i);
        cells.add(key(b.condition[i], b.entry[i]));
      });
      data.metric = new Map(data.metrics.map((m) => [m.name, m]));
      data.card = new Map(data.entries.map((e) => [e.name, e]));
      data.about = new Map(data.conditions.map((c) => [c.name, c]));
    } else {
      waiting.get(name)(content);
    }
  }

  const cache = new Map();
  // Content of `conditions/<...>.js` or `cells/<...>.js`, read once; null where there is none.
  function load(name, path) {
    if (!cache.has(name)) {
      cache.set(name, new Promise((resolve) => {
        waiting.set(name, resolve);
        addScript(path, () => resolve(null));
      }));
    }
    return cache.get(name);
  }

  function addScript(path, failed, done) {
    const script = document.createElement("script");
    script.src = path;
    script.onerror = failed;
    if (done) script.onload = done;
    document.head.append(script);
  }

  function loadCondition(condition) {
    return load("condition/" + condition, "conditions/" + encodeURIComponent(condition) + ".js");
  }

  // Content of a cell; null for one that the board does not know, whatever the address says.
  async function loadCell(condition, entry) {
    if (!cells.has(key(condition, entry)) || !data.sounds) return null;
    const path = [condition, entry].map(encodeURIComponent).join("/");
    return load("cell/" + condition + "/" + entry, "cells/" + path + ".js");
  }

  let plotting = null;
  function loadPlotly() {
    plotting = plotting || new Promise((resolve, reject) => {
      addScript("plotly.min.js", () => reject(new Error("plotly.min.js is missing beside this page")), () => resolve(window.Plotly));
    });
    return plotting;
  }

  function key(...parts) {
    return parts.join("\n");
  }

  // The row of the board of a cell, or null.
  function row(condition, entry, metric) {
    const i = index.get(key(condition, entry, metric));
    if (i === undefined) return null;
    const values = {};
    for (const name of Object.keys(data.board)) values[name] = data.board[name][i];
    return values;
  }

  // An element: attributes by name, `on...` as listeners, children as nodes or text.
  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name === "class") made.className = value;
      else made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((c) => c !== null && c !== undefined));
    return made;
  }

  // As cocktail.report.figures writes it, to the digit.
  function format(value, metric) {
    if (value === null || value === undefined) return "–";
    const text = fixed(Math.abs(value), (data.metric.get(metric) || { digits: 2 }).digits);
    const [whole, rest] = text.split(".");
    const sign = value < 0 && /[1-9]/.test(text) ? "-" : "";
    return sign + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? "." + rest : "");
  }

  // toFixed, but for numbers that lie exactly in the middle, which go to the even digit as Python's do.
  function fixed(x, digits) {
    const [exact, more] = [x.toFixed(digits + 30), 30];
    const below = exact.slice(0, -more).replace(/\.$/, "");
    return /^50*$/.test(exact.slice(-more)) && "02468".includes(below.at(-1)) ? below : x.toFixed(digits);
  }

  // What a metric is called in headings: the attack that it is about apart.
  function label(metric) {
    return metric.replace(":", ": ");
  }

  function arrow(metric) {
    return data.metric.get(metric).higher ? "↑" : "↓";
  }

  function isBound(entry) {
    return (data.card.get(entry) || {}).family === BOUNDS;
  }

  // 0 at `unprocessed`, 1 at the best oracle; null where there is no such scale.
  function scaled(value, condition, metric) {
    const bound = (data.bounds[condition] || {})[metric];
    return value === null || !bound ? null : (value - bound[0]) / (bound[1] - bound[0]);
  }

  // A share of that scale in words: what gives the reference back, and not a part of it, is far beyond any oracle.
  function share(x) {
    return x === null ? "·" : x > 2 ? "≫ 1" : x.toFixed(2);
  }

  // What the address may set; all of it is text, empty where nothing was chosen.
  const state = {
    condition: "", metric: "", family: "", paradigm: "", guidance: "", task: "", channels: "", causal: "", learnt: "", search: "", bounds: "", grouped: "",
    sort: "", purpose: "", rtf: "", latency: "", memory: "", weights: "", a: "", b: "", scene: "", other: "",
  };

  // Entries that the filters let through; with `all`, also controls and oracles that the switch hides. `unprocessed` stays.
  function entries(all) {
    const wanted = state.search.toLowerCase();
    return data.entries.filter((e) =>
      (all || state.bounds || !isBound(e.name) || e.name === BASELINE || e.family === state.family) &&
      (!state.family || e.family === state.family) && (!state.paradigm || e.paradigm === state.paradigm) &&
      (!state.guidance || e.guidance === state.guidance) && (!state.causal || (state.causal === "yes") === e.causal) &&
      (!state.learnt || (state.learnt === "yes") === e.learned) &&
      (!state.task || e.task.split(",").includes(state.task)) && e.name.toLowerCase().includes(wanted));
  }

  // Conditions that the filters let through.
  function conditions() {
    return data.conditions.filter((c) =>
      (!state.task || c.task === state.task) && (!state.channels || String(c.channels) === state.channels));
  }

  function cellLink(condition, entry) {
    return "#cell/" + encodeURIComponent(condition) + "/" + encodeURIComponent(entry);
  }

  function methodLink(entry) {
    return "methods/" + encodeURIComponent(entry) + ".html";
  }

  function metricLink(metric) {
    return el("a", { href: "#metrics/" + encodeURIComponent(metric), title: data.metric.get(metric).meaning || null }, label(metric) + " " + arrow(metric));
  }

  function hasCell(condition, entry) {
    return cells.has(key(condition, entry));
  }

  // "SNR (dB)" of what is drawn for scenes, and "SNR 3.2 dB" of a scene.
  function drawnTitle(name) {
    const [title, unit] = data.drawn[name] || [name, ""];
    return title + (unit ? " (" + unit + ")" : "");
  }

  function drawnWords(name, value) {
    const [title, unit] = data.drawn[name] || [name, ""];
    return title + " " + (typeof value === "number" ? Number(value.toPrecision(3)) : value) + (unit ? " " + unit : "");
  }

  function percent(share) {
    return Math.round(100 * share) + " %";
  }

  function byId(id) {
    return document.getElementById(id);
  }

  function fill(select, options, chosen) {
    select.replaceChildren(...options.map(([value, text]) => el("option", { value: value }, text)));
    select.value = options.some(([value]) => value === chosen) ? chosen : options.length ? options[0][0] : "";
    return select.value;
  }

  return {
    data, state, loaded, loadCondition, loadCell, loadPlotly, row, el, format, label, arrow, isBound, scaled, share, entries, conditions,
    cellLink, methodLink, metricLink, hasCell, drawnTitle, drawnWords, percent, byId, fill, views: {},
  };
})();
