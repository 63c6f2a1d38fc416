"""Several microphones: directions, beamformers, spatial models and their EM."""
