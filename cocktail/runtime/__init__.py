"""What surrounds a job's work: its log, isolation in processes, limits, GPUs, storage, and the accounting of costs."""
