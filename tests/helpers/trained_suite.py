"""A suite that has run, with trained models that only multiply."""

import json

from page_suite import FS, Suite

from cocktail.plugins.model import Card
from cocktail.tracking import log
from cocktail.tracking.client import opened

PLUGIN = '''"""Multiplies by what it learnt."""

import json
from dataclasses import dataclass

import numpy as np

from cocktail.method import LearnedMethod


@dataclass(frozen=True)
class {name}(LearnedMethod):
    """A gain."""

    task = {task!r}
    needs = frozenset({needs!r})
    extra: float = 1.0

    def load(self, folder):
        return json.loads((folder / "gain.json").read_text())

    def __call__(self, mixture, view):
        gain = self.extra * view.model * {base}
        {result}
'''


RESULTS = {
    "enhance": "return gain * mixture[:1]",
    "separate": "return np.stack([gain * mixture[0] / k for k in range(1, view.n_sources + 1)])",
    "detect": "return float(gain)",
    "recognise": "return f'gain {gain:g}'",
    "verify": "return np.full(3, gain, np.float32)",
}


class Trained:
    """A suite that has run, and models beside it that only multiply."""

    def __init__(self, folder):
        self.suite = Suite(folder / "results" / "small", entries=2, conditions=1, scenes=2, seconds=0.2)
        self.suite.write()
        self.folder, self.models = folder, {}

    def add(self, name, gain, task="enhance", needs=(), base=None, error=None, history=None):
        """A model that multiplies by `gain`, and by that of the entry `base`."""
        plugin = self.folder / f"{name}.py"
        factor, result = "view.bases['base']" if base else "1", RESULTS[task]
        text = PLUGIN.format(name=name.title(), task=task, needs=list(needs), base=factor, result=result)
        plugin.write_text(text)
        model = self.suite.folder / "models" / name
        model.mkdir(parents=True, exist_ok=True)
        (model / "gain.json").write_text(json.dumps(gain))
        Card(name, "small", FS, {"extra": 2.0}, error).write(model)
        if history:
            (model / "history.csv").write_text(history)
        spec = {"name": name, "plugin": name, "path": str(plugin), "parameters": {"extra": 2.0}}
        own = {"spec": spec, "model": str(model)}
        bases = {"base": {key: self.models[base][key] for key in ("spec", "model")}} if base else {}
        self.models[name] = own | {"bases": bases, "reads": []}

    def log(self):
        return log.log_suite(
            suite="small", results=self.folder / "results", commit="abc", trained=self.models, n_examples=0
        )

    @property
    def client(self):
        with opened(log.default_uri(self.folder / "results"), self.folder / "results", "small") as found:
            return found.client

    def trainings(self):
        """Runs by name."""
        experiment = self.client.get_experiment_by_name("small").experiment_id
        runs = self.client.search_runs([experiment], "tags.kind = 'training'", order_by=["attributes.start_time"])
        found = {}
        for run in runs:
            found.setdefault(run.info.run_name, []).append(run)
        return found
