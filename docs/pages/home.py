"""Which file of the repository is which page of the site."""

DOCUMENTS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "methods/README.md": "contract.md",
    "results/README.md": "results.md",
}
"""Documents outside docs/ -> their page."""

SHOWN = {
    "CITATION.cff": "reference/citation.md",
    "LICENSE": "reference/citation.md",
    "benchmarks/gpu/README.md": "reference/gpu.md",
    "cocktail": "reference/packages.md",
    "cocktail/cli": "reference/commands.md",
    "cocktail/corpora/published": "reference/corpora.md",
    "cocktail/metrics": "reference/metrics.md",
    "config/claims.yaml": "reference/claims.md",
    "config/conditions.yaml": "reference/conditions.md",
    "config/defaults.yaml": "reference/suites.md#defaults",
    "config/published": "reference/published.md",
    "methods": "reference/methods.md",
}
"""Files and folders -> the derived page that shows what they hold."""


def source(page: str) -> str | None:
    """The file of the repository that a page is made from; None for a derived one."""
    documents = {page: document for document, page in DOCUMENTS.items()}
    if page in documents:
        return documents[page]
    return None if page.startswith(("reference/", "api/")) else f"docs/{page}"


def place(path: str) -> str | None:
    """The page, or file of the site, that shows a file of the repository; None where there is none."""
    if path in DOCUMENTS:
        return DOCUMENTS[path]
    if path.startswith("methods/"):
        return SHOWN["methods"]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.startswith("config/profiles"):
        return "reference/profiles.md"
    if path.startswith("config/") and path.count("/") == 1 and path.endswith(".yaml") and path not in SHOWN:
        return f"reference/suites.md#{path.removeprefix('config/').removesuffix('.yaml')}"
    return SHOWN.get(path)
