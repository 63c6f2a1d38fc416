"""Corpora: adapters, which turn published or synthesised recordings into one table of isolated signals."""
