"""Networks: layers, features and losses, one kind a file. They import torch, NumPy and SciPy alone."""
