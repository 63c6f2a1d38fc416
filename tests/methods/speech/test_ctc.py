"""The CTC recogniser: its language and search, its network, what it is trained on."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.errors import CocktailError
from cocktail.method import Recording, TrainingData, View
from cocktail.metrics.metric import Comparison, Pair, Unscorable
from cocktail.metrics.words import METRICS as WORDS
from cocktail.plugins.registry import Registry
from cocktail.recognition.ctc import EDGE, Language, decode
from cocktail.recognition.recogniser import Counts

FS = 16000
METRICS = {metric.name: metric for metric in WORDS}


def collapsed(path, symbols):
    """What a path of symbols says: repetitions once, without blanks."""
    return "".join(symbols[s] for s, _ in itertools.groupby(path) if s != 0)


def exhaustive(log_posteriors, language, weight):
    """The best text by summing over every path of symbols."""
    posteriors = np.exp(log_posteriors)
    n_frames, n_symbols = posteriors.shape
    total = {}
    for path in itertools.product(range(n_symbols), repeat=n_frames):
        text = collapsed(path, language.symbols)
        total[text] = total.get(text, 0.0) + math.prod(posteriors[t, s] for t, s in enumerate(path))
    best = {}
    for text, p in total.items():
        words = text.split(" ")
        if words.pop() == "" and all(word in language.words for word in words):
            pairs = itertools.pairwise([EDGE, *words, EDGE])
            prior = sum(language.log_probability(after, before) for before, after in pairs)
            best[" ".join(words)] = math.log(p) + weight * prior
    return best


class TestLanguage:
    texts = ("bin blue now", "bin red now", "set red", "Set RED!")

    def test_probabilities_of_what_follows_add_up_to_one(self):
        language = Language.learn(self.texts)
        assert language.words == ("bin", "blue", "now", "red", "set")
        for before in (EDGE, *language.words):
            total = sum(math.exp(language.log_probability(word, before)) for word in (EDGE, *language.words))
            assert total == pytest.approx(1)

    def test_witten_bell_by_hand(self):
        language = Language.learn(["a b", "a a"])
        # After "a": once "b", once "a", once the end, 3 kinds; "b" is 1 of the 6 words and ends in all.
        assert math.exp(language.log_probability("b", "a")) == pytest.approx((1 + 3 * 1 / 6) / (3 + 3))
        assert math.exp(language.log_probability("a", "b")) == pytest.approx((0 + 1 * 3 / 6) / (1 + 1))

    def test_spelling(self):
        language = Language.learn(["ab ba"])
        assert language.symbols == ("", " ", "a", "b")
        assert language.spell("Ba, a").tolist() == [3, 2, 1, 2, 1]
        assert language.spell("cab") is None and language.spell("...") is None

    def test_texts_are_needed(self):
        with pytest.raises(CocktailError, match="the train split has none"):
            Language.learn([])


class TestDecode:
    @given(st.integers(0, 10**6), st.floats(0, 2), st.integers(3, 6))
    @settings(max_examples=25, deadline=None)
    def test_equals_an_exhaustive_search(self, seed, weight, n_frames):
        language = Language.learn(["aa b", "b a", "b"])
        logits = 2 * np.random.default_rng(seed).standard_normal((n_frames, len(language.symbols)))
        log_posteriors = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        scores = exhaustive(log_posteriors, language, weight)
        found = decode(log_posteriors, language, weight=weight, beam=1000, floor=1000)
        assert scores[found] == pytest.approx(max(scores.values()))

    @staticmethod
    def frames(language, path):
        """Log posteriors that leave little doubt of a path, written with - for the blank."""
        posteriors = np.full((len(path), len(language.symbols)), 1e-4)
        for t, character in enumerate(path):
            posteriors[t, 0 if character == "-" else language.symbols.index(character)] = 1
        return np.log(posteriors / posteriors.sum(1, keepdims=True))

    def test_letters_that_stand_twice_need_a_blank_in_between(self):
        language = Language.learn(["see", "se"])
        assert decode(self.frames(language, "sse-ee  "), language, weight=0.0) == "see"
        assert decode(self.frames(language, "sseeee  "), language, weight=0.0) == "se"

    def test_only_words_of_the_vocabulary_are_found(self):
        language = Language.learn(["red", "bed now"])
        assert decode(self.frames(language, "be-w- "), language, weight=0.0) == "bed"
        assert decode(self.frames(language, "-----"), language, weight=0.5) == ""

    def test_an_unfinished_word_is_left_out(self):
        language = Language.learn(["red bed"])
        assert decode(self.frames(language, "red bed"), language, weight=0.0, floor=1.0) == "red"

    def test_the_bigram_decides_between_what_sounds_alike(self):
        language = Language.learn(["a b", "a b", "c d"])
        doubtful = self.frames(language, "a - ")
        doubtful[2, [language.symbols.index(x) for x in "bd"]] = 0
        assert decode(doubtful, language, weight=1.0) == "a b"


def network(symbols=6):
    import torch

    from cocktail.nets.ctc import Ctc

    torch.manual_seed(0)
    language = Language({"abcd"[: symbols - 2]: {EDGE: 1}})
    return Ctc(language=language, layers=2, units=8, fs=FS).eval()


def noise(*n_samples, seed=0):
    generator = np.random.default_rng(seed)
    return [generator.standard_normal(n).astype(np.float32) for n in n_samples]


class TestNetwork:
    def test_an_utterance_does_not_depend_on_its_batch(self):
        import torch

        from cocktail.training.loop.batches import pad

        ctc, signals = network(), noise(9000, 16000, 12345)
        with torch.no_grad():
            batch = pad([{"samples": x} for x in signals])
            posteriors, frames = ctc(batch["samples"], batch["samples_length"])
            for x, together, n in zip(signals, posteriors, frames, strict=True):
                alone, (m,) = ctc(torch.from_numpy(x)[None], torch.tensor([len(x)]))
                assert n == m == alone.shape[1]
                torch.testing.assert_close(together[:n], alone[0], atol=1e-5, rtol=0)

    def test_a_frame_every_32_ms_of_posteriors_that_add_up_to_one(self):
        import torch

        ctc, (x,) = network(), noise(4 * FS)
        with torch.no_grad():
            posteriors, frames = ctc(torch.from_numpy(x)[None], torch.tensor([len(x)]))
        assert frames.tolist() == [pytest.approx(4 / 0.032, abs=2)]
        torch.testing.assert_close(posteriors.exp().sum(-1), torch.ones(1, frames[0]))

    def test_posteriors_of_samples_at_any_rate_are_those_of_the_network(self):
        import torch

        from cocktail.audio import resample

        ctc, (x,) = network(), noise(FS)
        with torch.no_grad():
            (judge,), _ = ctc(torch.from_numpy(x)[None], torch.tensor([len(x)]))
        ctc.train()
        np.testing.assert_allclose(ctc.posteriors(x, FS), judge.exp(), atol=1e-6)
        assert ctc.training and np.abs(ctc.posteriors(x, FS).sum(axis=1) - 1).max() < 1e-5
        assert np.abs(ctc.posteriors(resample(x.astype(float), FS, 32000), 32000) - judge.exp().numpy()).max() < 0.05

    @pytest.mark.parametrize("at_s", [0.2, 0.507, 0.91])
    def test_a_frame_lies_where_it_listens(self, at_s):
        """A click changes most what the convolutions make of the frame that it falls into, or of its neighbour."""
        import torch

        ctc, (x,) = network(), noise(FS)
        clicked = x.copy()
        clicked[round(at_s * FS)] += 300
        maps = []
        for samples in (x, clicked):
            y, _ = ctc.features(torch.from_numpy(samples)[None], torch.tensor([FS]))
            for convolution in ctc.convolutions:
                y = convolution(y).relu()
            maps.append(y[0].detach().numpy())
        frame = int(np.argmax(np.sum((maps[1] - maps[0]) ** 2, axis=0)))
        assert ctc.frame_start_s(frame) - 0.016 < at_s < ctc.frame_start_s(frame + 1) + 0.016

    def test_alignment_in_seconds(self, monkeypatch):
        """Posteriors that leave no doubt, in place of those of an untrained network."""
        from cocktail.nets.ctc import Ctc
        from cocktail.recognition.alignment import Segment

        ctc = Ctc(language=Language.learn(["ab a"]), layers=1, units=4, fs=FS)
        assert ctc.language.symbols == ("", " ", "a", "b")
        said = [0, 2, 2, 3, 0, 1, 0, 0, 2, 1]
        posteriors = np.log(np.where(np.arange(4) == np.array(said)[:, None], 0.97, 0.01))
        monkeypatch.setattr(Ctc, "_log_posteriors", lambda self, samples, fs: posteriors)
        found = ctc.align(np.zeros(round(0.3 * FS)), FS, "AB, a")
        assert [x.label for x in found.units] == list("ab a ")
        frame = lambda t: pytest.approx(0.032 * t - 0.024)  # noqa: E731
        assert found.words == (Segment("ab", frame(1), frame(4)), Segment("a", frame(8), frame(9)))
        assert (found.units[0].end_s, found.units[4].end_s) == (frame(3), frame(10))
        with pytest.raises(CocktailError, match="'abc' cannot be aligned: it must be spelt with ab"):
            ctc.align(np.zeros(FS), FS, "abc")

    def test_neither_gain_nor_colour_matters_to_the_features(self):
        import torch

        ctc, (x,) = network(), noise(FS)
        lengths = torch.tensor([FS])
        features, _ = ctc.features(torch.from_numpy(x)[None], lengths)
        louder, _ = ctc.features(1000 * torch.from_numpy(x)[None], lengths)
        torch.testing.assert_close(features, louder, atol=1e-3, rtol=0)
        assert features.mean(-1).abs().max() < 1e-4 and (features.square().mean(-1) - 1).abs().max() < 0.1
        quiet, _ = ctc.features(torch.zeros(1, FS), lengths)
        assert quiet.abs().max() < 1e-4

    def test_a_layer_equals_that_of_torch(self):
        import torch

        from cocktail.nets.ctc import Bidirectional

        layer, judge = Bidirectional(3, 4), torch.nn.LSTM(3, 4, batch_first=True, bidirectional=True)
        weights = dict(layer.forwards.named_parameters())
        weights |= {f"{name}_reverse": value for name, value in layer.backwards.named_parameters()}
        judge.load_state_dict(weights)
        x, lengths = torch.randn(2, 7, 3), torch.tensor([7, 4])
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
        wanted, _ = torch.nn.utils.rnn.pad_packed_sequence(judge(packed)[0], batch_first=True)
        found = layer(x, lengths)
        for one, other, n in zip(found, wanted, lengths, strict=True):
            torch.testing.assert_close(one[:n], other[:n])

    def test_training_hides_stretches_of_bands_and_frames(self):
        import torch

        from cocktail.nets import ctc

        torch.manual_seed(0)
        shown = ctc.hide(torch.ones(50, ctc.BANDS, 300), torch.full((50,), 300)) > 0
        bands, frames = (~shown.any(2)).sum(1), (~shown.any(1)).sum(1)
        assert 0 < bands.float().mean() <= ctc.MASKS * (ctc.MASKED_BANDS + 1) and bands.max() < ctc.BANDS / 2
        assert frames.float().mean() > 0 and frames.max() <= ctc.MASKS * (ctc.MASKED_FRAMES + 1)

    def test_the_loss_is_the_exhaustive_one(self):
        """Of a text, over the number of its symbols: minus the log of the sum over its paths."""
        import torch

        from cocktail.nets.ctc_training import loss

        ctc, (x,) = network(symbols=3), noise(1200)
        with torch.no_grad():
            (posteriors,), (n_frames,) = ctc(torch.from_numpy(x)[None], torch.tensor([len(x)]))
            batch = {"samples": torch.from_numpy(x)[None], "samples_length": torch.tensor([len(x)])}
            batch |= {"symbols": torch.tensor([[1, 2]]), "symbols_length": torch.tensor([2])}
            found = loss(ctc, batch).item()
        paths = itertools.product(range(3), repeat=int(n_frames))
        spoken = [path for path in paths if collapsed(path, ("", "a", "b")) == "ab"]
        p = sum(math.exp(sum(posteriors[t, s].item() for t, s in enumerate(path))) for path in spoken)
        assert found == pytest.approx(-math.log(p) / 2, rel=1e-4)


class TestExamples:
    def examples(self, noises, n_samples=8000):
        from cocktail.nets.ctc_training import Examples, Utterance

        x = np.sin(np.arange(n_samples) * 0.3).astype(np.float32)
        speech = {split: [Utterance(x, np.array([2, 1]))] for split in ("train", "valid")}
        return x, Examples(speech, dict.fromkeys(speech, noises), Language.learn(["a"]), FS)

    def test_without_noise_an_utterance_is_left_as_it_is(self):
        x, examples = self.examples([])
        drawn = examples(np.random.default_rng(0), "train")
        np.testing.assert_array_equal(drawn["samples"], x)
        assert drawn["symbols"].tolist() == [2, 1]

    def test_speeds_rooms_noises_and_pauses(self):
        from cocktail.nets import ctc_training

        x, examples = self.examples(noise(20000, seed=3))
        drawn = [examples(np.random.default_rng(seed), "train")["samples"] for seed in range(200)]
        assert all(y.dtype == np.float32 and np.isfinite(y).all() for y in drawn)
        lengths = np.array([len(y) for y in drawn]) / len(x)
        longest = ctc_training.LEAD_S[1] + ctc_training.TRAIL_S[1]
        assert 0.9 < lengths.min() < 1 and 1.2 < lengths.max() < 1.2 + longest * FS / len(x)
        silent = np.mean([np.mean(y == 0) > 0.02 for y in drawn])  # pauses without noise
        assert silent == pytest.approx(0.2, abs=0.1)

    def test_three_in_ten_are_in_rooms_and_validation_is_as_spoken(self, monkeypatch):
        from cocktail.nets import ctc_training

        heard, room = [], ctc_training.reverberant
        monkeypatch.setattr(ctc_training, "reverberant", lambda x, *more: heard.append(len(x)) or room(x, *more))
        x, examples = self.examples(noise(20000, seed=3))
        for seed in range(200):
            examples(np.random.default_rng(seed), "valid")
        assert len(heard) / 200 == pytest.approx(0.3, abs=0.08)
        assert set(heard) == {len(x)}

    def test_a_split_without_transcripts_is_told(self):
        from cocktail.nets.ctc_training import Examples

        with pytest.raises(CocktailError, match="the split 'valid' has none"):
            Examples({"valid": []}, {"valid": []}, Language.learn(["a"]), FS)

    def test_the_same_generator_the_same_example(self):
        _, examples = self.examples(noise(20000, seed=3))
        one, other = (examples(np.random.default_rng(5), "train")["samples"] for _ in range(2))
        np.testing.assert_array_equal(one, other)

    def test_a_room_leaves_the_direct_sound_and_decays(self):
        from cocktail.nets.ctc_training import reverberant

        click = np.zeros(FS, np.float32)
        click[100] = 1
        y = reverberant(click, FS, np.random.default_rng(0))
        assert y[100] == pytest.approx(1, abs=1e-5) and np.abs(y[:100]).max() < 1e-5
        energy = [np.square(y[101 + k * 800 : 901 + k * 800]).sum() for k in range(3)]
        assert energy[0] > energy[1] > energy[2]


class Words(TrainingData):
    """Two words that a recogniser cannot confuse: a high tone and a low one, in every order of three."""

    fs, device = FS, "cpu"

    def __init__(self, start=None):
        self.start = start

    def speech(self, split="train"):
        generator = np.random.default_rng(len(split))
        for words in itertools.product(("ah", "oo"), repeat=3):
            tones = [np.sin(np.arange(3200) * (1.0 if word == "ah" else 0.1)) * np.hanning(3200) for word in words]
            samples = np.concatenate(tones) + 1e-3 * generator.standard_normal(9600)
            yield Recording(samples, "speech", "someone", " ".join(words))

    def noise(self, split="train"):
        return iter(())


def plugin(**values):
    return Registry().plugins["ctc"].cls(**values)


def listen(method, model, samples, fs=FS):
    return method(samples[None], View(fs, np.random.default_rng(0), {"model": model, "device": "cpu"}))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ctc")
    method = plugin(layers=1, units=16, epochs=12, steps=20, batch_size=8, learning_rate=0.01)
    method.fit(Words(), np.random.default_rng(0), folder)
    return method, folder


class TestMethod:
    @pytest.mark.parametrize(("doubt", "text"), [(1.0, "a b"), (2.0, "a d")])
    def test_the_bigram_counts_half(self, monkeypatch, doubt, text):
        """It speaks for `b` by 3.15 nepers, the network for `d` by more than half of that or less."""
        from cocktail.nets.ctc import Ctc

        language = Language.learn(["a b", "a b", "c d"])
        frames = TestDecode.frames(language, "a - ")
        frames[2, [language.symbols.index(x) for x in "bd"]] = 0, doubt
        monkeypatch.setattr(Ctc, "_log_posteriors", lambda *arguments: frames)
        method = Registry().entry("ctc").make()
        model = plugin(layers=1, units=2).network(FS, language.bigrams)
        assert listen(method, model, np.ones(FS)) == text

    def test_it_learns_to_tell_words_apart(self, trained):
        method, folder = trained
        model = method.load(folder)
        for recording in Words().speech("valid"):
            assert listen(method, model, recording.samples) == recording.text
            assert listen(method, model, 1e-3 * recording.samples) == recording.text
        assert listen(method, model, np.zeros(FS)) == ""
        assert method.size(model) == sum(p.numel() for p in model.parameters())

    def test_another_rate(self, trained):
        from cocktail.audio import resample

        method, folder = trained
        recording = next(Words().speech("valid"))
        samples = resample(recording.samples, FS, 44100)
        assert listen(method, method.load(folder), samples, 44100) == recording.text

    def test_it_goes_on_from_the_model_of_another(self, trained, tmp_path):
        """With no update the weights are the other's."""
        import torch

        method, folder = trained
        more = plugin(epochs=0, layers=1, units=16)
        more.fit(Words(start=folder), np.random.default_rng(1), tmp_path)
        one, other = method.load(folder), more.load(tmp_path)
        assert one.language == other.language
        for name, value in one.state_dict().items():
            torch.testing.assert_close(value, other.state_dict()[name])

    def test_what_it_leaves_is_readable(self, trained):
        _, folder = trained
        facts = json.loads((folder / "network.json").read_text())
        assert facts["fs"] == FS and set(facts["language"]) == {"", "ah", "oo"}


class TestMetrics:
    def pair(self, text, scorers):
        x = np.sin(np.arange(800.0))[None]
        return Pair(Comparison(reference=x, estimate=x, fs=FS, text=[text], scorers=scorers), 0)

    @pytest.mark.parametrize(("name", "role"), [("wer_ctc", "recogniser"), ("wer_retrained", "retrained")])
    def test_words_of_the_scorer_are_counted(self, name, role):
        scorers = {role: lambda samples, fs: "bin red at two" if fs == FS and samples.shape == (800,) else ""}
        assert METRICS[name].compute(self.pair("Bin blue at two", scorers)) == Counts(1, 4)
        with pytest.raises(Unscorable, match="no-transcript"):
            METRICS[name].compute(self.pair(None, scorers))
        with pytest.raises(Unscorable, match="no-recogniser"):
            METRICS[name].compute(self.pair("bin", {}))
