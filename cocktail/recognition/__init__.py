"""Speech recognisers, the normalisation of text, and word errors as counts that add."""
