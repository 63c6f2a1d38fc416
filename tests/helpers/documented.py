"""The commands that the documents show, and the rule by which tests execute them.

Documents are README.md, CONTRIBUTING.md, methods/README.md, results/README.md and every page of docs/.

- A fenced `bash` block is executed, and so are the `python` blocks between them: all of a page in its order, in one
  shell, in the root of a copy of the project (tests/documents/test_pages.py) where the suite `quick`, made small, has
  run. Other suites are small there, too. Home (`~`) holds `corpora/` and `recordings/`, small as well; `in.wav` is a
  recording.
- A fenced `yaml` block that begins with a comment of a file's name (`# mine.yaml`) is that file from there on.
- A command is executed as it stands, if its program is one of PROGRAMS. One that cannot be is executed as the row of
  STAND_INS says that it fits. Any other command fails.
- Inline code such as `cocktail claims quick` is no block: that the command and its options exist is tested.
- Output and outlines of commands are `text` blocks. Indented blocks, and other languages, fail.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from cocktail import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "methods/README.md", "results/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LANGUAGES = {"bash", "python", "yaml", "text"}
FRAGMENTS = ROOT / "methods" / "README.md"
"""Its blocks of Python and YAML are pieces of a plugin; tests/documents/test_documents.py executes them."""

PROGRAMS = {"cocktail", "snakemake", "make", "export", "cp"}
"""Executed as they stand."""


@dataclass(frozen=True)
class StandIn:
    """Commands that match `pattern` as a whole are executed as `executed` (of re.sub)."""

    pattern: str
    executed: str
    why: str


STAND_INS = (
    StandIn(r"make (test|lint|bench)", r"make --dry-run \1", "continuous integration runs them; benchmarks"),
    StandIn(r"make setup( .*)?", r"make --dry-run setup\1", "installs from the network"),
    StandIn(
        r"cocktail ui(.*)", r"python tests/helpers/serves.py cocktail ui --port 0\1", "serves until it is interrupted"
    ),
    StandIn(
        r"(cocktail import \S+ \S+ (\S+))",
        r"python tests/helpers/other_program.py \2 && \1",
        "waits for another program's estimates",
    ),
    StandIn(r"\$EDITOR (\S+)", r"test -f \1", "waits for a person"),
    StandIn(
        r"cocktail run (.*--profile \S+)", r"cocktail run \1 -- --dry-run", "tests/workflow/test_slurm.py has a cluster"
    ),
    StandIn(
        r"cocktail run (\w+) -- (--default-st.*)", r"cocktail run \1 -- --dry-run \2", "tests/runtime/test_storage.py"
    ),
    StandIn(
        r"snakemake (--workflow-profile .*)", r"snakemake --dry-run \1", "tests/workflow/test_slurm.py has a cluster"
    ),
    StandIn(r"pip install -e '\.\[(\w+)\]'", r"grep -q '^\1 = ' pyproject.toml", "installs from the network"),
)


@dataclass(frozen=True)
class Block:
    """A fenced or (language None) indented block of a document."""

    document: Path
    line: int
    language: str | None
    text: str

    @property
    def place(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str | None:
        """Name of the file that the block is, if it is one."""
        named = re.match(r"# ([\w.-]+\.yaml)\n", self.text)
        return named[1] if self.language == "yaml" and named else None


def _tokens(document):
    return MarkdownIt("commonmark").parse(document.read_text())


def blocks(document: Path) -> list[Block]:
    """All blocks of a document in its order."""
    kinds = {"fence": lambda token: token.info.split(" ")[0], "code_block": lambda token: None}
    return [
        Block(document, token.map[0] + 1, kinds[token.type](token), token.content)
        for token in _tokens(document)
        if token.type in kinds
    ]


def inline(document: Path) -> list[str]:
    """Inline code of a document that is a command of the project's, from its program on."""
    codes = [
        child.content for token in _tokens(document) for child in token.children or () if child.type == "code_inline"
    ]
    found = (re.sub(r"^(\w+=\S+ )+", "", code.replace("\n", " ")) for code in codes)
    return [code for code in found if re.match(r"(cocktail|make|snakemake) \S", code)]


def lines(text: str) -> list[str]:
    """The lines of a shell script, continued ones joined, comments and empty ones left out."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    bare = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [line for line in bare if line]


def commands(line: str) -> list[str]:
    """The commands of a line, without the variables that are set for them."""
    parts = re.split(r"&&|\|\||[|;&]", line)
    return [re.sub(r"^([A-Z_]+=\S*\s+)+", "", part.strip()) for part in parts if part.strip()]


def shown(document: Path) -> list[str]:
    """Every command of a document's blocks."""
    scripts = [block.text for block in blocks(document) if block.language == "bash"]
    return [command for script in scripts for line in lines(script) for command in commands(line)]


def stand_in(command: str) -> StandIn | None:
    """The first row of STAND_INS that a command fits, or None."""
    return next((row for row in STAND_INS if re.fullmatch(row.pattern, command)), None)


def fault(command: str) -> str | None:
    """Why a command would go untested, or None."""
    if "$(" in command or "`" in command:
        return f"{command!r}: a command within a command"
    if stand_in(command) or shlex.split(command)[0] in PROGRAMS:
        return None
    return f"{command!r}: tests/helpers/documented.py has no rule for it"


def script(page: list[Block]) -> str:
    """What bash executes for a page."""
    parts = ["set -euxo pipefail"]
    for block in page:
        if block.language == "bash":
            parts += [_executed(line) for line in lines(block.text)]
        elif block.language == "python":
            parts.append(f"python - <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK")
        elif block.file:
            parts.append(f"cat > {block.file} <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK")
    return "\n".join(parts) + "\n"


def _executed(line):
    for command in commands(line):
        row = stand_in(command)
        if row:
            line = line.replace(command, re.sub(row.pattern, row.executed, command))
    return line
