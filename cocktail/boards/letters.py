"""Compact letter display: which entries of a board are not told apart, in letters.

Two entries have a letter in common exactly where they are not told apart; an entry may carry several. H.-P. Piepho, "An
algorithm for a letter-based representation of all-pairwise comparisons", Journal of Computational and Graphical
Statistics 13(2), 2004. The groups behind the letters are grown one by one from the pairs that still lack a letter,
which stays fast where inserting and absorbing does not (J. Gramm et al., "Algorithms for compact letter displays:
comparison and evaluation", Computational Statistics & Data Analysis 52(2), 2007).

Axes: E entries, G groups.
"""

import itertools
import string

import numpy as np

ALPHABET = (
    string.ascii_lowercase + string.ascii_uppercase + "".join(map(chr, [*range(0x3B1, 0x3CA), *range(0x430, 0x450)]))
)
"""Roman, Greek and Cyrillic; no board has needed more than the first."""


def letters(apart: np.ndarray, order: np.ndarray) -> list[str]:
    """The letters of each entry, from the symmetric (E, E) bool `apart`; `order` (E,) has the best entry first.

    `a` is the letter of the best entry's first group. Empty where the alphabet does not suffice.
    """
    members = groups(apart[np.ix_(order, order)])
    marks = [""] * len(order)
    if len(members) <= len(ALPHABET):
        for place, entry in enumerate(order):
            marks[entry] = "".join(letter for letter, group in zip(ALPHABET, members, strict=False) if group[place])
    return marks


def groups(apart: np.ndarray) -> np.ndarray:
    """(G, E) bool: sets of entries, none of which is told apart from another, that contain every pair not told apart.

    `apart` (E, E) bool, the best entry first. Sorted by their members, the best first; none can be left out.
    """
    n_entries = len(apart)
    together = ~apart
    np.fill_diagonal(together, True)
    lacking = together.copy()
    grown = []
    for first, second in itertools.combinations_with_replacement(range(n_entries), 2):
        if lacking[first, second] and (first != second or together[first].sum() == 1):
            group = _grown(together, first, second)
            lacking[np.ix_(group, group)] = False
            grown.append(group)
    return np.array(sorted(_needed(grown), key=lambda group: (~group).tolist())).reshape(-1, n_entries)


def _grown(together, first, second):
    """(E,) bool: the pair with every entry, from the best down, that is not told apart from any of the group."""
    group = np.zeros(len(together), bool)
    group[[first, second]] = True
    for entry in range(len(together)):
        if together[entry, group].all():
            group[entry] = True
    return group


def _needed(grown):
    """The groups without those whose pairs the others contain, too."""
    times = sum((np.outer(group, group).astype(int) for group in grown), 0)
    kept = []
    for group in grown:
        pairs = np.outer(group, group)
        if (times[pairs] > 1).all():
            times -= pairs
        else:
            kept.append(group)
    return kept
