"""Rendering talkers in a room, against a plain pyroomacoustics ShoeBox at full image-source order.

Both get the same rooms (T60 drawn from 0.3 to 0.6 s), walls, 3 sources of 3 s and the 6 microphones of the tablet, both
deliver the image of every source at every microphone, on one thread, in turns. Full order is what pyroomacoustics
itself says the T60 needs.
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pyroomacoustics as pra

from cocktail import ROOT
from cocktail.rooms.arrays import positions
from cocktail.rooms.convolution import convolve
from cocktail.rooms.responses import responses
from cocktail.rooms.shoebox import Shoebox

sys.path.insert(0, str(ROOT / "tests" / "helpers"))
import impulse_responses as measure

FS = 16000
ROOMS = 6
SOURCES = 3


def ours(size, t60_s, sources, microphones, signals, seed):
    """Responses (S, D, L), after making the images."""
    generators = [np.random.default_rng([seed, s]) for s in range(SOURCES)]
    full = responses(Shoebox.with_t60(size, t60_s), sources, microphones, FS, generators).full
    for signal, response in zip(signals, full, strict=True):
        convolve(signal, response)
    return full


def plain(size, t60_s, sources, microphones, signals):
    """The same by pyroomacoustics alone: responses as a list per microphone."""
    order = pra.inverse_sabine(t60_s, size)[1]
    material = pra.Material(Shoebox.with_t60(size, t60_s).absorption)
    room = pra.ShoeBox(size, fs=FS, materials=material, max_order=order)
    room.add_microphone_array(microphones.T)
    for source, signal in zip(sources, signals, strict=True):
        room.add_source(source, signal=signal)
    room.simulate(return_premix=True)
    return room.rir


def main():
    """Print the ratio of the times, and T60 and early energy of both."""
    pra.constants.set("num_threads", 1)
    seconds, t60, early = np.zeros((ROOMS + 1, 2)), [], []
    for seed in range(ROOMS + 1):
        generator = np.random.default_rng(seed)
        size, t60_s = generator.uniform((4.5, 3.5, 2.4), (7, 5, 3.2)), generator.uniform(0.3, 0.6)
        microphones = generator.uniform(1, size - 1) + positions("tablet")
        sources = generator.uniform(0.5, size - 0.5, (SOURCES, 3))
        signals = generator.standard_normal((SOURCES, 3 * FS))
        start = time.perf_counter()
        a = ours(size, t60_s, sources, microphones, signals, seed)
        middle = time.perf_counter()
        b = plain(size, t60_s, sources, microphones, signals)
        seconds[seed] = middle - start, time.perf_counter() - middle
        pairs = [(a[s, d], b[d][s]) for s in range(SOURCES) for d in range(len(microphones))]
        t60 += [[measure.t60(response, FS) for response in pair] for pair in pairs]
        early += [np.subtract(*(measure.early_energy(response, FS) for response in pair)) for pair in pairs]
    ratio = np.divide(*seconds[1:].sum(axis=0)[::-1])  # the first room warms up
    mean = np.mean(t60, axis=0)
    print(
        f"render: {ratio:.1f}x faster than pyroomacoustics at full order "
        f"(T60 {mean[0]:.2f} / {mean[1]:.2f} s, early energy at most {np.abs(early).max():.2f} dB apart)"
    )


if __name__ == "__main__":
    main()
