"""The page about voices: written where a suite has what it shows, linked, and gone where it has not."""

import numpy as np
import pyarrow as pa
import pytest
from page_suite import SEED, Suite

from cocktail import tables
from cocktail.report.page.build import build
from cocktail.rng import rng


def heard(suite, condition):
    """Trials of both systems and rejections behind every entry: the better an entry, the more the detector errs."""
    for e, entry in enumerate(suite.names):
        generator = rng(SEED, entry, role="voices")
        for i in range(suite.scenes):
            scene = suite.scene(condition, i)
            named = {"condition": condition, "entry": entry, "scene": scene, "card": "0", "status": "ok", "value": 0.0}
            label = "tts" if i % 2 else "bonafide"
            score = 0.3 * e + generator.normal() - (3 - 0.3 * e) * (i % 2)
            for metric, better in (("eer_cm", 0.0), ("eer_cm.grcnn", 0.5), ("eer_cm.lcnn-retrained", 1.0)):
                shifted = score + better * (label == "bonafide")
                yield named | {"metric": metric, "trials": [trial("cm", label, shifted)]}
            if label == "bonafide":
                others = [j for j in range(0, suite.scenes, 2) if j != i]
                labels = ["nontarget" if (i - j) % 4 else "target" for j in others]
                trials = [
                    trial("asv", label, generator.normal(), suite.scene(condition, j))
                    for label, j in zip(labels, others, strict=True)
                ]
                yield named | {"metric": "eer_asv", "trials": trials}
                yield named | {"metric": "cm_rejection", "errors": int(i % 7 < e), "total": 1}


def trial(kind, label, score, enrolment=None):
    return {"kind": kind, "label": label, "score": float(score), "enrolment": enrolment}


def write(folder, entries=4, scenes=20, extra=True):
    suite = Suite(folder, entries=entries, conditions=1, scenes=scenes)
    suite.write()
    if extra:
        path = folder / "scores.parquet"
        rows = pa.Table.from_pylist(list(heard(suite, "room-0")), tables.SCORES)
        tables.write_table(path, pa.concat_tables([tables.read_table(path), rows]))
    return suite


def make(suite):
    build(suite.folder, conditions=suite.cards, seed=SEED, resamples=50, scenes=False, detector="lcnn")
    return suite.folder / "report"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return make(write(tmp_path_factory.mktemp("voices") / "small"))


def test_the_page_has_a_table_for_each_figure_and_starts_with_what_was_before(report):
    text = (report / "voices.html").read_text()
    assert text.count("<h3") == text.count("<table") == 4
    titles = ["Speaker verification", "Spoofing detection by lcnn", "Genuine speech rejected by lcnn"]
    places = [text.index(f">{title}, <a") for title in [*titles, "Spoofing detection by grcnn"]]
    assert places == sorted(places)
    assert text.count("retrained on what the entry makes</th>") == 1
    first = text.split("<tbody>")[1].split("</tr>")[0]
    assert "unprocessed" in first and "before" in first
    assert 'href="index.html#boards/room-0/eer_asv"' in text
    assert "<script" not in text


def test_the_suite_s_page_leads_there(report):
    assert '<a href="voices.html">Voices</a>' in (report / "index.html").read_text()


def test_a_page_of_an_earlier_suite_goes(report, tmp_path):
    suite = write(tmp_path / "mute", extra=False)
    stale = suite.folder / "report" / "voices.html"
    stale.parent.mkdir(parents=True)
    stale.write_text("old")
    make(suite)
    assert not stale.exists() and "voices.html" not in (stale.parent / "index.html").read_text()


def test_every_entry_has_a_figure_of_every_range(report):
    table = (report / "voices.html").read_text().split("<tbody>")[2].split("</tbody>")[0]
    assert table.count('<th scope="row">') == 4
    cells = [part.split("<br>")[0].split() for part in table.split('<td class="number">')[1:]]
    figures = np.array([float(cell[-1]) for cell in cells if cell])
    assert len(figures) >= 4 * 3 and np.isfinite(figures).all()
