"""DNN-EM's expectation maximisation against a NumPy loop over bins: the same scene, powers and updates; one core.

A scene of `tablet`'s size, six microphones and three seconds: 20 updates of both spatial covariances, then the
multichannel Wiener filter. The loop inverts the mixture's covariance in every frame, as the equations are written. Both
outputs are compared.
"""

import statistics
import time

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from cocktail.dsp.spatial import dnn_em

BINS, MICS, FRAMES, UPDATES, REPEATS = 257, 6, 375, 20, 5


def by_bin(x, v, R, updates, weighted=True):
    """Covariances (2, F, D, D) and Wiener outputs at microphone 1 (2, F, T), one bin after the other.

    x (F, D, T), v (2, F, T), R (2, F, D, D). As cocktail.dsp.spatial.dnn_em, with its loading.
    """
    R, first = R.astype(complex), np.empty(v.shape, complex)
    for f in range(len(x)):
        for _ in range(updates):
            R[:, f] = [
                _loaded(_mean(posterior, power, weighted))
                for (posterior, _), power in zip(_expectation(x[f], v[:, f], R[:, f]), v[:, f], strict=True)
            ]
        first[:, f] = [image[:, 0] for _, image in _expectation(x[f], v[:, f], R[:, f])]
    return R, first


def _expectation(x, v, R):
    """Posterior second moment (T, D, D) and mean (T, D) of each source of one bin."""
    inverse = np.linalg.inv(np.einsum("jt,jde->tde", v, R))
    for power, covariance in zip(v, R, strict=True):
        prior = power[:, None, None] * covariance
        wiener = prior @ inverse
        image = np.einsum("tde,et->td", wiener, x)
        yield image[:, :, None] * image[:, None].conj() + prior - wiener @ prior, image


def _mean(posterior, power, weighted):
    weight = power if weighted else np.ones_like(power)
    return np.einsum("t,tde->de", weight / power, posterior) / weight.sum()


def _loaded(R):
    return R + dnn_em.LOADING * np.trace(R).real / len(R) * np.eye(len(R))


def problem(rng, bins=BINS, mics=MICS, frames=FRAMES):
    """x of a talker, whose covariance is near rank 1, and of diffuse noise; v as a network might say."""
    A = rng.standard_normal((2, bins, mics, mics)) + 1j * rng.standard_normal((2, bins, mics, mics))
    A[0, :, :, 1:] *= 0.1
    v = rng.gamma(0.3, 1.0, (2, bins, frames)) + 1e-5
    z = rng.standard_normal((2, bins, mics, frames)) + 1j * rng.standard_normal((2, bins, mics, frames))
    x = (A @ (z * np.sqrt(v / 2)[:, :, None])).sum(0)
    return x, v * rng.gamma(4.0, 0.25, v.shape)


def batched(x, v):
    """The same as `by_bin` from R_j = I, by the project."""
    x, v = torch.as_tensor(x[None], dtype=torch.complex64), torch.as_tensor(v[None], dtype=torch.float32)
    R = dnn_em.update_covariances(x, v, dnn_em.identity(x), updates=UPDATES)
    return R[0].numpy(), dnn_em.posterior(x, v, R).first[0].numpy()


def seconds(call, *arguments, repeats):
    """Result and median time."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call(*arguments)
        times.append(time.perf_counter() - start)
    return result, statistics.median(times)


def main():
    """Print the ratio and the difference."""
    x, v = problem(np.random.default_rng(0))
    identity = np.broadcast_to(np.eye(MICS), (2, BINS, MICS, MICS))
    torch.set_num_threads(1)
    with threadpool_limits(1):
        (_, ours), fast = seconds(batched, x, v, repeats=REPEATS)
        (_, loop), slow = seconds(by_bin, x, v, identity, UPDATES, repeats=1)
    difference = np.linalg.norm(ours - loop) / np.linalg.norm(loop)
    print(
        f"dnn-em: {slow / fast:.1f}x faster than a NumPy loop over bins (relative difference of the outputs "
        f"{difference:.1g}; {MICS} microphones, {BINS} bins, {FRAMES} frames, {UPDATES} updates, one core)"
    )


if __name__ == "__main__":
    main()
