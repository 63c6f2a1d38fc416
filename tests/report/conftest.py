"""The page that the tests of this folder look at."""

import pytest
from page_suite import SEED, Suite

from cocktail.report.page.build import build


@pytest.fixture(scope="session")
def suite(tmp_path_factory):
    """A suite with its page; tests may make the page again, but leave it as it was."""
    suite = Suite(tmp_path_factory.mktemp("page") / "small", entries=8, conditions=2, scenes=12, detection=True)
    suite.write()
    make(suite)
    return suite


def make(suite):
    known = {"about": {"corpora": "speech: grid-tts"}, "against": {"twin": str(suite.folder)}}
    return build(suite.folder, conditions=suite.cards, seed=SEED, resamples=50, **known)


@pytest.fixture
def make_again(suite):
    """A function that makes the page of `suite` once more."""
    return lambda: make(suite)
