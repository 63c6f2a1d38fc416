"""Noise power trackers, and the gains that use them."""
