from types import SimpleNamespace

from cocktail.workflow.wildcards import of_wildcards


def cell(condition, entry, scenes=3):
    return condition, entry, scenes


def test_wildcards_become_the_arguments_that_a_function_names():
    wildcards = SimpleNamespace(entry="omlsa", shard="001", condition="tablet")
    assert of_wildcards(cell)(wildcards) == ("tablet", "omlsa", 3)
    assert of_wildcards(lambda: "once")(wildcards) == "once"
