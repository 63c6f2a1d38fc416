"""Corpora: every adapter with its parts and options; and figures that others published on them."""

import inspect

from cocktail.boards import published
from cocktail.config import read_yaml
from cocktail.corpora import adapters
from cocktail.corpora.layout import Corpus
from pages.markdown import code, codes, escape, page, prose, table


def pages() -> dict[str, str]:
    """The pages of corpora, and of published figures."""
    return {"reference/corpora.md": _corpora(), "reference/published.md": _published()}


def _corpora():
    cards = adapters.cards()
    rows = [(f"[`{card.name}`](#{card.name})", codes(card.kinds), escape(card.description)) for card in cards]
    parts = [part for card in cards for part in _adapter(card.name)]
    return page(
        "# Corpora",
        "What a suite may name under `corpora`, as `{adapter: NAME, ...}`. [Run your corpus](../corpora.md) says how.",
        table(("adapter", "gives", ""), rows),
        *parts,
    )


def _adapter(name):
    module = adapters.adapter(name)
    yield f"## {code(name)} {{ #{name} }}"
    yield prose(inspect.getdoc(module))
    if isinstance(corpus := getattr(module, "CORPUS", None), Corpus):
        yield f"{escape(corpus.title)}. Licence: {escape(corpus.licence)}. From <{corpus.home}>."
        yield escape(corpus.note)
        rows = [
            (code(part.name), code(part.split), str(part.files or ""), "yes" if part.archives else "")
            for part in corpus.parts
        ]
        yield table(("part", "split", "files as published", "downloaded by `cocktail corpora download`"), rows)
    options = {key: value for key, value in module.OPTIONS["properties"].items() if key != "adapter"}
    yield table(("option", ""), [(code(key), escape(value.get("description", ""))) for key, value in options.items()])


def _published():
    parts = [part for path in sorted(published.FOLDER.glob("*.yaml")) for part in _figures(path)]
    return page(
        "# Published figures",
        "They stand beside ours when the corpus is run with its publisher's own mixtures.",
        *parts,
    )


def _figures(path):
    content = read_yaml(path)
    figures = published.read([content["corpus"]])
    metrics = list(dict.fromkeys(figure.metric for figure in sorted(figures, key=lambda figure: figure.metric)))
    values = {(figure.system, figure.source, figure.metric): f"{figure.published:g}" for figure in figures}
    rows = {(row["system"], row["source"]): code(row.get("entry")) for row in content["figures"]}
    head = [line.removeprefix("#") for line in path.read_text().splitlines() if line.startswith("#")]
    yield f"## {code(content['corpus'])} {{ #{content['corpus']} }}"
    yield escape(" ".join(head))
    yield f"Beside the condition {code(content['condition'])}." if "condition" in content else ""
    yield table(
        ("system", "our entry", *metrics, "source"),
        [
            (escape(system), entry, *(values.get((system, source, metric), "") for metric in metrics), escape(source))
            for (system, source), entry in rows.items()
        ],
    )
