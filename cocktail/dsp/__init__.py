"""Signal processing that methods share, in NumPy and torch: masks, gains, noise trackers, beamformers, factorisations,
cepstra. It knows no suite and no corpus."""
