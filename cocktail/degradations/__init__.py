"""Degradations: what microphones, codecs and networks do to a mixture: wind, clipping, lost packets."""
