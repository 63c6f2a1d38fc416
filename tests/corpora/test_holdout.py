"""Utterances of train speakers that are kept for tests on closed sets of speakers."""

from cocktail.corpora import holdout


def row(split, speaker, i):
    return {"utterance": f"{speaker}-{i}", "speaker": speaker, "split": split}


def test_a_share_of_the_train_utterances_is_kept_whatever_else_there_is():
    train = [row("train", f"s{k}", i) for k in range(20) for i in range(100)]
    others = [row(split, f"{split}{k}", i) for split in ("valid", "test") for k in range(3) for i in range(20)]
    closed = holdout.close(train + others)
    assert closed[len(train) :] == others
    kept = {x["utterance"] for x in closed if x["split"] == holdout.CLOSED}
    assert abs(len(kept) - 200) < 3 * (2000 * 0.1 * 0.9) ** 0.5  # three deviations of a binomial with a share of 0.1
    assert {x["speaker"] for x in closed[: len(train)] if x["split"] == "train"} == {f"s{k}" for k in range(20)}
    assert {x["utterance"] for x in holdout.close(train[:700] + others) if x["split"] == holdout.CLOSED} == {
        name for name in kept if name in {x["utterance"] for x in train[:700]}
    }


def test_speakers_held_out_for_validation_are_not_known_from_training():
    train = [row("train", f"s{k:02d}", i) for k in range(20) for i in range(100)]
    speakers = {x["speaker"] for x in holdout.close(train) if x["split"] == holdout.CLOSED}
    assert speakers == {f"s{k:02d}" for k in range(20)} - {"s09", "s19"}
