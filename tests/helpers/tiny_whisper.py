"""A model of Whisper's shape with a few random weights, in CTranslate2's format, and a tokeniser of bytes."""

import string
from pathlib import Path

import numpy as np

SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|de|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>",
    "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip
TIME_STAMPS = 1501
NEVER = -1e4


def write(folder: Path, *, seed: int = 0, width: int = 16) -> Path:
    """Leave a model with one layer on each side in `folder`. It writes letters that follow from what it hears."""
    from ctranslate2.specs.whisper_spec import WhisperConfig, WhisperSpec

    generator = np.random.default_rng(seed)
    tokens = _tokens()
    n_tokens = len(tokens)

    def random(*shape):
        return generator.standard_normal(shape).astype(np.float32)

    def linear(layer, rows, columns=width):
        layer.weight, layer.bias = random(rows, columns), np.zeros(rows, np.float32)

    def norm(layer):
        layer.gamma, layer.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def self_attention(layer):
        linear(layer.linear[0], 3 * width)
        linear(layer.linear[1], width)
        norm(layer.layer_norm)

    def feed_forward(layer):
        linear(layer.linear_0, 2 * width)
        linear(layer.linear_1, width, 2 * width)
        norm(layer.layer_norm)

    spec = WhisperSpec(1, 2, 1, 2)
    encoder, decoder = spec.encoder, spec.decoder
    for convolution, channels in ((encoder.conv1, 80), (encoder.conv2, width)):
        convolution.weight, convolution.bias = random(width, channels, 3), np.zeros(width, np.float32)
    for part, length in ((encoder, 1500), (decoder, 448)):
        part.position_encodings.encodings = random(length, width)
        norm(part.layer_norm)
        self_attention(part.layer[0].self_attention)
        feed_forward(part.layer[0].ffn)
    attention = decoder.layer[0].attention
    for layer, rows in zip(attention.linear, (width, 2 * width, width), strict=True):
        linear(layer, rows)
    norm(attention.layer_norm)
    decoder.embeddings.weight = random(n_tokens, width)
    linear(decoder.projection, n_tokens)
    spoken = {*string.ascii_lowercase, "<|endoftext|>"}
    unspoken = [i for i, token in enumerate(tokens[:-TIME_STAMPS]) if token not in spoken]
    decoder.projection.bias[unspoken] = NEVER

    config = WhisperConfig(
        suppress_ids=[], suppress_ids_begin=[], lang_ids=[tokens.index(x) for x in ("<|de|>", "<|en|>")],
        alignment_heads=[(0, 0)],
    )  # fmt: skip
    vars(spec.config).update(vars(config))
    spec.register_vocabulary(tokens)
    spec.validate()
    spec.save(str(folder))
    _tokenizer(tokens).save(str(folder / "tokenizer.json"))
    return folder


def _tokens():
    from tokenizers.pre_tokenizers import ByteLevel

    text = sorted(ByteLevel.alphabet())
    stamps = [f"<|{0.02 * i:.2f}|>" for i in range(TIME_STAMPS)]
    return [*text, *SPECIAL, *stamps]


def _tokenizer(tokens):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    n_text = tokens.index(SPECIAL[0])
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens[:n_text])}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(tokens[n_text:])
    return tokenizer
