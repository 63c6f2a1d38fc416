"""Rows of the metrics of conversations: one value a scene, of all its streams."""

from collections.abc import Sequence

import numpy as np

from cocktail.metrics.conversation import Streams, owned
from cocktail.metrics.metric import Metric
from cocktail.processing.recording import cuts_s
from cocktail.scenes.scene import Scene
from cocktail.scoring.rows import Judges
from cocktail.scoring.signals import assign


def conversation_rows(
    *, scene: Scene, reference: np.ndarray, estimate: np.ndarray, metrics: Sequence[Metric], judges: Judges
) -> list[dict]:
    """Rows of metrics of the level `conversation`, of estimates (K, N) against references (K, N)."""
    if estimate.shape != reference.shape:
        reason = f"wrong-shape: {estimate.shape}, expected {reference.shape}"
        return [judges.failed(metric, None, reason) for metric in metrics]
    order, _ = assign(reference, list(estimate))
    fs, talk = scene.fs, scene.conversation
    pieces = cuts_s(scene.n_samples, fs, length_s=talk.piece_s, overlap_s=talk.piece_overlap_s)
    streams = Streams(
        reference=reference,
        estimate=estimate[list(order)],
        fs=fs,
        turns=[[(turn.start, turn.end, turn.text) for turn in talker.turns] for talker in scene.talkers],
        pieces=owned(pieces),
        recogniser=judges.recogniser,
    )
    return [judges.row(metric, None, streams) for metric in metrics]
