"""What each paradigm may learn from: the mixer, augmentation, held-out splits, trials. NumPy alone, no torch."""
