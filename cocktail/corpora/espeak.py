"""eSpeak NG through ctypes: from text and voice parameters to samples, always the same ones.

The library ships with the package `espeakng-loader`. It keeps state from one utterance to the next that no call resets
(the position in its flutter table, its gain control, the phase of its voice), so each utterance gets a freshly loaded
copy of it: a few milliseconds, and no utterance depends on another one.
"""

import _ctypes
import ctypes
from functools import cache
from pathlib import Path

import numpy as np

from cocktail.errors import CocktailError

# speak_lib.h: espeak_AUDIO_OUTPUT, espeak_PARAMETER, espeak_Synth's position type and flags.
AUDIO_OUTPUT_SYNCHRONOUS = 2
RATE, PITCH, RANGE = 1, 3, 4
POSITION_CHARACTER = 1
CHARS_UTF8, PHONEMES = 1, 0x100

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(
    text: str, voice: str, *, rate: int = 175, pitch: int = 50, pitch_range: int = 50, seed: int = 0
) -> tuple[np.ndarray, int]:
    """Samples (N,), full scale +-1, and their rate in Hz.

    text: may hold phonemes as [[...]]. voice: language and variant, such as "en-us+f3". rate: words a minute, 80 to
    450. pitch, pitch_range: 0 to 99. seed: of the aspiration noise. Raises CocktailError for a voice that does not
    exist.
    """
    path, data = _files()
    variant = voice.partition("+")[2]
    if variant and not (Path(data) / "voices" / "!v" / variant).is_file():  # eSpeak NG would speak without the variant
        raise CocktailError(f"eSpeak NG has no voice {voice!r}")
    library = ctypes.CDLL(path)
    try:
        return _speak(library, data, text, voice, {RATE: rate, PITCH: pitch, RANGE: pitch_range}, seed)
    finally:
        _ctypes.dlclose(library._handle)


def _speak(library, data, text, voice, parameters, seed):
    chunks = []

    @_CALLBACK
    def collect(samples, count, _events):
        if samples and count > 0:
            chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    fs = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data.encode(), 0)
    if fs <= 0:
        raise CocktailError(f"eSpeak NG did not start: is its data in {data}?")
    try:
        library.espeak_SetSynthCallback(collect)
        library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise CocktailError(f"eSpeak NG has no voice {voice!r}")
        for parameter, value in parameters.items():
            library.espeak_SetParameter(parameter, value, 0)
        encoded = text.encode()
        flags = CHARS_UTF8 | PHONEMES
        size = ctypes.c_size_t(len(encoded) + 1)
        if library.espeak_Synth(encoded, size, 0, POSITION_CHARACTER, 0, flags, None, None) != 0:
            raise CocktailError(f"eSpeak NG could not speak {text!r}")
        library.espeak_Synchronize()
    finally:
        library.espeak_Terminate()
    if not chunks:
        raise CocktailError(f"eSpeak NG said nothing for {text!r}")
    return np.concatenate(chunks) / 32768.0, fs


@cache
def _files():
    import espeakng_loader

    return str(espeakng_loader.get_library_path()), str(espeakng_loader.get_data_path())
