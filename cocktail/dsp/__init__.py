"""Signal processing that methods share: masks, gains, noise trackers, beamformers, factorisations, cepstra."""
