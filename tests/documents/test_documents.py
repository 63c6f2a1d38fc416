"""What the documents show works as shown."""

import re
import textwrap
from types import SimpleNamespace

import numpy as np
import torch
import yaml

from cocktail import ROOT
from cocktail.plugins.registry import Registry
from cocktail.plugins.sizes import check_sizes
from cocktail.testing.data import TinyData
from cocktail.training.history import read_history
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

TEXT = (ROOT / "methods" / "README.md").read_text()


def snippet(language, word):
    """The block of methods/README.md that holds `word`."""
    blocks = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return next(textwrap.dedent(block) for block in blocks if word in block)


class Gain(torch.nn.Module):
    """One number to learn."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.zeros(()))

    def forward(self, mixture):
        return self.gain * mixture


def test_the_training_of_the_contract_trains(tmp_path):
    """A gain that starts at 0 rises, and the weights of the best epoch lie in the folder."""
    network = Gain()
    given = {
        "data": TinyData("separation", seconds=0.5),
        "folder": tmp_path,
        "network": network,
        "rng": np.random.default_rng(0),
        "self": SimpleNamespace(epochs=2, steps=3, batch_size=2),
    }
    exec(compile(snippet("python", "Schedule("), "methods/README.md", "exec"), given)
    assert network.gain > 0
    assert {"weights.pt", "history.csv"} <= {path.name for path in tmp_path.iterdir()}
    assert [epoch for epoch, _ in read_history(tmp_path)["train/valid_loss"]] == [1, 2]


def test_the_rows_of_the_contract_are_rows():
    rows = yaml.safe_load(snippet("yaml", "uses: blstm-psa"))
    known = Registry().entries
    for name, row in rows.items():
        plugin = row.get("plugin", name.replace("-", "_"))
        assert plugin in Registry().plugins or name in known
        assert row.get("uses", "blstm-psa") in known


def test_the_sizes_of_the_contract_are_fields(tmp_path):
    (tmp_path / "mine.yaml").write_text("suite: mine\n" + snippet("yaml", "parameters:"))
    plan = Plan(load_suite(str(tmp_path / "mine.yaml")), "mine.yaml")
    assert plan.known["blstm-psa"].parameters["epochs"] == 60
    assert plan.known["lstm-psa"].parameters["epochs"] == 30
    assert plan.known["lstm-psa"].make().width == 0.33


def test_the_classes_of_size_of_the_contract_are_some():
    sizes = yaml.safe_load(snippet("yaml", "sizes:"))["sizes"]
    known = Registry()
    check_sizes(sizes, {*known.plugins, *known.entries}, "methods/README.md")
    for name, classes in sizes.items():
        for values in classes.values():
            entry = known.entries.get(name) or next(x for x in known.entries.values() if x.plugin.name == name)
            assert entry.sized({name: values}, "methods/README.md").make()
