"""Claims: what a file of them may say, and verdicts on scores whose truth is known."""

import dataclasses
import io
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import scipy.stats
from rich.console import Console

from cocktail import tables
from cocktail.boards import scores as score_tables
from cocktail.boards import statistics, verdicts
from cocktail.boards.claims import CLAIMS, Comparison, Step, read_claims
from cocktail.boards.leaderboard import SCENES as SCENES_TABLE
from cocktail.boards.scores import collect
from cocktail.boards.verdicts import FAILS, HOLDS, NOT_RUN, OPEN
from cocktail.config import CONFIG, read_yaml
from cocktail.errors import CocktailError
from cocktail.metrics.detection import eer
from cocktail.plugins.registry import Registry
from cocktail.report.claims import show
from cocktail.rng import rng

SCENES = 40


def row(condition, entry, scene, metric="sdr", **more):
    identity = {"condition": condition, "scene": f"{condition}-test-{scene:05d}", "entry": entry, "source": 0}
    return {**identity, "metric": metric, "status": "ok", "card": "0", **more}


def means(condition, entry, gain, *, seed, metric="sdr", spread=0.5):
    """Scores around a scene's difficulty, the same for every entry of a condition, plus what the entry gains."""
    hard = 5 * rng(0, condition, role="hard").normal(size=SCENES)
    own = spread * np.random.default_rng(seed).normal(size=SCENES)
    return [row(condition, entry, i, metric, value=x) for i, x in enumerate(hard + own + gain)]


def rates(condition, entry, errors, *, metric="wer", words=6):
    return [
        row(condition, entry, i, metric, value=100 * e / words, errors=int(e), total=words)
        for i, e in enumerate(errors)
    ]


def table(tmp_path, *rows, **more):
    tables.write_rows(tmp_path / "shard.parquet", [x for part in rows for x in part], tables.SCORES)
    return collect([tmp_path / "shard.parquet"], tmp_path / "scores.parquet", **more)


def compare(better, worse, metric="sdr", conditions=("stationary",), later=()):
    def step(what):
        names = (what,) if isinstance(what, str) else what
        return what if isinstance(what, Step) else Step(tuple(names), None, conditions)

    metrics = (metric,) if isinstance(metric, str) else metric
    return Comparison("claim", "text", metrics, step(better), step(worse), frozenset(later))


def judged(scores, *arguments, families=None, seed=1, **keywords):
    return verdicts.judge([compare(*arguments, **keywords)], scores, seed=seed, families=families)[0]


@pytest.fixture
def scores(tmp_path):
    """`good` beats `fair` by 1 dB, `twin` is another draw of `fair`, scenes differ by far more than that."""
    parts = [
        means(condition, entry, gain, seed=10 * j + i)
        for i, (entry, gain) in enumerate({"good": 1.0, "fair": 0.0, "twin": 0.0, "best": 3.0}.items())
        for j, condition in enumerate(("stationary", "tablet"))
    ]
    return table(tmp_path, *parts)


@pytest.mark.parametrize(
    ("better", "worse", "verdict"),
    [("good", "fair", HOLDS), ("fair", "good", FAILS), ("fair", "twin", OPEN), ("fair", "fair", OPEN)],
)
def test_verdicts_are_those_of_the_truth(scores, better, worse, verdict):
    assert judged(scores, better, worse)["verdict"] == verdict


def test_a_difference_is_judged_pair_by_pair(scores):
    """Scenes differ by 5 dB, so that intervals of the figures overlap; that of the difference is narrow."""
    found = judged(scores, "good", "fair")
    assert 0 < found["ci_low"] < found["difference"] < found["ci_high"] < 2
    assert found["n_scenes"] == SCENES


def test_numbers_are_those_of_the_paired_t_test(scores):
    rows = {
        (x["entry"], x["scene"]): x["value"]
        for x in scores.to_pylist()
        if (x["condition"], x["metric"]) == ("tablet", "sdr")
    }
    scenes = sorted({scene for _, scene in rows})
    good, fair = ([rows[entry, scene] for scene in scenes] for entry in ("good", "fair"))
    truth = scipy.stats.ttest_rel(good, fair).confidence_interval(0.95)
    (found,) = verdicts.judge([compare("good", "fair", conditions=("tablet",))], scores, seed=7, resamples=20_000)
    assert found["difference"] == pytest.approx(np.mean(good) - np.mean(fair))
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(list(truth), abs=0.005)


def test_false_alarms_are_as_rare_as_the_level_says(tmp_path):
    """Of 200 comparisons of equals, about 5 % are decided."""
    rows = [means("stationary", f"entry-{i:03d}", 0.0, seed=i, spread=1.0) for i in range(400)]
    scores = table(tmp_path, *rows)
    pairs = [compare(f"entry-{2 * i:03d}", f"entry-{2 * i + 1:03d}") for i in range(200)]
    counts = verdicts.tally(verdicts.judge(pairs, scores, seed=3))
    assert counts[NOT_RUN] == 0
    assert 2 <= counts[HOLDS] + counts[FAILS] <= 22


@pytest.mark.parametrize(("better", "worse"), [(5, 1), (1, 5), (3, 3)])
def test_false_alarms_of_the_best_of_several_equals_are_rare(tmp_path, better, worse):
    """Of 30 comparisons; a bootstrap of the best one would call a quarter of 5 against 1."""
    size = better + worse
    rows = [means("stationary", f"entry-{i:03d}", 0.0, seed=i, spread=1.0) for i in range(30 * size)]
    names = [[f"entry-{size * k + i:03d}" for i in range(size)] for k in range(30)]
    comparisons = [compare(group[:better], group[better:]) for group in names]
    counts = verdicts.tally(verdicts.judge(comparisons, table(tmp_path, *rows), seed=3, resamples=200))
    assert counts[HOLDS] <= 3
    assert counts[FAILS] <= 3
    assert counts[NOT_RUN] == 0


def test_the_best_of_several_counts(scores):
    families = {"good": "networks", "best": "networks", "fair": "nmf", "gone": "nmf"}
    found = judged(scores, Step((), "networks", ("stationary",)), Step((), "nmf", ("stationary",)), families=families)
    assert found["verdict"] == HOLDS
    assert (found["better"], found["worse"]) == ("best (best of 2 in networks)", "fair (the only one in nmf)")
    assert judged(scores, ("good", "fair"), ("best", "twin"))["verdict"] == FAILS
    found = judged(scores, "best", Step((), "networks", ("stationary",)), families=families)
    assert (found["verdict"], found["worse"]) == (HOLDS, "good (the only one in networks)"), "the others of its family"


def test_the_best_of_a_family_is_not_one_that_a_coder_informs(scores, tmp_path):
    (tmp_path / "claims.yaml").write_text(
        "claims: {one: {text: t, metric: sdr, conditions: [stationary], orders: [[good, {family: nmf}]]}}"
    )
    cards = [{"entry": "fair", "family": "nmf", "guidance": "weakly guided"}]
    cards += [{"entry": "best", "family": "nmf", "guidance": "informed"}, {"entry": "good", "family": "networks"}]
    (tmp_path / "entries.json").write_text(json.dumps(cards))
    drawn = [{"scene": name, "speaker": "s", "noise": "n"} for name in sorted(set(scores["scene"].to_pylist()))]
    tables.write_rows(tmp_path / "scenes.parquet", drawn, SCENES_TABLE)
    verdicts.build(
        claims=tmp_path / "claims.yaml", scores=tmp_path / "scores.parquet", scenes=tmp_path / "scenes.parquet",
        entries=tmp_path / "entries.json", out=tmp_path / "claims.csv", seed=1, resamples=200,
    )  # fmt: skip
    (found,) = verdicts.read_verdicts(tmp_path / "claims.csv")
    assert (found["verdict"], found["worse"]) == (HOLDS, "fair (the only one in nmf)")


def test_the_best_of_several_counts_wherever_its_name_stands(tmp_path):
    gains = {"a": 0.0, "b": 3.0, "c": 1.0, "x": 0.5, "y": 2.0, "z": -1.0}
    scores = table(tmp_path, *(means("stationary", name, gain, seed=i) for i, (name, gain) in enumerate(gains.items())))
    found = judged(scores, ("a", "b", "c"), ("x", "y", "z"))
    assert (found["verdict"], found["better"], found["worse"]) == (HOLDS, "b (best of 3)", "y (best of 3)")
    assert judged(scores, ("a", "b", "q"), "y")["better"] == "b (best of the 2 of 3 that ran)"
    assert judged(scores, ("b", "p", "q"), "y")["better"] == "b (the only one of 3 to run)"
    alone = judged(scores, "b", "y")
    assert found["difference"] == pytest.approx(alone["difference"])
    assert found["difference"] == pytest.approx(1.0, abs=0.3)
    assert found["ci_low"] < alone["ci_low"] < alone["ci_high"] < found["ci_high"]
    assert judged(scores, ("x", "y", "z"), ("a", "b", "c"))["verdict"] == FAILS


def test_scenes_of_several_conditions_are_taken_together(scores):
    one = [judged(scores, "good", "fair", conditions=(condition,)) for condition in ("stationary", "tablet")]
    both = judged(scores, "good", "fair", conditions=("stationary", "tablet"))
    assert both["n_scenes"] == 2 * SCENES
    assert both["conditions"] == "stationary+tablet"
    assert both["difference"] == pytest.approx(np.mean([x["difference"] for x in one]))
    assert both["ci_high"] - both["ci_low"] < min(x["ci_high"] - x["ci_low"] for x in one)


def test_steps_may_be_of_different_conditions(scores):
    here, there = (Step(("good",), None, (name,)) for name in ("stationary", "tablet"))
    found = judged(scores, here, there)
    assert (found["better"], found["worse"]) == ("good in stationary", "good in tablet")
    assert found["n_scenes"] == 2 * SCENES


def test_error_rates_are_pooled_and_lower_is_better(tmp_path):
    generator = np.random.default_rng(0)
    poor, fine = generator.binomial(6, 0.5, SCENES), generator.binomial(6, 0.2, SCENES)
    scores = table(tmp_path, rates("stationary", "poor", poor), rates("stationary", "fine", fine))
    found = judged(scores, "fine", "poor", metric="wer")
    assert found["verdict"] == HOLDS
    assert found["difference"] == pytest.approx(100 * (poor.sum() - fine.sum()) / (6 * SCENES))


def detections(entry, gap):
    """A detector's score of each scene, every other one a spoof; `gap` lies between the means of the two, spread 1."""
    spread = rng(0, entry, role="spread").normal(size=SCENES)
    labels = ["bonafide" if i % 2 else "tts" for i in range(SCENES)]
    trials = [
        {"kind": "cm", "label": label, "score": float(x + gap * (label == "bonafide"))}
        for label, x in zip(labels, spread, strict=True)
    ]
    return [row("stationary", entry, i, "eer_cm", trials=[trial], value=0.0) for i, trial in enumerate(trials)]


def test_figures_of_trials_are_compared(tmp_path, monkeypatch):
    """Scores of two unit Gaussians 6 and 0.5 apart: equal error rates of 0.1 % and 40 %."""
    scores = table(tmp_path, detections("sharp", 6.0), detections("blunt", 0.5))
    few = judged(scores, "sharp", "blunt", metric="eer_cm")
    assert few["reason"] == "fewer than 100 independent trials of each kind"
    monkeypatch.setattr(statistics, "MIN_TRIALS", SCENES // 2)
    found = judged(scores, "sharp", "blunt", metric="eer_cm")
    assert found["verdict"] == HOLDS
    assert 20 < found["difference"] < 60
    assert judged(scores, "blunt", "sharp", metric="eer_cm")["verdict"] == FAILS


def verifications(entry, blur, speaker):
    """Trials of each scene against all others, of embeddings that are `blur` away from their speaker's."""
    generator = np.random.default_rng(5)
    voices, noise = generator.normal(size=(max(speaker) + 1, 6)), generator.normal(size=(len(speaker), 6))
    x = voices[speaker] + blur * noise
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    score, same = x @ x.T, np.equal.outer(speaker, speaker)
    rows = []
    for i in range(len(speaker)):
        trials = [
            {"kind": "asv", "label": "target" if same[i, j] else "nontarget", "score": float(score[i, j]),
             "enrolment": f"stationary-test-{j:05d}"}
            for j in range(len(speaker)) if j != i
        ]  # fmt: skip
        rows.append(row("stationary", entry, i, "eer_asv", trials=trials, value=0.0))
    return rows, score, same


def test_where_trials_set_scenes_against_each_other_speakers_are_drawn(tmp_path, monkeypatch):
    """The interval is that of a plain bootstrap of eight speakers with four scenes each."""
    monkeypatch.setattr(statistics, "MIN_TRIALS", 32)
    speaker = np.repeat(np.arange(8), 4)
    known = {f"stationary-test-{i:05d}": f"voice {k}" for i, k in enumerate(speaker)}
    found = {entry: verifications(entry, blur, speaker) for entry, blur in {"sharp": 0.5, "blunt": 1.2}.items()}
    scores = table(tmp_path, *(rows for rows, _, _ in found.values()))
    comparison = compare("sharp", "blunt", metric="eer_asv")
    (line,) = verdicts.judge([comparison], scores, seed=1, speakers=known, resamples=200)
    drawn = statistics.resample(8, 200, rng(1, "stationary", role="bootstrap of speakers")).astype(int)
    others = ~np.eye(len(speaker), dtype=bool)

    def plain(weight):
        times = np.where(found["sharp"][2], weight[speaker], np.outer(weight[speaker], weight[speaker]))[others]
        rates = [100 * eer(np.repeat(score[others], times), np.repeat(same[others], times))
                 for _, score, same in found.values()]  # fmt: skip
        return rates[1] - rates[0]

    assert line["difference"] == pytest.approx(plain(np.ones(8, int)))
    half = scipy.stats.t.ppf(0.975, 7) * np.std([plain(w) for w in drawn]) * np.sqrt(8 / 7)
    assert line["ci_high"] - line["difference"] == pytest.approx(half)
    assert line["difference"] - line["ci_low"] == pytest.approx(half)
    few = dict.fromkeys(known, "one voice")
    (line,) = verdicts.judge([comparison], scores, seed=1, speakers=few, resamples=200)
    assert (line["verdict"], line["reason"]) == (NOT_RUN, "fewer than 7 speakers that all of them finished")


@pytest.mark.parametrize("number", [statistics.MIN_DRAWN - 1, statistics.MIN_DRAWN])
def test_a_few_scenes_prove_nothing(scores, number):
    few = {f"stationary-test-{i:05d}" for i in range(number)}
    found = judged(scores.filter(pc.is_in(scores["scene"], pa.array(few))), "best", "fair")
    assert (found["verdict"], found["reason"]) == (
        (HOLDS, None) if number >= statistics.MIN_DRAWN else (NOT_RUN, "fewer than 7 scenes that all of them finished")
    )


def test_a_gain_is_a_difference_of_two_metrics(tmp_path):
    """si_sdr rises by 3 with `much` and by 1 with `little` where sdr is taken for it."""
    parts = [
        means("stationary", entry, gain, seed=seed, metric=metric, spread=0.1)
        for seed, (entry, metric, gain) in enumerate(
            [("much", "sdr", 0), ("much", "si_sdr", 3), ("little", "sdr", 5), ("little", "si_sdr", 6)]
        )
    ]
    found = judged(table(tmp_path, *parts), "much", "little", metric=("sdr", "si_sdr"))
    assert found["verdict"] == HOLDS
    assert found["difference"] == pytest.approx(2, abs=0.1)
    assert found["metric"] == "sdr to si_sdr"


def test_a_gain_of_a_rate_is_its_fall(tmp_path):
    before, after = np.full(SCENES, 4), np.full(SCENES, 1)
    parts = [
        rates("stationary", entry, errors, metric=metric)
        for entry, metric, errors in [
            ("helped", "wer", before), ("helped", "wer_b", after), ("not", "wer", before), ("not", "wer_b", before),
        ]
    ]  # fmt: skip
    names = {"wer": "wer", "wer_b": "wer_b"}
    other = score_tables.METRICS | {"wer_b": score_tables.METRICS["wer"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(score_tables, "METRICS", other)
        found = judged(table(tmp_path, *parts), "helped", "not", metric=tuple(names))
    assert found["verdict"] == HOLDS
    assert found["difference"] == pytest.approx(50)


def test_only_scenes_that_all_of_them_finished_count(tmp_path):
    """The hard half fails for `good`: without its scenes, `fair` would look better than it is."""
    good, fair = means("stationary", "good", 1.0, seed=0), means("stationary", "fair", 0.0, seed=1)
    for i in range(0, SCENES, 3):
        good[i] |= {"value": None, "status": "failed", "reason": "method-failed: no"}
        fair[i] |= {"value": 1000.0}
    other = means("stationary", "other", 0.5, seed=2)
    for i in range(1, SCENES, 3):
        other[i] |= {"value": None, "status": "failed", "reason": "method-failed: no"}
    scores, third = table(tmp_path, good, fair, other), len(range(0, SCENES, 3))
    found = judged(scores, "good", "fair")
    assert (found["verdict"], found["n_scenes"]) == (HOLDS, SCENES - third)
    found = judged(scores, ("good", "other"), "fair")
    assert (found["verdict"], found["n_scenes"]) == (HOLDS, SCENES - third - len(range(1, SCENES, 3)))


def test_no_worse_is_judged_against_the_margin(scores):
    """`twin` equals `fair`, which lies 1 dB below `good`: less than 2 dB, more than half a dB."""

    def no_worse(name, margin):
        comparison = dataclasses.replace(compare(name, "good"), margin=margin)
        return verdicts.judge([comparison], scores, seed=1)[0]

    assert no_worse("fair", 2.0)["verdict"] == HOLDS
    assert no_worse("fair", 0.5)["verdict"] == FAILS
    assert no_worse("fair", 1.0)["verdict"] == OPEN
    assert no_worse("fair", 2.0)["margin"] == 2.0
    assert judged(scores, "fair", "good")["margin"] is None


def test_the_wide_interval_is_over_kinds_of_noise_and_speakers(tmp_path):
    """What `good` gains depends on the noise alone: forty scenes are five witnesses."""
    gains, place = np.array([0.2, 4.0, 1.0, 3.0, 2.0]), np.arange(SCENES) % 5
    fair = means("stationary", "fair", 0.0, seed=1)
    good = [x | {"entry": "good", "value": x["value"] + gains[k]} for x, k in zip(fair, place, strict=True)]
    scores = table(tmp_path, fair, good)
    names = [x["scene"] for x in fair]
    noises = {scene: f"noise {k}" for scene, k in zip(names, place, strict=True)}
    speakers = {scene: f"voice {i // 5}" for i, scene in enumerate(names)}
    known = {"noises": noises, "speakers": speakers}
    (found,) = verdicts.judge([compare("good", "fair")], scores, seed=1, resamples=4000, **known)
    half = scipy.stats.t.ppf(0.975, 4) * gains.std(ddof=1) / np.sqrt(5)
    assert (found["n_noises"], found["n_speakers"]) == (5, 8)
    assert [found["wide_low"], found["wide_high"]] == pytest.approx(
        [gains.mean() - half, gains.mean() + half], abs=0.15
    )
    assert found["ci_high"] - found["ci_low"] < half
    one = dict.fromkeys(names, "voice")
    (found,) = verdicts.judge([compare("good", "fair")], scores, seed=1, noises=noises, speakers=one)
    assert (found["n_speakers"], found["wide_low"] is None) == (1, False), "one speaker: over the noises alone"
    two = {scene: f"voice {i % 2}" for i, scene in enumerate(names)}
    (found,) = verdicts.judge([compare("good", "fair")], scores, seed=1, noises=noises, speakers=two)
    assert (found["n_speakers"], found["wide_low"]) == (2, None), "of two speakers nobody knows the spread"


def test_what_did_not_run_is_said(tmp_path):
    failed = [x | {"value": None, "status": "failed"} for x in means("stationary", "dead", 0, seed=1)[4:]]
    scores = table(
        tmp_path,
        means("stationary", "good", 0, seed=0),
        means("stationary", "dead", 0, seed=1)[:4] + failed,
        skips=[{"condition": "stationary", "entry": "array-only", "reason": "needs several microphones"}],
    )
    found = {
        name: judged(scores, "good", name, **more)
        for name, more in {
            "typo": {},
            "soon": {"later": ["soon"]},
            "dead": {},
            "array-only": {},
            "good": {"conditions": ("stationary", "reverb")},
        }.items()
    }
    assert {x["verdict"] for x in found.values()} == {NOT_RUN}
    assert {name: x["reason"] for name, x in found.items()} == {
        "typo": "needs typo with sdr in stationary",
        "soon": "needs soon, which the project does not have yet",
        "dead": "of 40 scenes, too few were finished: 4 by dead",
        "array-only": "needs array-only with sdr in stationary (skipped: needs several microphones)",
        "good": "needs the condition reverb",
    }
    assert judged(scores, ("good", "dead"), "good")["verdict"] == OPEN, "one of several may be absent"


def test_no_more_word_errors_is_a_claim_with_a_margin():
    claims = {c.claim: c.margin for c in read_claims() if c.margin}
    assert claims == {
        "gev-in-reverberation": 2.0, "graph-attention-detector": 2.0, "prototypes-spread-evenly": 2.0,
        "hardened-detector-resists": 5.0, "attacked-speech-passes-as-its-speaker": 5.0,
    }  # fmt: skip


def test_the_file_comes_back(scores, tmp_path):
    rows = verdicts.judge([compare("good", "fair"), compare("good", "gone")], scores, seed=1)
    verdicts.write_claims(rows, tmp_path / "claims.csv")
    found = verdicts.read_verdicts(tmp_path / "claims.csv")
    assert (tmp_path / "claims.csv").read_text().startswith("claim,verdict,difference,ci_low,ci_high,")
    assert found[0]["difference"] == pytest.approx(rows[0]["difference"], rel=1e-5)
    assert found[1] == rows[1]
    with pytest.raises(CocktailError, match="cocktail run"):
        verdicts.read_verdicts(tmp_path / "none.csv")


def printed(rows, **options):
    file = io.StringIO()
    show(rows, console=Console(file=file, width=120), **options)
    return file.getvalue()


def test_what_the_terminal_says(scores):
    """What was judged comes first."""
    rows = verdicts.judge([compare("good", "gone"), compare("good", "fair"), compare("fair", "good")], scores, seed=1)
    lines = printed(rows).splitlines()
    assert lines[2].split()[:2] == ["holds", "text"]
    assert re.search(r"good over fair \(sdr, stationary\) +\+\d\.\d\d dB \[0\.\d\d, 1\.\d\d\]", lines[2])
    assert lines[3].split()[:4] == ["fails", "fair", "over", "good"], "a claim's text stands once"
    assert "needs gone with sdr" in " ".join(lines[4].split())
    assert any(line.startswith("Claims: holds 1, fails 1, not run 1.") for line in lines[-2:])
    assert "gone" not in printed(rows, everything=False)


def test_the_terminal_gives_the_wide_interval_on_demand(scores):
    noises = {x: f"noise {i % 4}" for i, x in enumerate(sorted({*scores["scene"].to_pylist()}))}
    rows = verdicts.judge([dataclasses.replace(compare("good", "fair"), margin=0.5)], scores, seed=1, noises=noises)
    assert "4 noises" not in printed(rows)
    two = {x: f"noise {i % 2}" for i, x in enumerate(noises)}
    (few,) = verdicts.judge([compare("good", "fair")], scores, seed=1, noises=two)
    said = "none: 2 kinds of noise and 40 speakers, and it takes 3 of each that varies"
    assert set(said.split()) <= set(printed([few], wide=True).split())
    text = " ".join(printed(rows, wide=True).split())
    assert re.search(r"\[\d\.\d\d, \d\.\d\d\] 4 noises, 40", text)
    assert "margin 0.5" in text


def test_shipped_claims_name_what_exists():
    known = read_yaml(CONFIG / "conditions.yaml")["conditions"]
    entries = {name: entry.plugin.family for name, entry in Registry().entries.items()}
    assert len({comparison.claim for comparison in read_claims(entries=entries, conditions=known)}) == 31
    assert not set(read_yaml(CLAIMS).get("later", ())) & set(entries), "what has come is no longer to come"


CLAIM = """
later: [soon]
claims:
  one:
    text: One beats two
    metric: sdr
    conditions: [stationary]
    orders:
      - [omlsa, [wiener, soon], {family: nmf}]
"""


def read(tmp_path, text=CLAIM, **keywords):
    (tmp_path / "claims.yaml").write_text(text)
    families = {"omlsa": "spectral", "wiener": "spectral", "nmf-sparse": "nmf"}
    names = {"entries": families, "conditions": ["stationary", "tablet"]} | keywords
    return read_claims(tmp_path / "claims.yaml", **names)


def test_neighbours_of_an_order_are_compared(tmp_path):
    first, second = read(tmp_path)
    assert first.better == Step(("omlsa",), None, ("stationary",))
    assert first.worse == second.better == Step(("wiener", "soon"), None, ("stationary",))
    assert second.worse == Step((), "nmf", ("stationary",))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("omlsa", "omsla", "one: unknown entry 'omsla'; did you mean 'omlsa'?"),
        ("[stationary]", "[stationery]", "one: unknown condition 'stationery'; did you mean 'stationary'?"),
        ("metric: sdr", "metric: sdr\n    margin: -1", "margin"),
        ("metric: sdr", "metric: sdrr", "metric 'sdrr' is not known"),
        ("family: nmf", "family: nmff", "one: unknown family 'nmff'; did you mean 'nmf'?"),
        ("family: nmf", "famili: nmf", "unknown key 'famili'; did you mean 'family'?"),
        ("text:", "txt:", "unknown key 'txt'; did you mean 'text'?"),
        ("metric: sdr", "gain: {from: wer, to: sdr}", "better in opposite directions"),
        ("    metric: sdr\n", "", "one of the keys 'metric' and 'gain'"),
        ("{family: nmf}", "{conditions: [tablet]}", "one of the keys 'entries' and 'family'"),
    ],
)  # fmt: skip
def test_a_misspelt_claim_is_an_error_that_says_what_is_right(tmp_path, old, new, message):
    assert old in CLAIM
    with pytest.raises(CocktailError) as error:
        read(tmp_path, CLAIM.replace(old, new))
    assert message in str(error.value)
    assert "claims.yaml" in str(error.value)
