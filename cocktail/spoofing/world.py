"""The vocoder WORLD: pitch, spectral envelope and aperiodicity of speech, and speech of them.

M. Morise, F. Yokomori and K. Ozawa, "WORLD: a vocoder-based high-quality speech synthesis system for real-time
applications", IEICE Trans. Inf. & Syst. E99-D(7), 2016. Package pyworld; frames every 5 ms, pitch by DIO and
StoneMask, envelope by CheapTrick, aperiodicity by D4C, all with their default settings.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np

FRAME_MS = 5.0
ENVELOPE_FLOOR = 1e-12


@dataclass(frozen=True)
class Speech:
    """Parameters of speech, T frames."""

    f0: np.ndarray
    """(T,) Hz, 0 where there is no voice."""
    envelope: np.ndarray
    """(T, F) power spectrum without pitch."""
    aperiodicity: np.ndarray
    """(T, F) share of noise, 0 to 1."""
    fs: int

    def coded(self, n_coefficients: int) -> "Speech":
        """As after a low-dimensional parametrisation: mel-cepstrum of the envelope, aperiodicity in bands."""
        world, size = _library(), 2 * (self.envelope.shape[1] - 1)
        cepstrum = world.code_spectral_envelope(self.envelope, self.fs, n_coefficients)
        bands = world.code_aperiodicity(self.aperiodicity, self.fs)
        return replace(
            self,
            envelope=world.decode_spectral_envelope(cepstrum, self.fs, size),
            aperiodicity=world.decode_aperiodicity(bands, self.fs, size),
        )


def pitch(x: np.ndarray, fs: int) -> np.ndarray:
    """(T,) f0 in Hz of (N,) every 5 ms, 0 where there is no voice."""
    return _pitch(np.ascontiguousarray(x, float), fs)[0]


def analyse(x: np.ndarray, fs: int) -> Speech:
    """Parameters of (N,) samples."""
    x = np.ascontiguousarray(x, float)
    f0, time = _pitch(x, fs)
    return Speech(f0, _library().cheaptrick(x, f0, time, fs), _library().d4c(x, f0, time, fs), fs)


def synthesise(speech: Speech, slower: float = 1.0) -> np.ndarray:
    """(N,) samples; `slower`: how many times longer than the frames are."""
    parts = (np.ascontiguousarray(part) for part in (speech.f0, speech.envelope, speech.aperiodicity))
    return _library().synthesize(*parts, speech.fs, slower * FRAME_MS)


def _pitch(x, fs):
    f0, time = _library().dio(x, fs, frame_period=FRAME_MS)
    return _library().stonemask(x, f0, time, fs), time


@functools.cache
def _library():
    """The extension module of pyworld. Its package imports pkg_resources, which setuptools 82 has dropped."""
    from importlib.machinery import PathFinder
    from importlib.util import find_spec, module_from_spec

    package = find_spec("pyworld")
    if package is None:
        raise ModuleNotFoundError("No module named 'pyworld'; install the project's dependencies again: make setup")
    spec = PathFinder.find_spec("pyworld", package.submodule_search_locations)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
