"""Dynamic mixing against scenes that are drawn and rendered for tests: the same definitions, the same truths."""

import pickle

import numpy as np
import pytest
import scene_corpus as corpus

from cocktail import levels
from cocktail.corpora.holdout import CLOSED
from cocktail.errors import CocktailError
from cocktail.rng import rng
from cocktail.rooms.convolution import convolve
from cocktail.rooms.responses import LATENCY
from cocktail.scenes.room_bank import make_bank
from cocktail.training.data import augment
from cocktail.training.data.cache import Memory
from cocktail.training.data.corpus import CorpusTrainingData
from cocktail.training.data.holdout import noise_splits, speech_splits
from cocktail.training.data.mixer import Mixer
from cocktail.training.data.noise import Kind, NoiseSource
from cocktail.training.data.rooms import read_rooms
from cocktail.training.data.sound import convolved

FS = 16000
KINDS = ("pink", "babble", "clicks")
STATIONARY = {
    "task": "enhance", "talkers": 1, "array": "single", "reference": "image", "lead_s": 0.2, "trail_s": 0.1,
    "noise": {"field": "point", "kinds": list(KINDS), "snr_db": [-5, 10]},
}  # fmt: skip
TALKERS = {"task": "separate", "talkers": 2, "array": "single", "reference": "image", "level_db": [-2.5, 2.5]}
SPACE = {"length_m": [4, 5], "width_m": [4, 5], "height_m": [2.5, 3], "t60_s": [0.2, 0.3], "distance_m": [1, 1.5]}
ROOM = STATIONARY | {
    "array": "pair", "reference": "early", "room": SPACE,
    "noise": {"field": "point+diffuse", "kinds": ["pink"], "snr_db": [5, 5], "point_db": [0, 0]},
}  # fmt: skip


class Sounds:
    """Speech with pauses, a level that tells who speaks, and noise, by number."""

    def __call__(self, sound):
        generator = rng(0, sound.id, role=sound.of)
        if sound.of == "noise":
            return levels.loop(sound.cut(generator.standard_normal(3 * FS)), FS)
        n = round(generator.uniform(0.5, 0.9) * FS)
        pauses = np.repeat(generator.random(10) > 0.3, n // 10 + 1)[:n]
        pauses[: n // 10] = True
        return generator.uniform(0.01, 0.5) * generator.standard_normal(n) * pauses


def mixer(conditions, rooms=None, silent=(), **options):
    speech = [(f"s{k}-{i}", f"s{k}", "train" if k < 4 else "valid") for k in range(7) for i in range(3)]
    noise = [(f"{kind}-{split}-{i}", kind, split) for kind in KINDS for split in ("train", "valid") for i in range(3)]
    read = Sounds()
    memory = Memory(lambda sound: 0 * read(sound) if sound.id.startswith(tuple(silent)) else read(sound))
    parts = {"speech": speech_splits(speech), "noise": noise_splits(noise), "memory": memory}
    return Mixer(conditions=conditions, rooms=rooms or {}, fs=FS, **(parts | options))


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    path = tmp_path_factory.mktemp("rooms") / "room.npz"
    make_bank(condition="room", definition=ROOM, rooms=5, seed=1, fs=FS, out=path)
    return {"room": read_rooms(path)}


def level_db(x, where):
    return 10 * np.log10(levels.power(x.astype(float), where))


def snr_db(scene):
    heard = scene.sources.sum(axis=0)
    where = levels.active(heard, FS)
    return level_db(heard, where) - level_db(scene.noise, where)


def test_a_mixture_is_the_sum_of_its_parts_below_full_scale():
    m, generator = mixer({"a": STATIONARY, "b": TALKERS}), np.random.default_rng(0)
    for _ in range(30):
        scene = m.draw(generator, "train")
        assert {x.dtype for x in (scene.mixture, scene.sources, scene.noise)} == {np.dtype("float32")}
        np.testing.assert_allclose(scene.mixture, scene.sources.sum(axis=0) + scene.noise, atol=1e-6)
        peak = max(np.abs(x).max() for x in (scene.mixture, scene.sources, scene.noise))
        assert 0.5 <= peak <= 0.9001


def test_snr_is_exact_and_uniform_and_kinds_are_alike():
    fixed = {**STATIONARY, "noise": STATIONARY["noise"] | {"snr_db": [3, 3]}}
    m, generator = mixer({"fixed": fixed}), np.random.default_rng(0)
    assert all(snr_db(m.draw(generator, "train")) == pytest.approx(3, abs=1e-3) for _ in range(20))
    m = mixer({"a": STATIONARY})
    found = np.sort([snr_db(m.draw(generator, "train")) for _ in range(300)])
    uniform = np.linspace(-5, 10, 300)
    assert np.abs(found - uniform).max() < 15 * 1.63 / np.sqrt(300)  # Kolmogorov and Smirnov, 1 %


def test_every_kind_of_noise_is_drawn_as_often():
    heard = []

    class Spy(Memory):
        def __getitem__(self, sound):
            if sound.of == "noise":
                heard.append(sound)
            return super().__getitem__(sound)

    m = mixer({"a": STATIONARY})
    m = Mixer(**vars(m) | {"memory": Spy(Sounds())})
    generator = np.random.default_rng(1)
    for _ in range(300):
        m.draw(generator, "train")
    n = np.array([sum(sound.group == kind for sound in heard) for kind in KINDS])
    assert n.sum() == 300 and np.sum((n - 100) ** 2 / 100) < 13.8  # chi squared, 2 degrees of freedom, 0.1 %
    assert {sound.id.split("-")[1] for sound in heard} == {"train"}


def test_levels_of_talkers_are_exact_and_their_speakers_differ():
    fixed, generator = TALKERS | {"level_db": [2, 2]}, np.random.default_rng(0)
    m = mixer({"a": fixed})
    for _ in range(20):
        scene = m.draw(generator, "train")
        first, second = (level_db(x, levels.active(x, FS)) for x in scene.sources)
        assert first == pytest.approx(second, abs=1e-3)
        assert abs(np.corrcoef(scene.sources)[0, 1]) < 0.1
        assert not scene.noise.any()
    m = mixer({"a": TALKERS})
    apart = [np.subtract(*(level_db(x, levels.active(x, FS)) for x in m.draw(generator, "valid").sources))
             for _ in range(200)]  # fmt: skip
    assert -5 <= min(apart) < -3 and 3 < max(apart) <= 5 and abs(np.mean(apart)) < 0.5


def test_lead_and_trail_hold_noise_alone():
    scene = mixer({"a": STATIONARY}).draw(np.random.default_rng(0), "train")
    lead, trail = round(0.2 * FS), round(0.1 * FS)
    assert not scene.sources[0, :lead].any() and not scene.sources[0, -trail:].any()
    assert scene.sources[0, lead : lead + 100].any() and scene.noise[:lead].any()


def test_what_is_done_to_a_mixture_counts_as_its_noise():
    harm = {"at_once": [2, 2], "clipping": {"share": [0.1, 0.1]}, "loss": {"share": [0.1, 0.2], "burst": [1, 2]}}
    m = mixer({"a": STATIONARY | {"degradations": {"at_once": [1, 1], "clipping": harm["clipping"]}}})
    scene = m.draw(np.random.default_rng(0), "train")
    heard = np.abs(scene.mixture)
    assert np.mean(heard > (1 - 1e-6) * heard.max()) == pytest.approx(0.1, abs=1e-3)
    for _ in range(5):
        scene = mixer({"a": STATIONARY | {"degradations": harm}}).draw(np.random.default_rng(1), "train")
        assert scene.mixture.dtype == scene.noise.dtype == np.float32
        np.testing.assert_allclose(scene.mixture, scene.sources[0] + scene.noise, atol=1e-6)


def test_one_generator_one_scene():
    m = mixer({"a": STATIONARY, "b": TALKERS})
    one, two, other = (m.draw(np.random.default_rng(seed), "train").mixture for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, two)
    assert len(one) != len(other) or not np.array_equal(one, other)


def test_a_room_sounds_as_its_responses_say(bank):
    """Noise hardly heard: the mixture is dry speech through `full`, the source the same through `early`."""
    quiet = ROOM | {"noise": ROOM["noise"] | {"snr_db": [120, 120]}}
    m = mixer({"room": quiet}, bank)
    scene = m.draw(np.random.default_rng(3), "train")
    rooms = bank["room"]["train"]
    errors = []
    for sound in (sound for sounds in m.speech["train"].values() for sound in sounds):
        dry = np.zeros(len(scene.mixture))
        said = m.memory[sound]
        if len(said) + round(0.2 * FS) + round(0.1 * FS) != len(dry):
            continue
        dry[round(0.2 * FS) :][: len(said)] = said
        for r in range(len(rooms)):
            full, early = rooms.room(r)
            whole = convolve(dry, full[0, 0])[LATENCY:][: len(dry)]
            first = convolve(dry, early[0])[LATENCY:][: len(dry)]
            gain = scene.mixture @ whole / (whole @ whole)
            pairs = (scene.mixture, whole), (scene.sources[0], first)
            errors.append(max(np.abs(found - gain * true).max() for found, true in pairs))
    assert min(errors) < 1e-4


def test_rooms_of_validation_are_others_and_a_bank_is_read_as_it_was_made(bank, tmp_path):
    train, valid = bank["room"]["train"], bank["room"]["valid"]
    assert (len(train), len(valid)) == (5, 1)
    assert train.full.shape[:3] == (5, 2, 1) and train.early.shape[:2] == (5, 1)  # a talker and the point noise
    assert all(not np.array_equal(valid.full[0, 0, 0][:2000], x[0, 0][:2000]) for x in train.full)
    make_bank(condition="room", definition=ROOM, rooms=2, seed=1, fs=FS, out=tmp_path / "fewer.npz")
    fewer = read_rooms(tmp_path / "fewer.npz")["train"]
    for r in range(2):
        np.testing.assert_array_equal(fewer.room(r)[0], train.room(r)[0])
        assert np.abs(train.room(r)[0][..., -50:]).max() > 0 and not train.full[r, ..., train.lengths[r] :].any()
    (tmp_path / "cut.npz").write_bytes((tmp_path / "fewer.npz").read_bytes()[:5000])
    with pytest.raises(CocktailError, match=r"cut\.npz: not a whole bank of rooms"):
        read_rooms(tmp_path / "cut.npz")


def test_the_responses_are_those_of_rendered_scenes(bank):
    """At microphone 1 the direct sound and what follows within 50 ms are those that the renderer computes."""
    from cocktail.rooms.responses import responses
    from cocktail.rooms.shoebox import Shoebox
    from cocktail.scenes.drawing import draw_room

    generators = lambda role: rng(1, "room", "train", 3, role=role)  # noqa: E731
    room, places = draw_room(ROOM, generators)
    found = responses(Shoebox(room.size, room.absorption), np.array(places), np.array(room.microphones), FS,
                      [generators("tail 0")])  # fmt: skip
    early = bank["room"]["train"].early[3, 0]
    n = min(len(early), found.early.shape[-1])
    np.testing.assert_allclose(early[:n], found.early[0, :n], atol=1e-6)


def test_point_and_diffuse_noise_are_as_loud_as_the_condition_says(bank):
    m = mixer({"room": ROOM}, bank)
    scene = m.draw(np.random.default_rng(0), "valid")
    rest = scene.mixture - scene.noise  # the whole image, of which the source is the early part
    where = levels.active(rest, FS)
    assert level_db(rest, where) - level_db(scene.noise, where) == pytest.approx(5, abs=1e-3)


def test_the_point_noise_stands_over_the_diffuse_one_as_the_condition_says():
    field = STATIONARY["noise"] | {"field": "point+diffuse", "point_db": [6, 6]}
    m = mixer({"a": STATIONARY | {"noise": field}})
    point = np.sin(2 * np.pi * 1000 * np.arange(3 * FS) / FS)
    (noise,) = m._surroundings.field(Kind("a", "train", "pink"), point, 3 * FS, np.random.default_rng(0))
    tone = point * np.mean(noise * point) / np.mean(point**2)  # the part of it in the noise
    assert 10 * np.log10(np.mean(tone**2) / np.mean((noise - tone) ** 2)) == pytest.approx(6, abs=0.2)


def test_a_diffuse_field_of_several_excerpts_keeps_their_level_and_spectrum():
    tablet = {**STATIONARY, "array": "tablet", "room": SPACE, "noise": STATIONARY["noise"] | {"field": "diffuse"}}
    m = mixer({"t": tablet})
    (noise,) = m._surroundings.field(Kind("t", "train", "pink"), None, 3 * FS, np.random.default_rng(0))
    assert np.mean(noise**2) == pytest.approx(1, rel=1e-4)
    spectrum = np.abs(np.fft.rfft(noise)) ** 2  # white in, white out, on average over the responses
    bands = [part.mean() for part in np.array_split(spectrum, 8)]
    assert max(bands) / min(bands) < 1.4


def test_too_few_speakers_no_noise_and_silence_are_named():
    generator = np.random.default_rng(0)
    with pytest.raises(CocktailError, match="needs 4 speakers, the corpus has 3 of split 'valid'"):
        mixer({"a": TALKERS | {"talkers": 4}}).draw(generator, "valid")
    unknown = {**STATIONARY, "noise": STATIONARY["noise"] | {"kinds": ["surf"]}}
    with pytest.raises(CocktailError, match="no noise of surf to train with; the corpus has babble, clicks, pink"):
        mixer({"a": unknown}).draw(generator, "train")
    with pytest.raises(CocktailError, match=r"the utterance 's\d-\d' is silent"):
        mixer({"a": STATIONARY}, silent=["s"]).draw(generator, "train")
    with pytest.raises(CocktailError, match=r"noise of the kind '.*' is silent while speech is active"):
        mixer({"a": STATIONARY}, silent=KINDS).draw(generator, "train")
    with pytest.raises(CocktailError, match="there is no bank of its rooms"):
        mixer({"a": ROOM}).draw(generator, "train")
    with pytest.raises(CocktailError, match=r"unknown 'strech'; did you mean 'stretch'\?"):
        mixer({"a": ROOM}).augmented(("strech",))


def test_augmentation_is_for_training_alone_and_keeps_levels():
    plain = mixer({"a": TALKERS | {"level_db": [0, 0]}})
    full = plain.augmented((*augment.AUGMENTATIONS, *augment.VOICE))
    seeds = range(12)
    same = [np.array_equal(plain.draw(np.random.default_rng(s), "valid").mixture,
                           full.draw(np.random.default_rng(s), "valid").mixture) for s in seeds]  # fmt: skip
    assert all(same)
    for s in seeds:
        scene = full.draw(np.random.default_rng(s), "train")
        first, second = (level_db(x, levels.active(x, FS)) for x in scene.sources)
        assert first == pytest.approx(second, abs=1e-2)


def tone_hz(speaker):
    return 200 * (int(speaker[1:]) + 3)


def tones():
    """A mixer of two talkers, with enrolment, whose speech is a tone at a frequency that tells who speaks."""
    t = np.arange(FS // 2) / FS
    memory = Memory(lambda sound: np.sin(2 * np.pi * tone_hz(sound.group) * t).astype(np.float32))
    texts = {f"s{k}-{i}": None for k in range(7) for i in range(3)}
    return mixer({"a": TALKERS}, memory=memory, enrolment=True, texts=texts)


def peak_hz(x):
    return np.argmax(np.abs(np.fft.rfft(x * np.hanning(len(x)), 16 * FS))) / 16


def test_converted_talkers_have_the_voice_of_another_speaker_who_is_not_in_the_scene(monkeypatch):
    monkeypatch.setattr(augment, "converted", lambda x, fs, other: other)
    plain, converted = 0, 0
    for seed in range(16):
        own = tones().draw(np.random.default_rng(seed), "train")
        scene = tones().augmented(("conversion",)).draw(np.random.default_rng(seed), "train")
        assert len({*scene.speakers}) == 2
        for source, speaker, was in zip(scene.sources, scene.speakers, own.speakers, strict=True):
            assert peak_hz(source) == pytest.approx(tone_hz(speaker), abs=3)
            assert speaker == was or speaker not in own.speakers
            plain, converted = plain + (speaker == was), converted + (speaker != was)
        assert peak_hz(scene.enrolment) == pytest.approx(tone_hz(scene.speakers[0]), abs=3)
    assert min(plain, converted) > 8


def test_whoever_is_enrolled_has_the_same_vocal_tract_there_and_in_the_mixture():
    plain = tones()
    warps = {"train": set(), "valid": set()}
    for seed in range(8):
        for split, found in warps.items():
            scene = plain.augmented(("vtl",)).draw(np.random.default_rng(seed), split)
            said, enrolled = peak_hz(scene.sources[0]), peak_hz(scene.enrolment)
            assert enrolled == pytest.approx(said, abs=3)
            found.add(round(said / tone_hz(scene.speakers[0]), 2))
    assert warps["valid"] == {1.0} and len(warps["train"]) > 3


def test_a_mixer_can_be_sent_to_another_process():
    m = Mixer(**vars(mixer({"a": STATIONARY})) | {"memory": Memory(Sounds())})
    again = pickle.loads(pickle.dumps(m))
    a, b = (x.draw(np.random.default_rng(0), "train").mixture for x in (m, again))
    np.testing.assert_array_equal(a, b)


def test_what_is_read_ahead_is_not_read_again_and_draws_the_same(bank):
    reads, sounds = [], Sounds()
    conditions = {"a": STATIONARY, "b": TALKERS, "room": ROOM}
    plain, ready = (
        mixer(conditions, rooms=bank, memory=Memory(lambda sound: reads.append(sound) or sounds(sound)))
        for _ in range(2)
    )
    ready.read_ahead()
    reads.clear()
    drawn = [ready.augmented(()).draw(np.random.default_rng(s), split) for s in range(20) for split in plain.speech]
    assert reads == []
    expected = [plain.draw(np.random.default_rng(s), split) for s in range(20) for split in plain.speech]
    assert reads and all(np.array_equal(x.mixture, y.mixture) for x, y in zip(drawn, expected, strict=True))


def test_diffuse_noise_that_is_read_ahead_is_not_made_again(bank, monkeypatch):
    ready = mixer({"room": ROOM}, rooms=bank)
    ready.read_ahead()
    monkeypatch.setattr(NoiseSource, "_loop", None)
    again = ready.augmented(("stretch",))
    for split in ("train", "valid"):
        assert again.draw(np.random.default_rng(0), split).condition == "room"


@pytest.mark.parametrize(("device", "ahead"), [("cpu", False), ("cuda", True)])
def test_sounds_are_read_ahead_where_many_processes_will_draw(device, ahead):
    speech, noise, reads = corpus.speech(), corpus.noise(), []
    libraries = [corpus.MadeLibrary(x.rows, lambda id, fs, x=x: reads.append(id) or x.samples(id, fs))
                 for x in (speech, noise)]  # fmt: skip
    conditions = {"talkers": TALKERS, "noisy": STATIONARY | {"noise": {"field": "point", "kinds": ["pink"],
                                                                     "snr_db": [0, 0]}}}  # fmt: skip
    data = CorpusTrainingData(*libraries, fs=FS, paradigm="separation", device=device, conditions=conditions)
    mixer = data.mixer
    assert bool(reads) == ahead
    reads.clear()
    for seed in range(5):
        mixer.draw(np.random.default_rng(seed), "train")
    assert bool(reads) != ahead


def test_memory_reads_ahead_what_fits():
    reads = []
    memory = Memory(lambda key: reads.append(key) or np.zeros(100), limit=800)
    memory.fill(range(10))
    assert reads == [0, 1, 2]


def test_memory_keeps_what_fits():
    reads = []

    def read(key):
        reads.append(key)
        return np.full(100, key, float)

    memory = Memory(read, limit=800)
    for _ in range(2):
        assert [memory[key][0] for key in (1, 2, 3)] == [1, 2, 3]
    assert reads == [1, 2, 3, 3] and memory[1].dtype == np.float32


def test_held_out_speech_and_noise():
    speech = speech_splits([(f"u{k}", f"s{k:02d}", "train") for k in range(20)])
    assert sorted(speech["valid"]) == ["s09", "s19"] and len(speech["train"]) == 18
    given = speech_splits([("u1", "a", "train"), ("u2", "b", "valid"), ("u3", "c", "test")])
    assert (list(given["train"]), list(given["valid"])) == (["a"], ["b"])
    rows = [(f"rain{i}", "rain", "train") for i in range(10)] + [("hum", "hum", "train"), ("car", "car", "train")]
    noise = noise_splits([*rows, ("car2", "car", "valid"), ("dog", "dog", "test")])
    assert {kind: [x.id for x in found] for kind, found in noise["valid"].items()} == {
        "rain": ["rain4", "rain9"], "hum": ["hum"], "car": ["car2"],
    }  # fmt: skip
    assert len(noise["train"]["rain"]) == 8 and "dog" not in noise["train"]
    (early,), (late,) = noise["train"]["hum"], noise["valid"]["hum"]
    x = np.arange(100)
    assert np.concatenate([early.cut(x), late.cut(x)]).tolist() == x.tolist() and len(late.cut(x)) == 20


def test_trainings_know_the_speakers_of_closed_sets_but_hear_no_utterance_that_is_kept_for_tests():
    speech = corpus.speech()
    kept = {row["utterance"]: row["speaker"] for row in speech.rows if row["split"] == CLOSED}
    data = CorpusTrainingData(speech, corpus.noise(), fs=FS, paradigm="annotated-separation", conditions={"a": TALKERS})
    heard = [sound for split in data.mixer.speech.values() for sounds in split.values() for sound in sounds]
    assert kept and not kept.keys() & {sound.id for sound in heard}
    assert set(kept.values()) <= set(data.mixer.speech["train"])
    assert set(kept.values()) <= {x.speaker for x in data.speech("train")}


def test_convolutions_are_those_of_numpy():
    random = np.random.default_rng(0)
    signals = [random.standard_normal(n).astype(np.float32) for n in (50, 40)]
    kernels = [random.standard_normal(n).astype(np.float32) for n in (7, 9, 3)]
    found = convolved(signals, kernels, [0, 1, 1], 60)
    for row, i, kernel in zip(found, (0, 1, 1), kernels, strict=True):
        whole = np.convolve(signals[i], kernel)
        np.testing.assert_allclose(row[: len(whole)], whole, atol=1e-4)
        assert np.abs(row[len(whole) :]).max() < 1e-4
