"""What the documents show works as shown."""

import importlib
import re
import textwrap
from dataclasses import replace

import numpy as np
import torch
import yaml

from cocktail import ROOT
from cocktail.plugins.entry import Plugin
from cocktail.plugins.registry import Registry
from cocktail.plugins.row import read_row, read_sharing_row
from cocktail.plugins.sizes import check_sizes
from cocktail.plugins.templates import NETWORK
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
    path = tmp_path / "my_net.py"
    path.write_text(snippet("python", "class MyNet"))
    method = Plugin("my_net", path).cls(width=0.02, segment_s=0.4, epochs=4, steps=5, batch_size=4, learning_rate=0.01)
    folder = tmp_path / "model"
    folder.mkdir()
    method.fit(TinyData(method.paradigm, seconds=0.5), np.random.default_rng(0), folder)
    losses = [loss for _, loss in read_history(folder)["train/valid_loss"]]
    assert losses[-1] < 0.9 * losses[0]
    assert {"weights.pt", "network.json", "history.csv"} <= {file.name for file in folder.iterdir()}
    assert_conforms(replace(method, epochs=1))
    code = path.read_text().split("@dataclass(frozen=True)")[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 30


def test_the_network_of_the_contract_is_what_the_command_writes():
    assert snippet("python", "class MyNet") == NETWORK.code.format(title="My net", cls="MyNet")


def test_what_the_contract_says_is_at_hand_is_there():
    """Full names, and those that stand "beside" the last of these."""
    table = TEXT[TEXT.index("## At hand") :]
    found = [name for name in re.findall(r"`([\w.]+)`", table) if name.isidentifier() or name.startswith("cocktail.")]
    assert len(found) > 25
    module = None
    for name in found:
        if "." in name:
            module, _, name = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name)), f"{module}.{name}"


def test_the_batches_of_the_contract_have_its_shapes():
    from cocktail.training.loop.batches import pad

    batch = pad([{"features": np.ones((3, t)), "label": np.float64(t)} for t in (5, 7)])
    assert {name: tuple(x.shape) for name, x in batch.items()} == {
        "features": (2, 3, 7), "features_length": (2,), "label": (2,)
    }  # fmt: skip
    assert batch["features_length"].tolist() == [5, 7] and batch["features"].dtype == torch.float32


def test_recordings_have_the_fields_that_the_contract_says():
    data = TinyData("annotated-source-model")
    recording = next(data.speech("train"))
    assert recording.samples.ndim == 1 and recording.samples.dtype == np.float64
    assert recording.kind == "speech" and recording.speaker and recording.text


def test_the_rows_of_the_contract_are_rows():
    rows = yaml.safe_load(snippet("yaml", "uses: blstm-psa"))
    registry = Registry()
    mine = dict.fromkeys(("my_joint", "my_fusion"), registry.plugins["ctc"])
    sharing = {name: row for name, row in rows.items() if "model" in row}
    own = {name: row for name, row in rows.items() if name not in sharing}
    entries = [read_row(name, row, registry.plugins | mine, "README.md") for name, row in own.items()]
    entries += [read_sharing_row(name, row, registry.entries, "README.md") for name, row in sharing.items()]
    assert {key for entry in entries for key, _ in entry.others} == {"uses", "start", "reads", "model"}
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
