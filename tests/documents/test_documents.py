"""What the documents show works as shown."""

import re
import textwrap
from dataclasses import replace

import numpy as np
import yaml

from cocktail import ROOT
from cocktail.plugins.entry import Plugin
from cocktail.plugins.registry import Registry
from cocktail.plugins.row import read_row
from cocktail.plugins.sizes import check_sizes
from cocktail.testing.conformance import assert_conforms
from cocktail.testing.data import TinyData
from cocktail.training.history import read_history
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

TEXT = (ROOT / "methods" / "README.md").read_text()


def snippet(language, word):
    """The block of methods/README.md that holds `word`."""
    blocks = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return next(textwrap.dedent(block) for block in blocks if word in block)


def test_the_network_of_the_contract_trains_and_conforms(tmp_path):
    """Its loss falls, and it passes the probes of `cocktail check`; without its docstring it is short."""
    path = tmp_path / "convolutional_mask.py"
    path.write_text(snippet("python", "class ConvolutionalMask"))
    method = Plugin("convolutional_mask", path).cls(
        width=0.02, segment_s=0.4, epochs=4, steps=5, batch_size=4, learning_rate=0.01
    )
    folder = tmp_path / "model"
    folder.mkdir()
    method.fit(TinyData(method.paradigm, seconds=0.5), np.random.default_rng(0), folder)
    losses = [loss for _, loss in read_history(folder)["train/valid_loss"]]
    assert losses[-1] < 0.9 * losses[0]
    assert {"weights.pt", "network.json", "history.csv"} <= {file.name for file in folder.iterdir()}
    assert_conforms(replace(method, epochs=1))
    code = path.read_text().split("@dataclass(frozen=True)")[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 30


def test_the_rows_of_the_contract_are_rows():
    rows = yaml.safe_load(snippet("yaml", "uses: blstm-psa"))
    registry = Registry()
    mine = dict.fromkeys(("my_joint", "my_fusion"), registry.plugins["ctc"])
    entries = [read_row(name, row, registry.plugins | mine, "README.md") for name, row in rows.items()]
    assert {key for entry in entries for key, _ in entry.others} == {"uses", "start", "reads"}
    assert {other for entry in entries for _, other in entry.others} <= set(registry.entries)


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
