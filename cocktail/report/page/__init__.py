"""The page of a suite: `results/<suite>/report/index.html` and what it needs beside it, to be opened from disk."""
