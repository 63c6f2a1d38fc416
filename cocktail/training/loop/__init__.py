"""Optimising networks: batches made on the fly, the best epoch kept, resumable. Torch, NumPy and SciPy alone."""
