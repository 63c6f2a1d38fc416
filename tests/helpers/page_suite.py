"""Finished suites for tests and benchmarks of the page: figures are drawn, and sounds made for the examples alone."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from cocktail import tables
from cocktail.boards import leaderboard
from cocktail.boards.verdicts import write_claims
from cocktail.report.page import cells
from cocktail.rng import rng
from cocktail.training.history import HISTORY

FS = 16000
SEED = 7
STRANGE = "<script>window.spoilt = 1</script><img src=x onerror='window.spoilt = 1'>& \"quoted\""
"""Text of a stranger: it must be read, and never run."""
FAMILIES = ("controls", "controls", "spectral", "nmf", "networks")
LEVELS = {
    "si_sdr": (0, 9),
    "sdr": (1, 9),
    "pesq_wb": (1.1, 2.4),
    "stoi": (0.6, 0.3),
    "estoi": (0.4, 0.4),
    "wer": (60, -45),
}
"""Metric -> figure of the worst entry, and what the best has more."""
MORE = dict.fromkeys((
    "sir", "sar", "seg_snr", "fwseg_snr", "llr", "cd", "csig", "cbak", "covl", "pesq_nb", "si_sdr_i", "sdr_i", "stoi_i",
), (0.0, 5.0))  # fmt: skip
"""What a full board has besides."""
COSTS = {"rtf": 0.01, "latency_ms": 32.0, "peak_memory": 20.0, "parameters": 1e5}
"""Cost of the worst entry; better ones cost more, but have the same latency."""


@dataclass(frozen=True)
class Suite:
    """A suite in `folder`: every entry in every condition, `detection` a condition of trials where there is one."""

    folder: Path
    entries: int = 5
    conditions: int = 2
    scenes: int = 9
    seconds: float = 0.8
    detection: bool = False
    full: bool = False
    """With MORE metrics."""

    @property
    def names(self) -> list[str]:
        return ["unprocessed", "oracle-irm", *(f"entry-{e:02d}" for e in range(2, self.entries))]

    @property
    def cards(self) -> list[dict]:
        """Of the conditions."""
        cards = [
            {"name": f"room-{c}", "title": STRANGE, "task": "separate" if c == 1 else "enhance"}
            | {"channels": 1 + c % 2, "n_sources": 2 if c == 1 else 1, "fs": FS}
            for c in range(self.conditions)
        ]
        spoofs = {"name": "spoofs", "title": "", "task": "detect", "channels": 1, "n_sources": 1, "fs": FS}
        return [*cards, spoofs] if self.detection else cards

    def scene(self, condition: str, index: int) -> str:
        return f"{condition}-test-{index:05d}"

    def write(self) -> None:
        """All that the page is made from."""
        parts = [self._scores(card) for card in self.cards]
        bad = {
            "condition": "room-0",
            "entry": self.names[-1],
            "status": "failed",
            "reason": f"method-failed: {STRANGE}",
        }
        bad |= {"scene": self.scene("room-0", 0), "metric": "si_sdr", "source": 0}
        skip = {
            "condition": "room-0",
            "entry": "skipped-one",
            "status": "skipped",
            "reason": "needs several microphones",
        }
        scores = pa.concat_tables([*parts, pa.Table.from_pylist([bad, skip], tables.SCORES)])
        tables.write_table(self.folder / "scores.parquet", scores)
        rows = leaderboard.board(scores, seed=SEED, unranked=self.names[:2], resamples=60)
        leaderboard.write_board(rows, self.folder / "leaderboard.csv")
        (self.folder / "entries.json").write_text(json.dumps([self._entry(e) for e in range(self.entries)]))
        write_claims(self._claims(), self.folder / "claims.csv")
        tables.write_rows(self.folder / "scenes.parquet", self._drawn(), leaderboard.SCENES)
        (self.folder / "plugin_3.py").write_text('"""A plugin."""\n')
        for name in self.names[3:4]:
            history = self.folder / "models" / name / HISTORY
            history.parent.mkdir(parents=True)
            history.write_text("stage,epoch,train_loss,valid_loss\nmask,1,0.5,0.6\nmask,2,0.3,0.5\n")
        for card, table in zip(self.cards, parts, strict=True):
            self._sounds(card, cells.choose(table, self.names[:2]))

    def _entry(self, e):
        name, family = self.names[e], FAMILIES[min(e, 2 + e % 3)] if e > 1 else FAMILIES[e]
        return {
            "entry": name, "plugin": f"plugin_{e}", "family": family,
            "paradigm": "oracle" if e == 1 else "separation" if e % 2 else "learning-free",
            "guidance": "informed" if e == 1 else "weakly guided", "task": "enhance,separate,detect", "uses": None,
            "needs": ["array"] if e == 4 else [], "microphones": 1 + (e == 4), "causal": e != 5,
            "folder": str(self.folder),
            "parameters": {"gain_db": -e, "note": STRANGE},
            "description": f'Method {e}.\n\nSomebody, "A paper", ICASSP 2015. {STRANGE}\nDeviations: `gain_db`.',
        }  # fmt: skip

    def _claims(self):
        row = {"claim": "one", "text": f"Better is better {STRANGE}", "verdict": "holds", "difference": 1.5,
               "ci_low": 1.0, "ci_high": 2.0, "better": "entry-02", "worse": "unprocessed", "metric": "si_sdr",
               "conditions": "room-0", "margin": None, "wide_low": 0.5, "wide_high": 2.5, "n_noises": 5,
               "n_speakers": 8, "n_scenes": 9, "reason": ""}  # fmt: skip
        other = dict.fromkeys(("difference", "ci_low", "ci_high", "wide_low", "wide_high"))
        other |= {"verdict": "not run", "n_scenes": 0}
        return [row, row | other | {"claim": "two", "reason": "needs an entry"}]

    def _drawn(self):
        for card in self.cards:
            generator = rng(SEED, card["name"], role="drawn")
            for index in range(self.scenes):
                snr, t60 = generator.uniform(-5, 10), generator.uniform(0.2, 0.8)
                yield {"condition": card["name"], "scene": self.scene(card["name"], index), "snr_db": snr, "t60_s": t60}

    def _scores(self, card):
        """Figures of a condition: by entry, by scene, and by chance."""
        if card["task"] == "detect":
            return self._trials(card)
        generator = rng(SEED, card["name"], role="scores")
        talkers = card["n_sources"]
        shape = (self.entries, self.scenes, talkers)
        skill = np.linspace(0, 1, self.entries)[:, None, None] ** 0.5
        hard = generator.normal(size=(1, self.scenes, talkers))
        parts = []
        for metric, (low, span) in (LEVELS | MORE if self.full else LEVELS).items():
            x = low + span * (skill + 0.25 * hard + 0.12 * generator.normal(size=shape))
            parts.append(self._table(card, metric, x, words=metric == "wer"))
        for metric, cost in COSTS.items():
            grows = 0 if metric == "latency_ms" else 3
            x = cost * 10 ** (grows * np.linspace(0, 1, self.entries))[:, None, None] * np.ones((1, self.scenes, 1))
            parts.append(self._table(card, metric, x))
        return pa.concat_tables(parts)

    def _table(self, card, metric, x, words=False):
        entry, scene, source = (index.ravel() for index in np.indices(x.shape))
        errors = np.clip(np.round(x.ravel() / 100 * 6), 0, 9).astype(int)
        total = len(entry)
        columns = {
            "condition": [card["name"]] * total,
            "scene": np.array([self.scene(card["name"], i) for i in range(self.scenes)])[scene],
            "entry": np.array(self.names)[entry],
            "source": source if metric not in COSTS else [None] * total,
            "estimate": source if metric not in COSTS else [None] * total,
            "metric": [metric] * total,
            "value": errors / 0.06 if words else x.ravel(),
            "status": ["ok"] * total,
            "reason": [None] * total,
            "errors": errors if words else [None] * total,
            "total": [6 if words else None] * total,
            "trials": [None] * total,
            "card": ["c"] * total,
        }
        return pa.table({
            field.name: pa.array(columns.get(field.name, [None] * total), field.type) for field in tables.SCORES
        })  # fmt: skip

    def _trials(self, card):
        generator = rng(SEED, card["name"], role="scores")
        rows = []
        for e, entry in enumerate(self.names):
            for index in range(self.scenes):
                label = "bonafide" if index % 2 else "replay"
                score = float(generator.normal() + (1 + e) * (label == "bonafide"))
                trial = {"kind": "cm", "label": label, "score": score, "enrolment": None}
                rows.append({
                    "condition": card["name"], "scene": self.scene(card["name"], index), "entry": entry,
                    "metric": "eer_cm", "value": score, "status": "ok", "trials": [trial], "card": "c",
                })  # fmt: skip
        return pa.Table.from_pylist(rows, tables.SCORES)

    def _sounds(self, card, chosen):
        """Shards with the scenes of the examples, and every entry's estimates of its own."""
        folder, name = self.folder, card["name"]
        numbers = {self.scene(name, i): i for i in range(self.scenes)}
        signals = {scene: self._signals(card, numbers[scene]) for cell in chosen for scene in _scenes(cell)}
        mixtures, references = [], []
        for scene in sorted(signals):
            talkers, noise = signals[scene]
            mixture = tables.pack(talkers.sum(axis=0) + noise, FS, "mixture", "PCM_16")
            images = [tables.pack(x, FS, "image", "PCM_16") for x in talkers]
            mixtures.append({"scene": scene, "condition": name, "fs": FS, "channels": 1, "mixture": mixture})
            references.append({"scene": scene, "reference": "image", "text": [STRANGE], "images": images,
                               "label": "bonafide" if card["task"] == "detect" else None})  # fmt: skip
        for start in range(0, len(mixtures), 10):
            path = folder / "scenes" / name / "test" / f"{start // 10:03d}"
            tables.write_rows(f"{path}.mixtures.parquet", mixtures[start : start + 10], tables.MIXTURES)
            tables.write_rows(f"{path}.references.parquet", references[start : start + 10], tables.REFERENCES)
        for cell in chosen:
            rows = [
                self._estimate(card, self.names.index(cell.entry), scene, *signals[scene]) for scene in _scenes(cell)
            ]
            tables.write_rows(
                folder / "estimates" / name / "test" / cell.entry / "examples.parquet", rows, tables.ESTIMATES
            )

    def _signals(self, card, index):
        """Talkers (K, N) and noise (N,): harmonic syllables, and white noise."""
        time = np.arange(int(self.seconds * FS)) / FS
        talkers = []
        for k in range(card["n_sources"]):
            pitch = 110 + 7 * (index % 17) + 60 * k
            voice = sum(np.sin(2 * np.pi * h * pitch * time * (1 + 0.05 * time)) / h for h in range(1, 25))
            talkers.append(0.08 * voice * np.clip(np.sin(2 * np.pi * (2 + 0.1 * index) * time + k), 0, 1))
        generator = rng(SEED, card["name"], index, role="noise")
        return np.stack(talkers), 0.02 * generator.normal(size=len(time))

    def _estimate(self, card, e, scene, talkers, noise):
        row = {"scene": scene, "status": "ok", "duration": self.seconds, "device": "cpu"}
        if card["task"] == "detect":
            return row | {"score": 0.0}
        estimate = talkers + noise * (1 - e / (2 * self.entries))
        return row | {"estimate": [tables.pack(x, FS, "estimate", "PCM_16") for x in estimate]}


def _scenes(cell):
    return [example.scene for example in cell.examples]
