"""Text rules, counts that add, and PocketSphinx."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.corpora import grid, grid_tts
from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.recognition import grid as words
from cocktail.recognition import pocketsphinx
from cocktail.recognition.recogniser import Counts, create, normalise, word_errors

FS = 16000
TEXTS = ("lay red by q five please", "set green in o seven again", "bin white at m two soon")


@pytest.fixture(scope="module")
def recogniser():
    return create({"backend": "pocketsphinx", "mode": "grammar", "grammar": "grid"})


@pytest.fixture(scope="module")
def utterances():
    """Three sentences by three speakers."""
    return [grid_tts.utter(grid_tts.speaker(0, "test", i), text, FS) for i, text in enumerate(TEXTS)]


class TestNormalise:
    @pytest.mark.parametrize(
        ("text", "normalised"),
        [
            ("  Bin BLUE,\tat f-two NOW! ", "bin blue at f two now"),
            ("It's the dogs' \u2018don\u2019t\u2019", "it's the dogs don't"),
            ("caf\u00e9 \uff21_b 42%", "caf\u00e9 a b 42"),
            ("... ' -- ", ""),
            ("don`t d\u00ado", "don't do"),
            ("\u0130STANBUL I\u0307stanbul", "istanbul istanbul"),
            ("\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f", "\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f"),
            (
                "\u0645\u06cc\u200c\u0631\u0648\u0645 \u0645\u0640\u0627\u0647",
                "\u0645\u06cc\u0631\u0648\u0645 \u0645\u0627\u0647",
            ),
            ("\u0e14\u0e35", "\u0e14\u0e35"),
            ("\u2764\ufe0f \u0301", ""),
        ],
    )
    def test_rule(self, text, normalised):
        assert normalise(text) == normalised

    @given(st.text(max_size=40))
    @settings(max_examples=50, deadline=None)
    def test_doing_it_twice_changes_nothing(self, text):
        assert normalise(normalise(text)) == normalise(text)


HINDI = "\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e"


def edit_distance(a, b):
    """Levenshtein by the textbook recursion, row by row."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (x != y)))
    return row[-1]


class TestCounts:
    def test_they_add_and_are_pooled(self):
        counts = Counts(1, 2) + Counts(0, 8)
        assert counts == Counts(1, 10)
        assert counts.rate == pytest.approx(0.1)  # the mean of the rates would be 0.25
        assert sum([Counts(1, 3), Counts(2, 3)], Counts(0, 0)) == Counts(3, 6)

    def test_no_words_no_rate(self):
        with pytest.raises(CocktailError, match="at least one word"):
            _ = Counts(0, 0).rate

    @pytest.mark.parametrize(
        ("reference", "hypothesis", "counts"),
        [
            ("bin blue at f two now", "Bin blue at f two now.", Counts(0, 6)),
            ("bin blue at f two now", "bin blue at s two", Counts(2, 6)),
            ("bin blue", "bin the blue one", Counts(2, 2)),
            ("bin blue", "", Counts(2, 2)),
            (HINDI, HINDI, Counts(0, 2)),
            (HINDI, HINDI.replace("\u0940", "\u093e"), Counts(1, 2)),
            ("Ti\u1ebfng Vi\u1ec7t", unicodedata.normalize("NFD", "ti\u1ebfng vi\u1ec7t"), Counts(0, 2)),
            ("ti\u1ebfng vi\u1ec7t", "tieng viet", Counts(2, 2)),
            ("", "oh dear", Counts(2, 0)),
            ("", "", Counts(0, 0)),
        ],
    )
    def test_examples(self, reference, hypothesis, counts):
        assert word_errors(reference=reference, hypothesis=hypothesis) == counts

    @given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
    @settings(max_examples=100, deadline=None)
    def test_equal_to_the_edit_distance(self, reference, hypothesis):
        found = word_errors(reference=" ".join(reference), hypothesis=" ".join(hypothesis))
        assert found == Counts(edit_distance(reference, hypothesis), len(reference))


class TestGrammar:
    def test_every_word_has_a_pronunciation(self):
        spelt = {word.split("(")[0] for word in words.PHONES}
        assert spelt == {word for slot in grid.SLOTS.values() for word in slot}

    def test_rules_name_every_slot_in_order(self):
        text = words.grammar()
        assert text.startswith("#JSGF V1.0;")
        assert " ".join(f"<{slot}>" for slot in grid.SLOTS) in text


class TestPocketSphinx:
    def test_hears_sentences(self, recogniser, utterances):
        counts = sum(
            (
                word_errors(reference=text, hypothesis=recogniser.transcribe(x, FS))
                for text, x in zip(TEXTS, utterances, strict=True)
            ),
            Counts(0, 0),
        )
        assert counts.errors <= 2

    def test_an_utterance_depends_on_none_before_it(self, recogniser, utterances):
        alone = create({"backend": "pocketsphinx"}).transcribe(utterances[2], FS)
        noisy = [x + 0.05 * np.random.default_rng(0).standard_normal(len(x)) for x in utterances]
        for x in [*noisy, np.random.default_rng(1).standard_normal(FS), *utterances[:2], 1e-3 * utterances[0]]:
            recogniser.transcribe(x, FS)
        assert recogniser.transcribe(utterances[2], FS) == alone

    def test_level_does_not_matter(self, recogniser, utterances):
        for x in utterances:
            assert (
                recogniser.transcribe(1e-3 * x, FS)
                == recogniser.transcribe(x, FS)
                == recogniser.transcribe(100 * x, FS)
            )

    def test_noise_makes_errors(self, recogniser, utterances):
        def errors(snr_db):
            generator = np.random.default_rng(0)
            counts = Counts(0, 0)
            for text, x in zip(TEXTS, utterances, strict=True):
                noise = generator.standard_normal(len(x)) * np.sqrt(np.mean(x**2)) * 10 ** (-snr_db / 20)
                counts += word_errors(reference=text, hypothesis=recogniser.transcribe(x + noise, FS))
            return counts.errors

        assert errors(40) < errors(0) <= errors(-15)

    def test_another_rate(self, recogniser, utterances):
        from cocktail.audio import resample

        assert recogniser.transcribe(resample(utterances[1], FS, 44100), 44100) == recogniser.transcribe(
            utterances[1], FS
        )

    def test_silence_and_next_to_nothing_give_no_words(self, recogniser):
        assert recogniser.transcribe(np.zeros(FS), FS) == ""
        assert recogniser.transcribe(np.zeros(0), FS) == ""
        assert isinstance(recogniser.transcribe(np.ones(10), FS), str)

    def test_input_is_left_alone_and_must_be_finite(self, recogniser, utterances):
        x = utterances[0].copy()
        recogniser.transcribe(x, FS)
        np.testing.assert_array_equal(x, utterances[0])
        x[5] = np.nan
        with pytest.raises(CocktailError, match="finite"):
            recogniser.transcribe(x, FS)

    def test_words_and_phones_are_aligned_where_they_were_put(self, recogniser):
        """Words spoken one by one, joined with pauses. Ends of words fade, pauses join them: the median tells."""
        text, errors = "place red at g nine now", []
        for talker in (0, 1, 3):
            generator, parts, truth = np.random.default_rng(talker), [], []
            for word in text.split():
                said = grid_tts.utter(grid_tts.speaker(0, "test", talker), word, FS)
                parts.append(np.zeros(round(generator.uniform(0.02, 0.25) * FS)))
                begin = sum(map(len, parts)) / FS
                parts.append(said)
                truth.append((begin + grid_tts.PAD_S, begin + len(said) / FS - grid_tts.PAD_S))
            found = recogniser.align(np.concatenate(parts), FS, text.upper())
            assert [x.label for x in found.words] == text.split()
            assert [x.label for x in found.units][:4] == ["P", "L", "EY", "S"]
            assert found.units[0].start_s == found.words[0].start_s and found.units[3].end_s == found.words[0].end_s
            errors += [abs(x.start_s - a) for x, (a, _) in zip(found.words, truth, strict=True)]
            errors += [abs(x.end_s - b) for x, (_, b) in zip(found.words, truth, strict=True)]
        assert np.median(errors) < 0.05 and max(errors) < 0.3

    def test_what_cannot_be_aligned_is_refused_and_leaves_the_recogniser_as_it_was(self, recogniser, utterances):
        before = recogniser.align(utterances[0], FS, TEXTS[0])
        for samples, text, message in (
            (utterances[0], "place frobnicate now", "'place frobnicate now' cannot be aligned"),
            (utterances[0][4000:6000], TEXTS[0], "cannot be aligned"),
            (np.zeros(FS), TEXTS[0], "one of them is empty"),
            (utterances[0], "...", "one of them is empty"),
        ):
            with pytest.raises(CocktailError, match=message):
                recogniser.align(samples, FS, text)
        assert recogniser.align(utterances[0], FS, TEXTS[0]) == before

    def test_language_model_hears_open_text(self):
        text = "the president of the united states"
        x = grid_tts.utter(grid_tts.speaker(0, "test", 3), text, FS)
        assert create({"backend": "pocketsphinx", "mode": "language-model"}).transcribe(x, FS) == text

    def test_cards_tell_recognisers_apart(self, recogniser):
        open_text = create({"backend": "pocketsphinx", "mode": "language-model"})
        assert recogniser.card["search"] == "grammar grid"
        assert open_text.card["search"] != recogniser.card["search"]
        assert recogniser.card["version"]

    def test_the_card_follows_what_decides_the_words(self, monkeypatch):
        def digests():
            cards = [create({"backend": "pocketsphinx", "mode": mode}).card for mode in ("grammar", "language-model")]
            return [METRICS["wer"].digest_with(card) for card in cards]

        before = digests()
        with monkeypatch.context() as patch:
            patch.setitem(pocketsphinx.OPEN_SEARCH, "maxhmmpf", 30000)
            assert [a == b for a, b in zip(before, digests(), strict=True)] == [True, False]
        with monkeypatch.context() as patch:
            patch.setitem(words.PHONES, "z", "Z EH D")
            assert [a == b for a, b in zip(before, digests(), strict=True)] == [False, True]
        assert digests() == before

    def test_wrong_options_are_told(self):
        with pytest.raises(CocktailError, match="no recogniser 'wisper'; there are pocketsphinx, whisper"):
            create({"backend": "wisper"})
        with pytest.raises(CocktailError, match="no grammar 'digits'; there are grid"):
            create({"backend": "pocketsphinx", "grammar": "digits"})
        with pytest.raises(CocktailError, match="'free' is neither"):
            create({"backend": "pocketsphinx", "mode": "free"})
