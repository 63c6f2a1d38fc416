"""How much is computed together, by kind of device.

A CPU would lose its cache on more, a GPU idles on fewer. Results do not depend on it.
"""

SIGNALS = {"cpu": 16, "cuda": 256}
"""Signals that a network looks at."""
SCENES_EM = {"cpu": 1, "cuda": 16}
"""Scenes of several microphones in expectation maximisation, padded to the longest."""
BINS = {"cpu": 32, "cuda": 4096}
"""Bins of these scenes whose spatial covariances are updated."""
SCENES_NMF = {"cpu": 1, "cuda": 64}
"""Mixtures that are factorised with bases of their own, padded to the longest."""
FRAMES = {"cpu": 256, "cuda": 65536}
"""Frames that get activations of fixed bases."""
