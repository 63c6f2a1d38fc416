"""Models of hearing: gammatone filters, pitch, amplitude modulation, onsets, classifiers and grouping of units."""
