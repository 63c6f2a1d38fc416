"""A small recogniser of speech: log-mel spectrogram -> convolutions -> bidirectional LSTM -> posteriors of symbols.

A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, "Connectionist temporal classification: labelling unsegmented
sequence data with recurrent neural networks", ICML 2006. The stack of bidirectional LSTM layers is that of Y. Miao,
M. Gowayyed and F. Metze, "EESEN: end-to-end speech recognition using deep RNN models and WFST-based decoding", ASRU
2015 (4 layers of 320 cells each way). Training masks bands and stretches of the spectrogram: D. S. Park et al.,
"SpecAugment: a simple data augmentation method for automatic speech recognition", Interspeech 2019.

Deviations: 80 mel bands of the project's STFT instead of 40 with their differences; two convolutions of stride 2 before
the recurrent layers, which leave a frame every 32 ms at 16 kHz.
"""

import numpy as np
import torch
from torch import nn

from cocktail import stft
from cocktail.audio import resample
from cocktail.dsp.mel import filterbank
from cocktail.errors import CocktailError
from cocktail.recognition.alignment import Alignment, Segment, best_path, of_characters, spans
from cocktail.recognition.ctc import Language, decode

BANDS = 80
FLOOR = 1e-4
"""Added to every band, re the utterance's mean: what is 40 dB below it, and digital silence, tells nothing."""
WEIGHT = 0.5
"""Of the language model beside the network."""
MASKED_BANDS, MASKED_FRAMES, MASKS = 10, 12, 2
"""Widest stretch that training hides, in bands and in frames, and how many of each."""


class Ctc(nn.Module):
    """samples -> log posteriors of the symbols, one frame every 32 ms."""

    def __init__(self, *, language: Language, layers: int, units: int, fs: int, dropout: float = 0.1):
        """`layers` of `units` LSTM cells in each direction; `fs` in Hz. `language` says which symbols there are."""
        super().__init__()
        self.language, self.fs = language, fs
        self.size, self.hop = stft.framing(fs)
        mel = torch.as_tensor(filterbank(BANDS, fs, self.size), dtype=torch.float32)
        self.register_buffer("mel", mel, persistent=False)
        self.convolutions = nn.ModuleList(nn.Conv1d(inputs, units, 5, stride=2, padding=2) for inputs in (BANDS, units))
        self.norms = nn.ModuleList(nn.LayerNorm(units) for _ in range(2))
        self.dropout = nn.Dropout(dropout)
        self.recurrent = nn.ModuleList(Bidirectional(2 * units if i else units, units) for i in range(layers))
        self.output = nn.Linear(2 * units, len(language.symbols))

    def forward(self, samples: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, N) samples, the first `lengths` (B,) of each an utterance -> (B, T, symbols) log posteriors, (B,) frames.

        What follows an utterance changes nothing of it.
        """
        x, frames = self.features(samples, lengths)
        if self.training:
            x = hide(x, frames)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            frames = (frames + 1) // 2
            x = norm(convolution(x).relu().transpose(1, 2))
            x = (self.dropout(x) * _inside(frames, x.shape[1])[..., None]).transpose(1, 2)
        x = x.transpose(1, 2)
        for layer in self.recurrent:
            x = self.dropout(layer(x, frames))
        return self.output(x).log_softmax(-1), frames

    def transcribe(self, samples: np.ndarray, fs: int, weight: float = WEIGHT) -> str:
        """samples (N,) at `fs` Hz, any level -> words of the vocabulary; silence gives the empty text.

        On the device of the network; `weight` is that of the language.
        """
        if not np.any(samples):
            return ""
        return decode(self._log_posteriors(samples, fs), self.language, weight=weight)

    def posteriors(self, samples: np.ndarray, fs: int) -> np.ndarray:
        """samples (N,) at `fs` Hz -> (T, S): how probable each of `language.symbols` is in each frame.

        Frame t lasts from `frame_start_s(t)` to `frame_start_s(t + 1)`.
        """
        return np.exp(self._log_posteriors(samples, fs))

    def align(self, samples: np.ndarray, fs: int, text: str) -> Alignment:
        """When the words of `text` and their characters were said in samples (N,) at `fs` Hz, in steps of 32 ms.

        A character lasts for the frames that say it rather than a blank. Raises CocktailError where the text has
        another character than the transcripts that were learnt, or is too long for the samples.
        """
        symbols = self.language.spell(text)
        if symbols is None:
            known = "".join(self.language.symbols).strip()
            raise CocktailError(f"the text {text!r} cannot be aligned: it must be spelt with {known}")
        duration_s, frames = len(samples) / fs, spans(best_path(self._log_posteriors(samples, fs), symbols))
        times = [[min(max(self.frame_start_s(t), 0.0), duration_s) for t in span] for span in frames.tolist()]
        labels = (self.language.symbols[symbol] for symbol in symbols)
        return of_characters([Segment(label, *span) for label, span in zip(labels, times, strict=True)])

    def frame_start_s(self, frame: int) -> float:
        """When a frame begins, in seconds from the first sample: half a frame before the centre of what it sees."""
        stride = 2 ** len(self.convolutions)
        return ((stride * (frame - 0.5) + 1) * self.hop - self.size / 2) / self.fs

    @torch.no_grad()
    def _log_posteriors(self, samples, fs):
        """(T, S), in evaluation mode."""
        x = resample(np.asarray(samples, float), fs, self.fs)
        x = torch.tensor(x, dtype=torch.float32, device=self.mel.device)[None]
        training = self.training
        posteriors, _ = self.eval()(x, torch.tensor([x.shape[1]], device=x.device))
        self.train(training)
        return posteriors[0].cpu().numpy()

    def features(self, samples: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, N) samples -> (B, 80, T) log-mel and (B,) frames of each.

        Every band has zero mean and unit variance over its utterance, so that gain and steady colour do not matter;
        what follows the utterance is 0.
        """
        power = self.mel @ stft.stft(samples, self.size, self.hop).abs().square()
        frames = (lengths + self.size - 1) // self.hop
        inside = _inside(frames, power.shape[-1])[:, None]
        count = frames[:, None, None].to(power.dtype)
        level = (power * inside).sum((1, 2), keepdim=True) / (BANDS * count)
        x = torch.log(power / level.clamp_min(1e-20) + FLOOR) * inside
        x = (x - x.sum(-1, keepdim=True) / count) * inside
        return x / (x.square().sum(-1, keepdim=True) / count + 1e-2).sqrt(), frames


class Bidirectional(nn.Module):
    """One layer of LSTM cells in each direction. Several times faster than torch's own on sequences of many lengths."""

    def __init__(self, inputs: int, units: int):
        super().__init__()
        self.forwards = nn.LSTM(inputs, units, batch_first=True)
        self.backwards = nn.LSTM(inputs, units, batch_first=True)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """(B, T, inputs), the first `lengths` (B,) frames of each -> (B, T, 2 units)."""
        t = torch.arange(x.shape[1], device=x.device)
        turned = torch.where(t < lengths[:, None], lengths[:, None] - 1 - t, t)[..., None]
        backwards = self.backwards(x.gather(1, turned.expand_as(x)))[0]
        return torch.cat([self.forwards(x)[0], backwards.gather(1, turned.expand_as(backwards))], -1)


def _inside(frames: torch.Tensor, longest: int) -> torch.Tensor:
    """(B, longest) 1.0 in the frames of an utterance, 0.0 after."""
    return (torch.arange(longest, device=frames.device) < frames[:, None]).float()


def hide(x: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
    """(B, F, T) with MASKS stretches of bands and of frames set to the mean, 0, in every utterance."""
    for longest, axis in ((MASKED_BANDS, 1), (MASKED_FRAMES, 2)):
        extent = torch.full_like(frames, x.shape[1]) if axis == 1 else frames
        place = torch.arange(x.shape[axis], device=x.device)
        for _ in range(MASKS):
            width = torch.rand(len(x), device=x.device) * longest
            start = torch.rand(len(x), device=x.device) * (extent - width).clamp_min(0)
            keep = (place < start[:, None]) | (place >= (start + width)[:, None])
            x = x * keep.unsqueeze(3 - axis)
    return x
