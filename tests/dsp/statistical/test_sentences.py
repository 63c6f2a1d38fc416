"""Sentences as chains, and alignment with transcripts."""

import itertools

import numpy as np

from cocktail.dsp.statistical import hmm, sentences

WORDS = {"lay": ["L", "EY"], "set": ["S", "EH", "T"], "a": ["EY"], "t": ["T", "IY"]}


def test_paths_are_sentences_with_one_word_of_each_slot():
    lexicon = sentences.Lexicon.of(WORDS)
    graph = sentences.graph([("lay", "set"), ("a", "t")], lexicon, np.full(lexicon.n_states, 0.6))
    np.testing.assert_allclose(graph.chain.transition.sum(1), 1)
    np.testing.assert_allclose(graph.chain.initial.sum(), 1)
    for text in ("lay a", "set t"):
        row = lexicon.states(text)
        likelihood = np.where(graph.state[:, None] == row, 0.0, -50.0)
        path = hmm.viterbi(likelihood, graph.chain)
        heard = [graph.words[w] for w, _ in itertools.groupby(graph.word[path]) if w >= 0]
        assert heard == text.split()


def test_left_to_right_is_the_best_of_all_alignments():
    rng = np.random.default_rng(0)
    score = rng.standard_normal((3, 7))
    possible = [np.repeat(np.arange(3), np.diff([0, *cuts, 7])) for cuts in itertools.combinations(range(1, 7), 2)]
    best = max(possible, key=lambda path: score[path, range(7)].sum())
    np.testing.assert_array_equal(sentences.left_to_right(score), best)


def test_alignment_finds_where_phones_are():
    rng = np.random.default_rng(1)
    lexicon = sentences.Lexicon.of(WORDS)
    means = 4 * rng.standard_normal((lexicon.n_states, 6))
    features, states, truth = [], [], []
    for text in ["lay a", "set t", "lay t", "set a"] * 8:
        row = lexicon.states(text)
        path = np.repeat(row, rng.integers(2, 9, len(row)))
        truth.append(path)
        states.append(row)
        features.append(means[path].T + 0.3 * rng.standard_normal((6, len(path))))
    found = sentences.align(features, states, lexicon.n_states, 10)
    assert np.mean(np.concatenate(found) == np.concatenate(truth)) > 0.9
