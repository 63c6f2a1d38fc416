import importlib.metadata
import subprocess
import sys

import pytest

from cocktail.errors import CocktailError
from cocktail.plugins.entry import Entry, Plugin, from_spec
from cocktail.plugins.registry import GROUP, Registry


def test_a_plugin_that_no_row_names_is_an_entry_with_its_defaults(write_plugin):
    registry = Registry([write_plugin("my_gate")])
    assert registry.entry("my-gate").make().gain == 1.0


def test_rows_make_entries_of_one_plugin(write_plugin):
    folder = write_plugin("my_gate")
    (folder / "methods.yaml").write_text("soft: {plugin: my_gate, gain: 0.5}\nmy-gate:\n")
    registry = Registry([folder])
    assert registry.entry("soft").make().gain == 0.5
    assert registry.entry("my-gate").make().gain == 1.0
    spec = registry.entry("soft").spec()
    assert from_spec(spec).make() == registry.entry("soft").make()


SHARED = {
    "base": "LearnedMethod",
    "attributes": "units: int = 3\n    call_only = ('gain',)",
    "more": "def fit(self, data, rng, folder): ...\ndef load(self, folder): ...",
}


def test_a_row_that_names_a_model_has_all_else_of_its_entry(write_plugin):
    """Whatever the suite gives to that entry, the training of both is the same."""
    folder = write_plugin("net", **SHARED)
    (folder / "methods.yaml").write_text(
        "loud: {model: net, gain: 2.0}\nnet: {units: 5}\nsizes: {net: {tiny: {units: 4}}}"
    )
    registry = Registry([folder])
    sized = registry.sized("paper", {"net": {"units": 7}}, "a test")
    for loud, net, units in (
        (registry.entry("loud"), registry.entry("net"), 5),
        (sized["loud"], sized["net"], 7),
    ):
        assert (loud.make().gain, loud.make().units, net.make().gain) == (2.0, units, 1.0)
        assert loud.for_training().parameters == net.for_training().parameters == {"units": units}
        assert loud.spec()["model"] == "net" and "model" not in net.spec()
        assert from_spec(loud.spec()).make() == loud.make()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("loud: {model: nett, gain: 2.0}", "loud: model: no row of an entry 'nett'; did you mean 'net'"),
        (
            "loud: {model: net, units: 4}",
            "loud: units: .* has all else of it, and .* alone read: gain",
        ),
        ("loud: {model: net}\nlouder: {model: loud}", "louder: model: 'loud' has the model of 'net': name that one"),
        ("loud: {model: omlsa}", "loud: model: 'omlsa' learns nothing"),
    ],
)
def test_a_row_that_cannot_share_a_model_is_an_error(write_plugin, row, message):
    folder = write_plugin("net", **SHARED)
    (folder / "methods.yaml").write_text(f"net: {{}}\n{row}")
    with pytest.raises(CocktailError, match=message):
        Registry([folder])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("soft: {plugin: my_gat}", r"methods\.yaml: soft: unknown plugin 'my_gat'; did you mean 'my_gate'"),
        (
            "soft: {plugin: my_gate, gian: 1}",
            r"methods\.yaml: soft: Plugin has no parameter 'gian'; did you mean 'gain'",
        ),
        ("soft: {plugin: my_gate, gain: loud}", r"methods\.yaml: soft: gain: expected float, got 'loud'"),
        ("soft: {plugin: my_gate, gain: true}", r"methods\.yaml: soft: gain: expected float, got True"),
        ("soft: {plugin: conv_tasnet, width: -1}", r"methods\.yaml: soft: width: expected 0\.001 or more, got -1"),
        ("soft: {plugin: conv_tasnet, width: .nan}", r"methods\.yaml: soft: width: expected 0\.001 or more, got nan"),
        ("soft: {plugin: conv_tasnet, steps: 0}", r"methods\.yaml: soft: steps: expected 1 or more, got 0"),
        ("soft: {plugin: conv_tasnet, epochs: -3}", r"methods\.yaml: soft: epochs: expected 0 or more, got -3"),
        ("soft: {plugin: lcnn, bands: 8}", r"methods\.yaml: soft: bands: expected 16 or more, got 8"),
        ("soft: {plugin: lcnn, width: 0}", r"methods\.yaml: soft: width: expected 0\.001 or more, got 0"),
        ("soft: {plugin: lcnn, dropout: 1.5}", r"methods\.yaml: soft: dropout: expected 0\.99 or less, got 1\.5"),
        ("soft: {plugin: xvector, margin: .nan}", r"methods\.yaml: soft: margin: expected 0 or more, got nan"),
        ("5: {plugin: my_gate}", r"methods\.yaml: 5 cannot name an entry"),
        ("a/b: {plugin: my_gate}", r"methods\.yaml: 'a/b' cannot name an entry"),
        ("soft: [my_gate]", r"methods\.yaml: soft: must be a mapping"),
        ("soft: {\n", r"methods\.yaml, line 2: not valid YAML"),
        ("a: {plugin: my_gate}\na: {plugin: my_gate}", r"methods\.yaml, line 2: .*key 'a' stands twice"),
    ],
)
def test_a_wrong_row_is_an_error_that_names_file_key_and_remedy(write_plugin, row, message):
    folder = write_plugin("my_gate")
    (folder / "methods.yaml").write_text(row)
    with pytest.raises(CocktailError, match=message):
        Registry([folder]).entry("soft").make()


def test_duplicates_are_errors(write_plugin, tmp_path):
    folder = write_plugin("my_gate")
    other = tmp_path / "other"
    other.mkdir()
    (other / "my_gate.py").write_text((folder / "my_gate.py").read_text())
    with pytest.raises(CocktailError, match="two plugins are called 'my_gate'"):
        Registry([folder, other])
    (other / "my_gate.py").rename(other / "gate.py")
    (other / "methods.yaml").write_text("my-gate: {plugin: gate}")
    (folder / "methods.yaml").write_text("my-gate: {}")
    with pytest.raises(CocktailError, match="two entries are called 'my-gate'"):
        Registry([folder, other])


@pytest.mark.parametrize(
    ("plugin", "parameter"), [("nmf", "divergence"), ("nmf", "noise"), ("oracle_beamformer", "beamformer")]
)
def test_a_choice_is_one_of_its_words(plugin, parameter):
    entry = Entry("mine", Registry().plugins[plugin], {parameter: "euclid"}, "methods.yaml")
    with pytest.raises(CocktailError, match=rf"{parameter}: expected .*, got 'euclid'"):
        entry.make()


def test_unknown_method_names_the_nearest(tmp_path, monkeypatch):
    with pytest.raises(CocktailError, match="unknown method 'unprocesed'; did you mean 'unprocessed'"):
        Registry().entry("unprocesed")
    with pytest.raises(CocktailError, match="unknown method 'my-gate'; --methods DIR finds plugins of your own"):
        Registry().entry("my-gate")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_methods").mkdir()
    with pytest.raises(CocktailError, match=r"unknown method 'my_methods'; .* write --methods \./my_methods"):
        Registry().entry("my_methods")
    with pytest.raises(CocktailError, match="no such folder of plugins"):
        Registry(["/nowhere"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import gone_module", r"does not import: ModuleNotFoundError: .*gone_module.*broken\.py:1"),
        ("def f(:", r"does not import: SyntaxError: invalid syntax \(broken\.py:1\)$"),
        ("raise SystemExit(4)", "does not import: SystemExit"),
        ("x = 1", "exactly one class derived from Method; found none"),
        (
            "from cocktail.method import Method\nclass A(Method): pass",
            r"A must be decorated with @dataclass\(frozen=True\)",
        ),
    ],
)
def test_a_broken_plugin_is_an_entry_with_its_reason(write_plugin, text, reason):
    folder = write_plugin("my_gate")
    (folder / "broken.py").write_text(text)
    registry = Registry([folder])
    with pytest.raises(CocktailError, match=reason):
        registry.entry("broken").make()
    assert registry.entry("broken").error
    assert registry.entry("my-gate").error is None


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [
        ("task = 'enhanse'", "Plugin.task is 'enhanse'; did you mean 'enhance'"),
        ("paradigm = 'oracel'", "Plugin.paradigm is 'oracel'; did you mean 'oracle'"),
        ("needs = frozenset({'arry'})", "Plugin.needs is 'arry'; did you mean 'array'"),
    ],
)
def test_a_class_attribute_outside_the_contract_is_a_reason(write_plugin, attribute, reason):
    assert reason in Registry([write_plugin("my_gate", attributes=attribute)]).entry("my-gate").error


def test_entry_points_are_found(write_plugin, monkeypatch):
    monkeypatch.syspath_prepend(str(write_plugin("third_party")))
    point = importlib.metadata.EntryPoint("third_party", "third_party", GROUP)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point] if group == GROUP else [])
    assert Registry().entry("third-party").make().gain == 1.0


def test_lists_become_tuples_so_that_entries_stay_hashable(write_plugin):
    folder = write_plugin("tuples", attributes="sizes: tuple[int, ...] = ()")
    entry = Entry("t", Plugin("tuples", folder / "tuples.py"), {"sizes": [1, 2]}, "here")
    assert hash(entry.make()) and entry.make().sizes == (1, 2)


def test_finding_every_method_imports_nothing_heavy():
    code = (
        "import sys; from cocktail.plugins.registry import Registry; [e.make() for e in Registry().entries.values()];"
        "heavy = 'torch', 'scipy.signal', 'pandas', 'mlflow', 'pyroomacoustics', 'pystoi';"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
