import jsonschema
import pytest
import scene_corpus as corpus

from cocktail.scenes.conditions import CONDITION, GROUPS, info, resolved

VALIDATOR = jsonschema.Draft202012Validator(CONDITION)


def changed(name, **changes):
    """A condition with keys changed, or removed by None; `room__t60_s` reaches into `room`."""
    condition = {key: dict(value) if isinstance(value, dict) else value for key, value in conditions()[name].items()}
    for key, value in changes.items():
        *outer, last = key.split("__")
        inside = condition[outer[0]] if outer else condition
        inside.pop(last, None) if value is None else inside.update({last: value})
    return condition


def conditions():
    return corpus.CONFIG["conditions"]


def test_the_schemas_are_schemas():
    jsonschema.Draft202012Validator.check_schema(CONDITION)
    jsonschema.Draft202012Validator.check_schema(GROUPS)


@pytest.mark.parametrize("name", conditions())
def test_shipped_conditions_are_valid(name):
    VALIDATOR.validate(conditions()[name])
    jsonschema.validate(corpus.CONFIG["noise_groups"], GROUPS)


def test_shipped_conditions():
    assert list(conditions()) == [
        "stationary", "nonstationary", "living-room", "tablet", "phone", "reverb", "long-reverb", "degraded",
        "two-talkers", "three-talkers", "two-talkers-closed", "four-talkers-closed", "two-talkers-array",
        "spoof-logical", "spoof-neural", "spoof-physical", "spoof-physical-moving", "spoof-noise",
        "spoof-logical-noise", "spoof-adversarial", "spoof-adversarial-black-box", "spoof-adversarial-adaptive",
        "speakers", "speakers-noise",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("stationary", {"talker": 1}),
        ("stationary", {"enrolled": "speakers"}),
        ("stationary", {"talkers": 2}),
        ("stationary", {"talkers": "one"}),
        ("stationary", {"noise": None}),
        ("stationary", {"noise__kinds": None}),
        ("stationary", {"noise__snr": [0, 1]}),
        ("stationary", {"noise__snr_db": [0]}),
        ("stationary", {"noise__snr_db": 5}),
        ("stationary", {"array": "tablet"}),
        ("stationary", {"reference": "early"}),
        ("living-room", {"room__t60_s": [0, 0.2]}),
        ("living-room", {"room__distance_m": None}),
        ("living-room", {"array": [[0, 0]]}),
        ("living-room", {"room__moving": 0.5}),
        ("phone", {"room__moving": 2}),
        ("phone", {"room__azimuth_deg": None}),
        ("degraded", {"array": "pair"}),
        ("degraded", {"degradations__codec": {"names": ["mp3"], "rate_kbps": [6, 16]}}),
        ("degraded", {"degradations__clipping": {"share": [0.1]}}),
        ("degraded", {"degradations__at_once": None}),
        ("degraded", {"degradations": {"at_once": [1, 1]}}),
        ("two-talkers-array", {"room__azimuth_deg": [-60, 60], "room__turn_deg_s": [20, 60]}),
        ("two-talkers", {"talkers": 1}),
        ("two-talkers", {"levels_db": [0, 0]}),
        ("two-talkers", {"level_db": None, "levels_db": [0, 0, 0]}),
        ("two-talkers", {"speakers": "known"}),
        ("two-talkers", {"given": True, "speakers": "closed"}),
        ("two-talkers", {"task": "seperate"}),
        ("two-talkers", {"attacks": {"train": ["tts"], "test": ["tts"]}}),
        ("spoof-logical", {"attacks": None}),
        ("spoof-logical", {"attacks__train": None}),
        ("spoof-logical", {"attacks__train": [1]}),
        ("spoof-logical", {"attacks__test": ["replay-near-low"]}),
        ("spoof-logical", {"spoofed": 2}),
        ("spoof-physical", {"room": None}),
        ("spoof-physical", {"adversary": "ganba"}),
        ("stationary", {"adversary": "ganba"}),
    ],
)
def test_a_mistake_is_refused(name, changes):
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(changed(name, **changes))


def test_an_array_may_be_given_by_its_positions():
    condition = changed("living-room", array=[[0, 0, 0], [0.1, 0, 0], [0.2, 0, 0]])
    VALIDATOR.validate(condition)
    assert info("x", condition, 16000).channels == 3


def test_groups_become_kinds_once_each():
    condition = changed("stationary", noise__kinds=["calm", "rain", "loud"])
    noise = resolved(condition, {"calm": ["rain", "wind"], "loud": ["saw", "wind"]})["noise"]
    assert noise["kinds"] == ["rain", "wind", "saw"]
    assert condition["noise"]["kinds"] == ["calm", "rain", "loud"]
    assert resolved(conditions()["two-talkers"], {}) == conditions()["two-talkers"]


def test_info_says_what_methods_may_know():
    about = info("tablet", conditions()["tablet"], 16000)
    assert (about.channels, about.n_sources, about.task, about.reference) == (6, 1, "enhance", "image")
