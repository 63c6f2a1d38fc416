"use strict";
// A cell: an entry's scenes in a condition, those that all entries share before its own, with players and scores.
(function () {
  const { data, el, byId, format } = cocktail;

  cocktail.views.cell = async function (condition, entry) {
    byId("h-cell").replaceChildren(el("a", { href: cocktail.methodLink(entry) }, entry), " in ",
      el("a", { href: "#boards?condition=" + encodeURIComponent(condition) }, condition));
    const target = byId("cell");
    target.replaceChildren(el("p", { class: "dim" }, "…"));
    for (const [what, name, known] of [["condition", condition, data.about], ["entry", entry, data.card]]) {
      if (!known.has(name)) cocktail.complain("This suite has no " + what + " “" + name + "”.");
    }
    const cell = await cocktail.loadCell(condition, entry);
    const bad = data.failures.filter((f) => f.condition === condition && f.entry === entry);
    target.replaceChildren(figures(condition, entry), ...(bad.length ? [el("h3", null, "What is missing, and why"), cocktail.failureList(bad)] : []));
    if (cell === null) {
      target.append(el("p", null, "There are no examples of this cell."));
      return;
    }
    target.append(el("p", { class: "note" }, "Scale: 0 is the unprocessed sound, 1 the best oracle. " + about(cell) + " " + cocktail.playerNote()), ...cell.scenes.map((scene) => sceneBlock(scene, cell)), ...disagreeing(cell));
    show(cell, target);
  };

  function about(cell) {
    const shared = cell.middle ? "Shared scenes are the same for all entries of the condition: the worst, median and best one of " + cell.middle +
      ", the entry in the middle of the board. " : "";
    return shared + "Own scenes are the worst, median and best one of " + cell.entry + "." + (cell.chosen_by ? " All are chosen by " + cell.chosen_by + "." : "");
  }

  // The scene that the address names.
  function show(cell, target) {
    const wanted = cocktail.state.scene;
    if (!wanted) return;
    const block = [...target.querySelectorAll(".scene")].find((b) => b.dataset.scene === wanted);
    if (block) {
      block.classList.add("named");
      block.scrollIntoView();
    } else {
      cocktail.complain("“" + wanted + "” is no example of " + cell.entry + " in " + cell.condition + ".");
    }
  }

  function figures(condition, entry) {
    const rows = data.metrics.map((m) => [m, cocktail.row(condition, entry, m.name)]).filter(([m, r]) => r && m.shown);
    const share = (r) => (r.metric in (data.bounds[condition] || {}) ? cocktail.share(cocktail.scaled(r.value, condition, r.metric)) : "");
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Figures" }, el("table", null,
      el("thead", null, el("tr", null, ...["metric", "figure", "95 % interval", "scale", "rank", "scenes"].map((h, i) => el("th", { scope: "col", class: i ? "number" : null }, h)))),
      el("tbody", null, ...rows.map(([m, r]) => el("tr", null,
        el("th", { scope: "row" }, cocktail.metricLink(m.name)),
        el("td", { class: "number" }, format(r.value, m.name) + (m.unit ? " " + m.unit : "")),
        el("td", { class: "number" }, r.ci_low === null ? "" : format(r.ci_low, m.name) + " to " + format(r.ci_high, m.name)),
        el("td", { class: "number" }, share(r)),
        el("td", { class: "number" }, r.rank === null ? "–" : String(r.rank)),
        el("td", { class: "number" }, r.n_ok + "/" + r.n_total))))));
  }

  // Mean over talkers of a metric of a scene, or null.
  cocktail.sceneFigure = function (scene, metric) {
    const values = scene.scores.filter((s) => s[0] === metric && s[2] !== null).map((s) => s[2]);
    return values.length ? values.reduce((a, b) => a + b) / values.length : null;
  };

  function sceneBlock(scene, cell) {
    const mean = cocktail.sceneFigure(scene, cell.chosen_by);
    // In detection the figure is the scene's own score, and not an error rate.
    const scored = (scene.shared || scene.own).endsWith("score");
    const chosenBy = scored ? format(mean, "score") : cell.chosen_by + " " + format(mean, cell.chosen_by);
    const labels = [scene.shared && scene.shared + " of the shared scenes", scene.own && scene.own + " of its own"];
    const block = el("div", { class: "scene", "data-scene": scene.scene },
      el("h3", null, labels.filter(Boolean).join(", ") + ": ",
        el("a", { href: cocktail.cellLink(cell.condition, cell.entry) + "?scene=" + encodeURIComponent(scene.scene) }, scene.scene), " (" + chosenBy + ")"),
      el("p", { class: "dim" }, cocktail.sceneWords(scene)));
    if (scene.truth) block.append(el("p", null, "Truth: " + scene.truth));
    if (scene.sounds === null) {
      block.append(el("p", { class: "note" }, "Without sound, so that this folder stays small."));
    } else if (scene.sounds.length) {
      const estimates = scene.sounds.filter((s) => s.name.startsWith("estimate"));
      const sounds = scene.sounds.map((s) => ({ ...s, truth: s.name.startsWith("estimate") ? s.name.replace("estimate", "reference") : null }));
      block.append(...cocktail.player(sounds, estimates.length ? estimates[0].name : "mixture"));
      if (makesSound(cell.condition)) block.append(estimates.length ? listenLink(cell, scene) : el("p", { class: "note" }, "The estimate of this scene was not kept."));
    }
    block.append(el("details", null, el("summary", null, "All scores of this scene"), scoreTable(scene.scores)));
    return block;
  }

  function listenLink(cell, scene) {
    const query = new URLSearchParams({ condition: cell.condition, a: cell.entry, scene: scene.scene });
    return el("p", null, el("a", { href: "#listen?" + query }, "Hear it beside another entry"));
  }

  // What was drawn for a scene, and what is said in it.
  cocktail.sceneWords = function (scene) {
    const drawn = Object.entries(scene.drawn).map(([name, value]) => cocktail.drawnWords(name, value));
    return [...drawn, ...(scene.text || []).map((text) => "“" + text + "”")].join(" · ");
  };

  function makesSound(condition) {
    return ["enhance", "separate"].includes(data.about.get(condition).task);
  }
  cocktail.makesSound = makesSound;

  function scoreTable(scores) {
    return el("div", { class: "scroll" }, el("table", null,
      el("thead", null, el("tr", null, ...["metric", "talker", "value", ""].map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", null, ...scores.map(([metric, talker, value, reason]) => el("tr", null,
        el("th", { scope: "row" }, metric), el("td", { class: "number" }, talker === null ? "" : String(talker + 1)),
        el("td", { class: "number" }, format(value, metric)), el("td", { class: "wrap" }, reason || ""))))));
  }

  function disagreeing(cell) {
    if (!cell.disagreements.length) return [];
    return [el("h3", null, "Scenes on which metrics disagree most"), el("ul", null, ...cell.disagreements.map((d) =>
      el("li", null, d.name + ": by " + d.high + " better than " + cocktail.percent(d.places[d.high]) + " of the other scenes, by " +
        d.low + " better than " + cocktail.percent(d.places[d.low]) + " of them")))];
  }
})();
