"""Markdown from plain text: what a docstring says is shown, and never read as markup."""

import re
from collections.abc import Iterable, Sequence


def escape(text: str) -> str:
    """Text on one line whose characters stand for themselves; what is in backticks stays code."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(part if part.startswith("`") else _literal(part) for part in parts)


def _literal(text):
    return re.sub(r"([\\*_\[\]|#])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def prose(docstring: str) -> str:
    """A docstring's paragraphs, lists and indented code."""
    paragraphs = re.split(r"\n\s*\n", docstring.strip("\n"))
    return "\n\n".join(_paragraph(text) for text in paragraphs if text.strip())


def _paragraph(text):
    if text.startswith("    "):
        return text
    text = re.sub(r"(?<=\w)-\n\s*(?=\w)", "-", text)  # a word broken at its hyphen
    items = re.split(r"\n(?=- |Deviations:)", text)
    lines = [f"- {escape(item[2:])}" if item.startswith("- ") else escape(item) for item in items]
    return "\n\n".join(lines) if not text.startswith("- ") else "\n".join(lines)


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(cell or " " for cell in line) + " |" for line in lines)


def code(value) -> str:
    """A value as inline code; nothing where there is none."""
    text = "" if value is None else str(value)
    return f"`{text}`" if text else ""


def codes(values: Iterable) -> str:
    """Several of them, with commas."""
    return ", ".join(code(value) for value in values)


def block(text: str, language: str) -> str:
    """A fenced block."""
    return f"```{language}\n{text.rstrip()}\n```"


def page(*parts: str) -> str:
    """Parts with an empty line between them."""
    return "\n\n".join(part for part in parts if part) + "\n"
