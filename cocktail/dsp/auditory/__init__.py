"""Models of hearing: gammatone filters, pitch, amplitude modulation, and classifiers of units in time and frequency."""
