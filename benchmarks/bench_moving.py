"""Rendering a moving talker against overlap-add over full image-source responses, and against one that stands still.

The same paths through the same rooms (T60 drawn from 0.2 to 0.4 s), walls and 3 s of signal at the two microphones of a
phone, on one thread, in turns. The plain way computes the response of each point of the path by pyroomacoustics at the
order that it says itself the T60 needs, convolves the cross-faded pieces one by one, and adds them. Then scenes
of the condition `phone` are rendered with moving and with still talkers.
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pyroomacoustics as pra

from cocktail import ROOT
from cocktail.rooms import motion
from cocktail.rooms.arrays import positions
from cocktail.rooms.convolution import convolve, convolve_along
from cocktail.rooms.responses import LATENCY, responses
from cocktail.rooms.shoebox import Shoebox
from cocktail.scenes.drawing import draw
from cocktail.scenes.rendering import render

sys.path.insert(0, str(ROOT / "tests" / "helpers"))
import scene_corpus as corpus

FS = 16000
ROOMS, SCENES = 3, 20


def ours(room, path, microphones, signal):
    """(D, N): the talker's image."""
    start = responses(room, path[:1], microphones, FS, [np.random.default_rng(0)]).full[0]
    change = convolve_along(signal, motion.changes(room, path, microphones, FS).full, motion.hop(FS))
    image = convolve(signal, start)
    image[:, : change.shape[1]] += change
    return image[:, LATENCY : LATENCY + len(signal)]


def plain(room, t60_s, path, microphones, signal):
    """The same from a full response of every point."""
    hop = motion.hop(FS)
    order = pra.inverse_sabine(t60_s, room.size)[1]
    full = pra.ShoeBox(room.size, fs=FS, materials=pra.Material(room.absorption), max_order=order)
    full.add_microphone_array(microphones.T)
    for place in path:
        full.add_source(place)
    full.compute_rir()
    padded = np.pad(signal, (hop, len(path) * hop - len(signal)))
    fade = 1 - np.abs(np.arange(2 * hop) - hop) / hop
    image = np.zeros((len(microphones), len(padded) + 10 * FS))
    for d in range(len(microphones)):
        for p in range(len(path)):
            y = convolve(padded[p * hop : p * hop + 2 * hop] * fade, full.rir[d][p])
            image[d, p * hop : p * hop + len(y)] += y
    return image[:, hop + LATENCY :][:, : len(signal)]


def against_plain():
    """Ratio of the times, and of the difference of the images to the image over the first 50 ms of a pulse, in dB."""
    seconds, difference = np.zeros((ROOMS + 1, 2)), []
    for seed in range(ROOMS + 1):
        generator = np.random.default_rng(seed)
        size, t60_s = generator.uniform((4, 3.5, 2.4), (7, 5.5, 3)), generator.uniform(0.2, 0.4)
        centre = generator.uniform(1.4, size - (1.4, 1.4, 0.9))
        room, microphones = Shoebox.with_t60(size, t60_s), centre + positions("phone")
        signal = np.zeros(3 * FS)
        signal[FS // 4 :: FS // 2] = 1
        path = motion.arc(centre + np.array([0, 0.5, 0]), centre, 0.0, 40.0, (-75, 75), FS, len(signal))
        start = time.perf_counter()
        a = ours(room, path, microphones, signal)
        middle = time.perf_counter()
        b = plain(room, t60_s, path, microphones, signal)
        seconds[seed] = middle - start, time.perf_counter() - middle
        early = np.flatnonzero(signal)[:, None] + np.arange(int(0.05 * FS))
        difference.append(10 * np.log10(np.sum((a - b)[:, early] ** 2) / np.sum(b[:, early] ** 2)))
    return np.divide(*seconds[1:].sum(axis=0)[::-1]), max(difference)  # the first room warms up


def against_still():
    """Seconds of a scene with a moving talker over those with a still one, rendered in turns."""
    speech, noise, condition = corpus.speech(), corpus.noise(), corpus.CONDITIONS["phone"]
    seconds = np.zeros((SCENES + 1, 2))
    for index in range(SCENES + 1):
        for i, share in enumerate((1, 0)):
            definition = condition | {"room": condition["room"] | {"moving": share}}
            options = {"name": "phone", "split": "test", "index": index, "seed": 1, "fs": FS}
            scene = draw(definition, speech=speech, noise=noise, **options)
            start = time.perf_counter()
            render(scene, speech, noise)
            seconds[index, i] = time.perf_counter() - start
    return np.divide(*seconds[1:].sum(axis=0))


def main():
    """Print both ratios."""
    pra.constants.set("num_threads", 1)
    ratio, difference = against_plain()
    print(f"moving: {ratio:.1f}x faster than overlap-add at full order (early parts differ by {difference:.1f} dB)")
    print(f"moving: a scene takes {against_still():.2f} times as long as with a talker that stands still")


if __name__ == "__main__":
    main()
