"""Make the suite's tables of isolated speech and noise."""

from cocktail.corpora.adapters import build
from cocktail.corpora.coverage import gaps, narrow
from cocktail.corpora.library import Library
from cocktail.runtime.accounting import work
from cocktail.runtime.log import logged, say

with logged(snakemake.log[0]), work():
    common = {"seed": snakemake.params.seed, "fs": snakemake.params.fs}
    parts, closed = snakemake.params.parts, snakemake.params.closed
    build(parts["speech"], "speech", snakemake.output.speech, closed=closed, **common)
    speech = Library(snakemake.output.speech)
    build(parts["noise"], "noise", snakemake.output.noise, speech=speech, **common)
    for rows in (speech.rows, Library(snakemake.output.noise).rows):
        for note in [*gaps(rows), *narrow(rows, snakemake.params.fs)]:
            say(note)
