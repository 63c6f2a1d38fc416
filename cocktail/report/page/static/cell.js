"use strict";
// A cell: an entry's worst, median and best scene in a condition, with players on one clock, spectrograms and scores.
(function () {
  const { data, el, byId, format } = cocktail;
  const STEP_S = 0.5;

  cocktail.views.cell = async function (condition, entry) {
    byId("h-cell").replaceChildren(el("a", { href: cocktail.methodLink(entry) }, entry), " in ", el("a", { href: "#boards/" + encodeURIComponent(condition) }, condition));
    const target = byId("cell");
    target.replaceChildren(el("p", { class: "dim" }, "…"));
    const cell = await cocktail.loadCell(condition, entry);
    const bad = data.failures.filter((f) => f.condition === condition && f.entry === entry);
    target.replaceChildren(figures(condition, entry), ...(bad.length ? [el("h3", null, "What is missing, and why"), cocktail.failureList(bad)] : []));
    if (cell === null) {
      target.append(el("p", null, "There are no examples of this cell."));
      return;
    }
    target.append(...cell.scenes.map((scene) => sceneBlock(scene, cell)), ...disagreeing(cell));
  };

  function figures(condition, entry) {
    const rows = data.metrics.map((m) => [m, cocktail.row(condition, entry, m.name)]).filter(([m, r]) => r && m.shown);
    const share = (r) => (r.metric in (data.bounds[condition] || {}) ? cocktail.share(cocktail.scaled(r.value, condition, r.metric)) : "");
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Figures" }, el("table", null,
      el("thead", null, el("tr", null, ...["metric", "figure", "95 % interval", "scale", "rank", "scenes"].map((h, i) => el("th", { scope: "col", class: i ? "number" : null }, h)))),
      el("tbody", null, ...rows.map(([m, r]) => el("tr", null,
        el("th", { scope: "row" }, m.name + " " + cocktail.arrow(m.name)),
        el("td", { class: "number" }, format(r.value, m.name) + (m.unit ? " " + m.unit : "")),
        el("td", { class: "number" }, r.ci_low === null ? "" : format(r.ci_low, m.name) + " to " + format(r.ci_high, m.name)),
        el("td", { class: "number" }, share(r)),
        el("td", { class: "number" }, r.rank === null ? "–" : String(r.rank)),
        el("td", { class: "number" }, r.n_ok + "/" + r.n_total))))));
  }

  function sceneBlock(scene, cell) {
    const chosen = scene.scores.filter((s) => s[0] === cell.chosen_by && s[2] !== null).map((s) => s[2]);
    const mean = chosen.length ? chosen.reduce((a, b) => a + b) / chosen.length : null;
    // In detection the figure is the scene's own score, and not an error rate.
    const chosenBy = scene.label.endsWith("score") ? format(mean, "score") : cell.chosen_by + " " + format(mean, cell.chosen_by);
    const drawn = Object.entries(scene.drawn).map(([name, value]) => name + " " + (typeof value === "number" ? Number(value.toPrecision(3)) : value));
    const said = (scene.text || []).map((text) => "“" + text + "”");
    const block = el("div", { class: "scene", "data-scene": scene.scene },
      el("h3", null, scene.label + ": " + scene.scene + " (" + chosenBy + ")"),
      el("p", { class: "dim" }, [...drawn, ...said].join(" · ")));
    if (scene.truth) block.append(el("p", null, "Truth: " + scene.truth));
    if (scene.sounds.length) block.append(...player(scene.sounds));
    if (scene.sounds.length && makesSound(cell.condition) && !scene.sounds.some((s) => s.name.startsWith("estimate"))) {
      block.append(el("p", { class: "note" }, "The estimate of this scene was not kept."));
    }
    block.append(el("details", null, el("summary", null, "All scores of this scene"), scoreTable(scene.scores)));
    return block;
  }

  function makesSound(condition) {
    return ["enhance", "separate"].includes(data.about.get(condition).task);
  }

  function scoreTable(scores) {
    return el("div", { class: "scroll" }, el("table", null,
      el("thead", null, el("tr", null, ...["metric", "talker", "value", ""].map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", null, ...scores.map(([metric, talker, value, reason]) => el("tr", null,
        el("th", { scope: "row" }, metric), el("td", { class: "number" }, talker === null ? "" : String(talker + 1)),
        el("td", { class: "number" }, format(value, metric)), el("td", { class: "wrap" }, reason || ""))))));
  }

  // All sounds of a scene run together, and one of them is heard: switching is a matter of muting, and loses no time.
  function player(sounds) {
    const tracks = sounds.map((sound) => ({
      name: sound.name,
      audio: el("audio", { src: "sounds/" + sound.file + "." + data.sounds.suffix, preload: "metadata" }),
      file: sound.file,
    }));
    let heard = tracks.findIndex((t) => t.name.startsWith("estimate"));
    if (heard < 0) heard = 0;
    const lead = tracks[0].audio;
    const clock = el("input", { type: "range", min: "0", max: "1000", value: "0", "aria-label": "Position" });
    const time = el("span", { class: "dim" }, "0.0 s");
    const button = el("button", { type: "button", class: "play" }, "Play");
    const figures = new Map();

    function choose(i) {
      heard = i;
      tracks.forEach((t, j) => {
        t.audio.muted = j !== i;
        if (t.audio !== lead && Math.abs(t.audio.currentTime - lead.currentTime) > 0.03) t.audio.currentTime = lead.currentTime;
        if (figures.has(j)) figures.get(j).classList.toggle("heard", j === i);
      });
      choices[i].checked = true;
    }
    function seek(seconds) {
      for (const t of tracks) t.audio.currentTime = seconds;
      tick();
    }
    function toggle() {
      if (!lead.paused) {
        tracks.forEach((t) => t.audio.pause());
      } else {
        silenceOthers(tracks);
        if (lead.ended) seek(0);
        choose(heard);
        tracks.forEach((t) => t.audio.play().catch(() => { time.textContent = "this browser cannot play " + data.sounds.suffix; }));
      }
    }
    function tick() {
      const share = lead.duration ? lead.currentTime / lead.duration : 0;
      clock.value = String(Math.round(1000 * share));
      time.textContent = lead.currentTime.toFixed(1) + " s";
      marks.forEach((m) => { m.style.left = 100 * share + "%"; });
      if (!lead.paused) requestAnimationFrame(tick);
    }

    const group = "heard-" + nextGroup++;
    const choices = tracks.map((t, i) => el("input", { type: "radio", name: group, onchange: () => choose(i) }));
    const marks = [];
    lead.addEventListener("play", () => { button.textContent = "Pause"; tick(); });
    lead.addEventListener("pause", () => { button.textContent = "Play"; });
    button.addEventListener("click", toggle);
    clock.addEventListener("input", () => seek((clock.value / 1000) * (lead.duration || 0)));

    const pictures = el("div", { class: "pictures" });
    tracks.forEach((t, i) => {
      const made = picture(t.name, [t.file], marks, () => choose(i));
      figures.set(i, made);
      pictures.append(made);
    });
    for (const t of tracks.filter((x) => x.name.startsWith("estimate"))) {
      const truth = tracks.find((x) => x.name === t.name.replace("estimate", "reference"));
      if (truth) pictures.append(picture(t.name + " − " + truth.name + " (red: too much, blue: missing)", [t.file, truth.file], marks, null));
    }
    const controls = el("div", { class: "player", onkeydown: keys }, button,
      el("fieldset", { "aria-label": "Heard" }, ...tracks.map((t, i) => el("label", null, choices[i], t.name))), clock, time,
      ...tracks.map((t) => t.audio));
    function keys(event) {
      const number = Number(event.key);
      if (number >= 1 && number <= tracks.length) choose(number - 1);
      else if (event.key === " " && event.target !== button) toggle();
      else if (event.key === "," || event.key === ".") seek(Math.max(0, lead.currentTime + (event.key === "." ? STEP_S : -STEP_S)));
      else return;
      event.preventDefault();
    }
    choose(heard);
    const hint = el("p", { class: "note" }, "Keys: space plays, 1 to " + tracks.length + " switch, comma and full stop step. Sounds are " +
      (data.sounds.rate ? "Opus at " + data.sounds.rate + " kbit/s, so that all fit into this folder." : "lossless."));
    return [controls, hint, pictures];
  }
  let nextGroup = 0;

  function silenceOthers(tracks) {
    const own = new Set(tracks.map((t) => t.audio));
    document.querySelectorAll("audio").forEach((a) => { if (!own.has(a)) a.pause(); });
  }

  // One file: a spectrogram. Two: their difference, the second taken from the first.
  function picture(caption, files, marks, chosen) {
    const images = files.map((file, i) => el("img", { src: "sounds/" + file + ".webp", alt: i ? "" : "Spectrogram: " + caption, class: i ? "over" : null, loading: "lazy" }));
    const mark = el("div", { class: "clock" });
    marks.push(mark);
    return el("figure", null,
      el("div", { class: files.length > 1 ? "picture difference" : "picture", onclick: chosen }, el("div", { class: "stack" }, ...images), mark),
      el("figcaption", null, caption));
  }

  function disagreeing(cell) {
    if (!cell.disagreements.length) return [];
    return [el("h3", null, "Scenes on which metrics disagree most"), el("ul", null, ...cell.disagreements.map((d) =>
      el("li", null, d.name + ": by " + d.high + " better than " + cocktail.percent(d.places[d.high]) + " of the other scenes, by " +
        d.low + " better than " + cocktail.percent(d.places[d.low]) + " of them")))];
  }
})();
