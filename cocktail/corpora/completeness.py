"""Which parts of a published corpus are complete, and what is missing."""

from dataclasses import dataclass
from pathlib import Path

from cocktail.corpora.folder import examine
from cocktail.corpora.layout import Corpus, Part
from cocktail.errors import CocktailError

COMPLETE, INCOMPLETE, ABSENT, UNKNOWN = "complete", "incomplete", "absent", "there"


@dataclass(frozen=True)
class Found:
    """State of a part: its files, files that its lists name and that are missing, and what is wrong."""

    part: Part
    files: int = 0
    missing: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`complete`, `incomplete`, `absent`; or or `there` where the publisher's number of files is not known."""
        if not (self.files or self.missing or self.problems):
            return ABSENT
        if self.missing or self.problems or self.files < (self.part.files or 0):
            return INCOMPLETE
        return COMPLETE if self.part.files is not None else UNKNOWN


def inspect(corpus: Corpus, path: Path, decode: bool = False) -> list[Found]:
    """The state of each part of a corpus in the folder `path`; with `decode`, every file is opened and decoded."""
    root = corpus.root(path)
    return [_inspect(corpus, root, part, decode) for part in corpus.parts]


def _inspect(corpus, root, part, decode):
    try:
        recordings = corpus.recordings(root, part)
    except CocktailError as error:
        return Found(part, problems=(str(error),))
    files = dict.fromkeys(file for recording in recordings for file in recording.files)
    there = [file for file in files if file.is_file()]
    missing = tuple(file for file in files if not file.is_file())
    return Found(part, len(there), missing, tuple(_broken(there)) if decode else ())


def _broken(files):
    for file in files:
        try:
            examine(file)
        except CocktailError as error:
            yield str(error)
