"""Spoofing: speech that claims to be of a speaker who did not say it, and the attacks that make it."""
