"""Scenes: from a condition to records of what was drawn, to audio, to shards; and banks of rooms for training."""
