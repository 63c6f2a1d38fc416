"""Training: what an entry may learn from (data), how networks are optimised (loop), and the job that fits an entry."""
