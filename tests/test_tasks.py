"""Tables of tasks and paradigms: what follows from each row."""

import numpy as np
import pytest

from cocktail import audio, paradigms, tables
from cocktail.errors import AccessError, CocktailError
from cocktail.paradigms import PARADIGMS
from cocktail.tasks import TASK_OF_ROLE, TASKS, signal_task


def test_a_task_fills_a_column_of_the_estimates():
    columns = {task.column for task in TASKS.values()}
    assert columns - {None} == {"estimate", "score", "embedding"}
    assert columns - {None} <= set(tables.ESTIMATES.names)


def test_roles_of_scorers_are_played_by_one_task_each():
    roles = {role for task in TASKS.values() for role in task.scorers}
    assert roles == set(TASK_OF_ROLE) == {"speaker", "spoofing", "recogniser"}
    assert TASK_OF_ROLE["spoofing"] == "detect"
    assert all(not TASKS[name].signals for name in TASK_OF_ROLE.values())


def test_the_number_of_talkers_says_which_task_estimates_signals():
    assert [signal_task(k) for k in (1, 2, 5)] == ["enhance", "separate", "separate"]


def test_an_oracle_sees_all_and_a_learning_free_method_nothing():
    for name in PARADIGMS:
        assert paradigms.sees_no_more("learning-free", name)
        assert paradigms.sees_no_more(name, "oracle")
        assert paradigms.sees(name, paradigms.REFERENCES) == (name == "oracle")


def test_what_one_paradigm_sees_beside_another():
    less = {(a, b) for a in PARADIGMS for b in PARADIGMS if a != b and paradigms.sees_no_more(a, b)}
    between = {pair for pair in less if not {"oracle", "learning-free", "pretrained"} & set(pair)}
    assert between == {
        ("source-model", "annotated-source-model"),
        ("source-model", "separation"),
        ("source-model", "annotated-separation"),
        ("annotated-source-model", "annotated-separation"),
        ("separation", "annotated-separation"),
        ("mixture-only", "separation"),
        ("mixture-only", "annotated-separation"),
    }


def test_a_refusal_names_the_paradigms_that_may_see_it():
    paradigms.require("separation", paradigms.SOURCES)
    with pytest.raises(AccessError, match="'mixture-only', only to separation, annotated-separation, pretrained"):
        paradigms.require("mixture-only", paradigms.SOURCES)


@pytest.mark.parametrize("task", TASKS)
def test_a_check_returns_what_it_accepts(task):
    answers = {"estimate": np.ones((2, 5)), "score": 1.0, "embedding": np.ones(3), None: "bin blue"}
    of = "estimate" if TASKS[task].signals else TASKS[task].column
    answer = answers[of]
    assert np.array_equal(TASKS[task].check(answer, 2, 5), answer)
    for column, other in answers.items():
        if column != of:
            with pytest.raises(Exception, match="returned"):
                TASKS[task].check(other, 2, 5)


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "longdouble"])
def test_floats_of_any_size_are_taken_as_they_are_stored(dtype):
    values = np.array([[0.5, -0.25, 2.0]])
    estimate = TASKS["enhance"].check(values.astype(dtype), 1, 3)
    assert estimate.dtype == np.float64 and estimate.dtype.isnative
    np.testing.assert_array_equal(estimate, values)
    np.testing.assert_array_equal(audio.decode(audio.encode(estimate, 16000))[0], values)
    embedding = TASKS["verify"].check(values[0].astype(dtype), 1, 3)
    assert embedding.dtype == np.float32 and embedding.tolist() == values[0].tolist()


@pytest.mark.parametrize(
    ("task", "answer", "message"),
    [
        ("enhance", np.full((1, 3), 1e300), r"samples up to 1e\+300"),
        ("enhance", np.full((1, 3), np.longdouble("1e400")), "samples up to|not finite"),
        ("enhance", np.ma.masked_array(np.ones((1, 3)), mask=[[0, 1, 0]]), "returned MaskedArray"),
        ("enhance", np.ones((1, 3), int), "array of int64"),
        ("verify", np.full(3, 1e300), "zero or not finite"),
        ("verify", np.full(3, 1e-300), "zero or not finite"),
        ("detect", 10**400, "one finite number"),
        ("detect", float("inf"), "one finite number"),
    ],
)
def test_what_cannot_be_stored_is_refused(task, answer, message):
    with pytest.raises(CocktailError, match=message):
        TASKS[task].check(answer, 1, 3)
