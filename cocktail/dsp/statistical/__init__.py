"""Statistical models of features: Gaussian mixtures, hidden Markov models, sums of sounds; enhancers by gains."""
