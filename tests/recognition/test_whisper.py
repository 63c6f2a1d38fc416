"""The Whisper backend, on a network of a few thousand random weights that is made here."""

import json
import string

import numpy as np
import pytest

from cocktail.audio import resample
from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.recognition import whisper
from cocktail.recognition.recogniser import create, normalise
from cocktail.workflow.suite import load_suite

FS = 16000
SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What `save_pretrained` leaves of a tokeniser of letters, a feature extractor, and a network that listens.

    The network's weights are random, and large, so that the sound decides.
    """
    import torch
    from transformers import (
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperTokenizer,
    )

    folder = tmp_path_factory.mktemp("whisper")
    vocabulary = {symbol: i for i, symbol in enumerate([*string.ascii_letters, *SPECIAL])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = WhisperTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), unk_token=SPECIAL[0])
    tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
    tokenizer.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=16, chunk_length=2).save_pretrained(folder)
    end, start, english, transcribe, plain = (vocabulary[name] for name in SPECIAL)
    config = WhisperConfig(
        vocab_size=len(vocabulary), num_mel_bins=16, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16,
        max_source_positions=100, max_target_positions=12, init_std=1.0,
        pad_token_id=end, bos_token_id=end, eos_token_id=end, decoder_start_token_id=start,
    )  # fmt: skip
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(config)
    values = {
        "is_multilingual": True, "lang_to_id": {"<|en|>": english}, "task_to_id": {"transcribe": transcribe},
        "no_timestamps_token_id": plain, "max_length": 12, "suppress_tokens": [], "begin_suppress_tokens": [],
    }  # fmt: skip
    for name, value in values.items():
        setattr(model.generation_config, name, value)
    model.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def recogniser(folder):
    return create({"backend": "whisper", "folder": str(folder), "mode": "grammar", "grammar": "grid"})


def sound(seed, n=FS):
    return np.random.default_rng(seed).standard_normal(n) * np.hanning(n)


def test_sound_becomes_normalised_text_that_depends_on_it_alone(recogniser):
    texts = [recogniser.transcribe(sound(seed), FS) for seed in range(4)]
    assert all(text and text == normalise(text) for text in texts)
    assert [recogniser.transcribe(sound(seed), FS) for seed in range(4)] == texts
    x = sound(0)
    recogniser.transcribe(x, FS)
    np.testing.assert_array_equal(x, sound(0))


def test_another_rate_is_resampled(recogniser):
    x = resample(sound(1), FS, 8000)
    assert recogniser.transcribe(x, 8000) == recogniser.transcribe(resample(x, 8000, FS), FS)


def test_silence_gives_no_words_and_samples_must_be_finite(recogniser):
    assert recogniser.transcribe(np.zeros(FS), FS) == ""
    with pytest.raises(CocktailError, match="finite"):
        recogniser.transcribe(np.full(FS, np.nan), FS)


def test_the_card_follows_the_model(recogniser, folder, tmp_path):
    import shutil

    shutil.copytree(folder, tmp_path / "copy")
    again = create({"backend": "whisper", "folder": str(tmp_path / "copy")})
    assert again.card == recogniser.card
    digest = METRICS["wer"].digest_with(recogniser.card)
    weights = tmp_path / "copy" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    other = create({"backend": "whisper", "folder": str(tmp_path / "copy")})
    assert METRICS["wer"].digest_with(other.card) != digest


def test_what_is_missing_is_told(folder, tmp_path, monkeypatch):
    with pytest.raises(CocktailError, match=r"recogniser\.folder: no model at .*nowhere.*config\.json"):
        create({"backend": "whisper", "folder": str(tmp_path / "nowhere")})
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    with pytest.raises(CocktailError, match="holds no whole model"):
        create({"backend": "whisper", "folder": str(tmp_path)}).transcribe(sound(0), FS)
    monkeypatch.setattr(whisper, "find_spec", lambda name: None)
    with pytest.raises(CocktailError, match=r"pip install 'cocktailbench\[whisper\]'"):
        create({"backend": "whisper", "folder": str(folder)})


def test_a_suite_names_the_folder():
    assert load_suite("quick", {"recogniser": {"backend": "whisper", "folder": "there"}})["recogniser"]["folder"]
    with pytest.raises(CocktailError, match=r"recogniser: missing key 'folder'"):
        load_suite("quick", {"recogniser": {"backend": "whisper"}})
