"""Corpora: adapters that turn what a publisher ships, or a synthesiser, into one table of isolated signals."""
