"""Notes on what a corpus has too little of."""

from cocktail.corpora.coverage import gaps


def noise(*rows):
    return [{"kind": kind, "label": label, "split": split} for kind, label, split in rows]


def speech(**speakers):
    return [{"speaker": name, "split": split} for split, names in speakers.items() for name in names]


def test_a_corpus_that_has_all_it_needs_is_not_spoken_of():
    assert gaps(speech(train=["a", "b"], valid=["c"], test=["d", "e"])) == []
    assert gaps(noise(("rain", "rain", "train"), ("rain", "rain", "test"))) == []
    assert gaps([]) == []


def test_one_speaker_in_all_test_scenes_is_named():
    (note,) = gaps(speech(train=["a", "b"], test=["d", "d", "d"]))
    assert note.startswith("speech: all 3 utterances of the split 'test' are of one speaker, 'd'")


def test_kinds_that_a_split_lacks_are_named_with_their_numbers():
    rows = noise(*[("rain", None, "train")] * 3, ("rain", None, "valid"), ("fan", None, "train"), ("fan", None, "test"))
    assert gaps(rows) == ["noise: no recordings for the split 'test' of the kind rain (train 3, valid 1)"]


def test_a_class_with_too_few_recordings_for_a_split_is_named():
    rows = [("cough", "negative", "train"), ("cough", "negative", "test"), *[("cough", "positive", "train")] * 2]
    assert gaps(noise(*rows)) == ["noise: no recordings for the split 'test' of the class positive (train 2)"]


def test_a_split_that_has_nothing_at_all_is_not_a_matter_of_kinds():
    assert gaps(noise(("rain", None, "test"), ("fan", None, "test"))) == []
