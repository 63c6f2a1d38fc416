"""Codecs, there and back: Opus (RFC 6716) by libsndfile, and mu-law and A-law at 8 kHz (ITU-T G.711, 1988).

The laws of G.711 are made of segments, each twice as long as the one before it and of 16 equal steps; decoders return
the middle of a step. libsndfile's versions round towards zero, which costs up to 5 dB at low levels.
"""

import io

import numpy as np

from cocktail import audio

NARROW_HZ = 8000
LAWS = {"mu-law": (8159.0, 33.0), "a-law": (4096.0, 0.0)}
"""Full scale, and what is added before the segment is found, in units of half the smallest step."""
CODECS = ("opus", *LAWS)


def coded(x: np.ndarray, fs: int, codec: str, rate_kbps: float | None = None) -> np.ndarray:
    """(N,) within full scale -> (N,): through one of CODECS, of which Opus has a rate of 6 to 256 kbit/s."""
    if codec == "opus":
        import soundfile

        return soundfile.read(io.BytesIO(opus(x, fs, rate_kbps)))[0]
    y = audio.resample(g711(audio.resample(x, fs, NARROW_HZ), codec), NARROW_HZ, fs)[: len(x)]
    return np.pad(y, (0, len(x) - len(y)))


def opus(x: np.ndarray, fs: int, rate_kbps: float) -> bytes:
    """(N,) as an Ogg file."""
    import soundfile

    buffer = io.BytesIO()
    # libsndfile's compression level 0 to 1 is 256 to 6 kbit/s.
    soundfile.write(buffer, x, fs, "OPUS", format="OGG", compression_level=(256 - rate_kbps) / 250)
    return buffer.getvalue()


def g711(x: np.ndarray, law: str) -> np.ndarray:
    """(N,) within full scale -> (N,) of the 256 values that a law has; what is louder is clipped."""
    full_scale, bias = LAWS[law]
    shifted = np.minimum(np.abs(x) * full_scale, full_scale - 1e-6) + bias
    _, exponent = np.frexp(np.maximum(shifted, 32))
    step = np.ldexp(1.0, exponent - 5)
    return np.copysign((np.floor(shifted / step) + 0.5) * step - bias, x) / full_scale
