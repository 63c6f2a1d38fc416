"""All derived pages, and their place in the navigation."""

from pages import api, claims, commands, corpora, files, gpu, methods, metrics, packages, suites

NAVIGATION = [
    {
        "Reference": [
            {"Commands": "reference/commands.md"},
            {"Methods": "reference/methods.md"},
            {"Metrics": "reference/metrics.md"},
            {"Suites": "reference/suites.md"},
            {"Conditions": "reference/conditions.md"},
            {"Claims": "reference/claims.md"},
            {"Corpora": "reference/corpora.md"},
            {"Published figures": "reference/published.md"},
            {"Profiles": "reference/profiles.md"},
            {"Benchmark on a GPU": "reference/gpu.md"},
            {"Packages": "reference/packages.md"},
            {"Citation and licence": "reference/citation.md"},
        ]
    },
    {"API": "api/index.md"},
]
"""After that of mkdocs.yml. Pages of plugins and modules are reached from their index."""


def pages() -> dict[str, str]:
    """Path in the site -> Markdown."""
    texts: dict[str, str] = {}
    for module in (commands, methods, metrics, suites, claims, corpora, files, packages, gpu, api):
        texts |= module.pages()
    return texts
