"""What `make bench` runs, as far as that takes no time."""

import importlib.util
import re

import pytest

from benchmarks import bench_inference
from cocktail import ROOT
from cocktail.errors import CocktailError
from cocktail.plugins.registry import Registry


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("bench_*.py")), ids=lambda path: path.stem)
def test_every_bench_finds_what_it_imports_and_has_a_line_on_itself(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.__doc__ and callable(module.main)


def test_inference_is_timed_of_every_network_or_of_those_that_are_named():
    registry = Registry()
    names = {entry.name for entry in bench_inference.networks(registry, [])}
    assert {"blstm-psa", "conv-tasnet", "lcnn", "xvector", "ctc"} <= names
    assert not names & {"omlsa", "nmf-sparse", "gmm-lfcc"}
    assert [entry.name for entry in bench_inference.networks(registry, ["ctc"])] == ["ctc"]
    with pytest.raises(CocktailError, match="did you mean 'conv-tasnet'"):
        bench_inference.networks(registry, ["conv-tasnt"])


def test_inference_is_timed(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bench_inference.py", "lcnn"])
    monkeypatch.setattr(bench_inference, "SCENES", 1)
    bench_inference.main()
    assert re.match(r"lcnn: real-time factor \d", capsys.readouterr().out)
