"""Files that are shown as they are: profiles of the workflow, citation and licence."""

from cocktail import ROOT
from pages.markdown import block, code, page

PROFILES = ROOT / "config" / "profiles"


def pages() -> dict[str, str]:
    """The pages of profiles, and of how to cite."""
    profiles = [
        part
        for path in sorted(PROFILES.glob("*/*.yaml"))
        for part in (
            f"## {code(path.relative_to(PROFILES))} {{ #{path.parent.name} }}",
            block(path.read_text(), "yaml"),
        )
    ]
    citation, licence = (block((ROOT / name).read_text(), language) for name, language in
                         (("CITATION.cff", "yaml"), ("LICENSE", "text")))  # fmt: skip
    return {
        "reference/profiles.md": page("# Profiles", "Settings of Snakemake, for where the jobs run.", *profiles),
        "reference/citation.md": page("# Citation and licence", citation, licence),
    }
