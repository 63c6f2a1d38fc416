"use strict";
// Sounds of a scene on one clock, and their spectrograms.
(function () {
  const { data, el } = cocktail;
  const STEP_S = 0.5;
  let nextGroup = 0;

  // Elements for [{name, file, truth}, ...]: all run together, and one of them is heard, so that switching is a matter of
  // muting and loses no time. `truth`: name of the sound that is taken from this one in a picture of their difference.
  cocktail.player = function (sounds, first) {
    const tracks = sounds.map((sound) => ({
      ...sound,
      audio: el("audio", { src: "sounds/" + sound.file + "." + data.sounds.suffix, preload: "metadata" }),
    }));
    let heard = Math.max(0, tracks.findIndex((t) => t.name === first));
    const lead = tracks[0].audio;
    const clock = el("input", { type: "range", min: "0", max: "1000", value: "0", "aria-label": "Position" });
    const time = el("span", { class: "dim" }, "0.0 s");
    const button = el("button", { type: "button", class: "play" }, "Play");
    const figures = new Map();

    function choose(i) {
      heard = i;
      tracks.forEach((t, j) => {
        t.audio.muted = j !== i;
        if (figures.has(j)) figures.get(j).classList.toggle("heard", j === i);
      });
      const { audio } = tracks[i]; // the others are aligned when they are heard
      if (Math.abs(audio.currentTime - lead.currentTime) > 0.03) audio.currentTime = lead.currentTime;
      if (!lead.paused && audio.paused) audio.play().catch(() => {}); // it had ended before the first
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
    for (const t of tracks) {
      const truth = tracks.find((x) => x.name === t.truth);
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
    return [controls, pictures];
  };

  // How players are used, and what is heard in them.
  cocktail.playerNote = function () {
    return "Keys: space plays, 1, 2 … switch, comma and full stop step. Loudness is matched: the active level of every sound is " +
      data.sounds.loudness.toFixed(0).replace("-", "−") + " dB of full scale; pictures show the levels of the scene. Sounds are " +
      (data.sounds.rate ? "Opus at " + data.sounds.rate + " kbit/s, so that all fit into this folder." : "lossless.");
  };

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
})();
