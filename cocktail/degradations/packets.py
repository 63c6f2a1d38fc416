"""Packets that are lost, and what is played instead.

Losses come in bursts: a chain of two states, E. N. Gilbert, "Capacity of a burst-noise channel", Bell Syst. Tech. J.
39(5), 1960, in which every packet of the bad state is lost. The concealment is that of ITU-T G.711 Appendix I (1999):
the last pitch period is repeated, in full for 10 ms, then less loud by a fifth every 10 ms, until nothing is left after
60 ms; what arrives next is faded in.

Deviations: one pitch period is repeated, where the recommendation goes on to two and three; the output is not delayed,
so that the repetition begins without a cross-fade; the fade at the end takes 4 ms whatever the burst's length.
"""

import math

import numpy as np

PACKET_S = 0.020
FULL_S, STEP, STEP_S = 0.010, 0.2, 0.010
FADE_S = 0.004
PITCH_HZ = (66.0, 200.0)
"""Lags of 5 to 15 ms, as in the recommendation."""
_MATCHED_S = 0.020


def packets(n_samples: int, fs: int) -> int:
    """Packets of so many samples."""
    return math.ceil(n_samples / round(PACKET_S * fs))


def draw_lost(generator: np.random.Generator, n_packets: int, share: float, burst: float) -> tuple[int, ...]:
    """The packets that are lost, at least one: on average `share` of them, `burst` packets in a row."""
    leave, enter = 1 / burst, share / (burst * (1 - share))
    bad, draws, lost = generator.random() < share, generator.random(n_packets), []
    for packet, x in enumerate(draws):
        bad = x >= leave if bad else x < enter
        if bad:
            lost.append(packet)
    return tuple(lost) or (int(np.argmin(draws)),)


def concealed(x: np.ndarray, fs: int, lost: tuple[int, ...]) -> np.ndarray:
    """(N,) -> (N,): what is heard of it where the packets `lost` do not arrive. Sees nothing of them."""
    size, heard = round(PACKET_S * fs), x.copy()
    for first, last in _bursts(lost):
        start, end = first * size, min((last + 1) * size, len(x))
        after = min(end + round(FADE_S * fs), len(x))
        instead = _repeated(heard[:start], after - start, fs)
        heard[start:end] = instead[: end - start]
        rise = (np.arange(after - end) + 0.5) / max(after - end, 1)
        heard[end:after] = rise * x[end:after] + (1 - rise) * instead[end - start :]
    return heard


def _bursts(lost):
    """(first, last) packet of every run."""
    firsts = [packet for packet in lost if packet - 1 not in lost]
    return zip(firsts, [packet for packet in lost if packet + 1 not in lost], strict=True)


def _repeated(past, n_samples, fs):
    """(n_samples,): the last pitch period of `past` again and again, ever less loud."""
    longest = round(fs / PITCH_HZ[0])
    matched = round(_MATCHED_S * fs)
    if len(past) < longest + matched:
        return np.zeros(n_samples)
    period = past[-_pitch(past, matched, round(fs / PITCH_HZ[1]), longest) :]
    seconds = np.arange(n_samples) / fs
    gain = np.clip(1 - STEP * np.maximum(seconds - FULL_S, 0) / STEP_S, 0, 1)
    return gain * np.resize(period, n_samples)


def _pitch(past, matched, shortest, longest):
    """The lag in samples at which the end of `past` resembles itself most."""
    end = past[-matched:]
    earlier = np.lib.stride_tricks.sliding_window_view(past[-matched - longest :], matched)[: longest - shortest + 1]
    likeness = earlier @ end / np.sqrt(np.maximum(np.sum(earlier**2, axis=1), 1e-12))
    return longest - int(np.argmax(likeness))
