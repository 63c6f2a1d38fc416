"use strict";
// Two entries on one scene: their estimates beside the mixture and the references on one clock, and their scores.
(function () {
  const { data, state, el, byId, fill, format } = cocktail;

  cocktail.views.listen = async function () {
    const target = byId("listen");
    if (!data.sounds) {
      target.replaceChildren(el("p", null, "This page has no sounds: it was made while the run went on."));
      return;
    }
    const condition = fill(byId("listen-condition"), data.conditions.filter((c) => cocktail.makesSound(c.name)).map((c) => [c.name, c.name]), state.condition);
    state.condition = condition;
    const entries = data.entries.filter((e) => cocktail.hasCell(condition, e.name));
    const [first, second] = preferred(condition, entries);
    state.a = choose("a", entries, state.a || (state.b === first ? second : first));
    state.b = choose("b", entries, state.b || (state.a === second ? first : second));
    const cells = await Promise.all([state.a, state.b].map((name) => cocktail.loadCell(condition, name)));
    const scenes = common(cells);
    if (!scenes.length) {
      fill(byId("listen-scene"), [], "");
      target.replaceChildren(el("p", null, "No scene has sounds of both entries."));
      return;
    }
    state.scene = fill(byId("listen-scene"), scenes.map(([a]) => [a.scene, title(a)]), state.scene);
    const pair = scenes.find(([a]) => a.scene === state.scene);
    target.replaceChildren(el("p", { class: "dim" }, cocktail.sceneWords(pair[0])), el("p", { class: "note" }, cocktail.playerNote()), ...cocktail.player(sounds(pair), estimates(pair[0], state.a, "A: ")[0].name), scores(pair));
  };

  function choose(which, entries, chosen) {
    return fill(byId("listen-" + which), entries.map((e) => [e.name, e.name]), chosen);
  }

  // What to hear first: the best entry, and the sound as it was.
  function preferred(condition, entries) {
    const metric = data.metrics.find((m) => !m.cost && cocktail.row(condition, "unprocessed", m.name)) || data.metrics[0];
    const place = (e) => { const r = cocktail.row(condition, e.name, metric.name); return r && r.rank !== null ? r.rank : Infinity; };
    const best = [...entries].sort((a, b) => place(a) - place(b))[0];
    return [best ? best.name : "", "unprocessed"];
  }

  // Pairs of one scene with sounds of both cells: shared ones first.
  function common(cells) {
    if (cells.includes(null)) return [];
    const second = new Map(cells[1].scenes.map((s) => [s.scene, s]));
    const audible = (s) => s && s.sounds && s.sounds.some((x) => x.name.startsWith("estimate"));
    return cells[0].scenes.map((s) => [s, second.get(s.scene)]).filter((pair) => pair.every(audible));
  }

  function title(scene) {
    return (scene.shared ? scene.shared + " of the shared scenes: " : scene.own + " of A's own: ") + scene.scene;
  }

  function estimates(scene, entry, side) {
    return scene.sounds.filter((s) => s.name.startsWith("estimate")).map((s) => ({
      name: side + entry + s.name.slice("estimate".length), file: s.file, truth: s.name.replace("estimate", "reference"),
    }));
  }

  function sounds([a, b]) {
    return [...a.sounds.filter((s) => !s.name.startsWith("estimate")), ...estimates(a, state.a, "A: "), ...estimates(b, state.b, "B: ")];
  }

  function scores(pair) {
    const shown = data.metrics.filter((m) => m.shown && !m.cost && pair.some((s) => cocktail.sceneFigure(s, m.name) !== null));
    const better = (m, values) => {
      if (values.includes(null) || values[0] === values[1]) return -1;
      return values[0] > values[1] === m.higher ? 0 : 1;
    };
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scores of this scene" }, el("table", { id: "listen-scores" },
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "this scene"), el("th", { scope: "col", class: "number" }, "A: " + state.a), el("th", { scope: "col", class: "number" }, "B: " + state.b))),
      el("tbody", null, ...shown.map((m) => {
        const values = pair.map((s) => cocktail.sceneFigure(s, m.name));
        return el("tr", null, el("th", { scope: "row" }, cocktail.metricLink(m.name)),
          ...values.map((v, i) => el("td", { class: better(m, values) === i ? "number best" : "number" }, format(v, m.name))));
      }))));
  }
})();
