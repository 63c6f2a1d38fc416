"""Statistical models of features: Gaussian mixtures."""
