"""The page in Chromium, opened from disk: sort, filter, hear, see; nothing leaves the folder and nothing is amiss."""

import re

import pytest

from cocktail.boards.leaderboard import read_board
from cocktail.report.figures import figure

pytestmark = pytest.mark.needs("chromium")

TOGETHER = "Math.max(...{0}.map((a) => a.currentTime)) - Math.min(...{0}.map((a) => a.currentTime)) < 0.15"
PHONE = {"width": 390, "height": 800}
PATIENCE_MS = 120_000
"""Other tests keep the machine busy."""


@pytest.fixture
def visit(browser, suite):
    """A function that opens a view in a fresh window. Whatever a page complains of or asks of others fails the test."""
    complaints, windows = [], []
    home = (suite.folder / "report").as_uri() + "/"

    def note_request(request):
        if not request.url.startswith((home, "data:", "blob:")):
            complaints.append(f"request: {request.url}")

    def visit(view="", **options):
        window = browser.new_context(**options)
        window.set_default_timeout(PATIENCE_MS)
        windows.append(window)
        page = window.new_page()
        page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on("request", note_request)
        page.goto(f"{home}{view or 'index.html'}")
        return page

    yield visit
    spoilt = [page.evaluate("window.spoilt") for window in windows for page in window.pages]
    for window in windows:
        window.close()
    assert complaints == []
    assert not any(spoilt)


def entries(page) -> list[str]:
    return page.locator("#board tbody th").all_inner_texts()


def rung(text) -> int:
    """Where a scene of detection stands among the entry's own, by its heading."""
    return [name in text.replace("own ", "") for name in ("lowest score", "median score", "highest score")].index(True)


def test_the_board_sorts_by_any_column_both_ways(visit):
    page = visit("index.html#boards")
    by_rank = entries(page)
    assert by_rank.index("entry-07") < by_rank.index("entry-02") < by_rank.index("unprocessed")
    page.get_by_role("button", name="entry").click()
    assert entries(page) == sorted(by_rank)
    page.get_by_role("button", name="entry").click()
    assert entries(page) == sorted(by_rank, reverse=True)
    assert page.locator("#board th[aria-sort=descending]").inner_text().startswith("entry")
    page.get_by_role("button", name="wer").click()
    figures = page.locator("#board tbody tr td:nth-child(8)").all_inner_texts()
    figures = [float(text.split(" ")[0]) for text in figures]
    assert len(figures) == 7 and figures == sorted(figures)  # fewer errors are better


def test_ranks_are_by_the_column_that_sorts_and_every_column_marks_its_best(visit, suite):
    page = visit("index.html#boards?condition=room-1")
    rows = read_board(suite.folder / "leaderboard.csv")
    for metric in ("si_sdr", "pesq_wb", "wer"):
        page.get_by_role("button", name=re.compile(rf"^{metric} .")).click()
        assert page.get_by_role("button", name=f"rank by {metric}").is_visible()
        ranks = {row["entry"]: row["rank"] for row in rows if row["condition"] == "room-1" and row["metric"] == metric}
        shown = zip(entries(page), page.locator("#board tbody td:first-child").all_inner_texts(), strict=True)
        assert {entry: text.split(" ")[0] for entry, text in shown} == {
            entry: "–" if ranks[entry] is None else str(ranks[entry]) for entry in entries(page)
        }
        assert page.locator("#board tbody small").count() == 7, "only the figures that rank have their interval"
    best = page.locator("#board tr[data-entry=entry-07] td.best").count()
    assert best >= 4 and page.locator("#board tr[data-entry=unprocessed] td.best").count() == 0


def test_the_page_has_the_digits_of_the_terminal(visit, suite):
    page = visit("index.html#boards?condition=room-0&metric=estoi&bounds=yes")
    shown = page.locator("#board thead th button").evaluate_all("(all) => all.map((b) => b.dataset.column)")
    rows = {
        (row["entry"], row["metric"]): row
        for row in read_board(suite.folder / "leaderboard.csv")
        if row["condition"] == "room-0"
    }
    for line in page.locator("#board tbody tr").all():
        entry, texts = line.get_attribute("data-entry"), line.locator("td, th").all_inner_texts()
        for metric, text in list(zip(shown, texts, strict=False))[3:]:
            row = rows[entry, metric]
            half = "" if metric != "estoi" else " ±" + figure((row["ci_high"] - row["ci_low"]) / 2, metric)
            assert text == figure(row["value"], metric) + half, (entry, metric)
    numbers = [0.125, -0.004, 2.5, 1234567.5, 0.0005, -1.005]
    known = ["si_sdr", "stoi", "wer", "parameters"]
    texts = page.evaluate("([ms, xs]) => ms.flatMap((m) => xs.map((x) => cocktail.format(x, m)))", [known, numbers])
    assert texts == [figure(x, metric) for metric in known for x in numbers]


def test_groups_and_the_switch_for_controls(visit):
    page = visit("index.html#boards")
    assert "oracle-irm" not in entries(page) and "unprocessed" in entries(page)
    page.get_by_label("controls and oracles").check()
    assert "oracle-irm" in entries(page)
    page.get_by_label("families apart").check()
    families = page.locator("#board tr.group").all_inner_texts()
    assert families == ["nmf (2)", "spectral (3)", "networks (1)", "controls (2)"]
    assert page.locator("#board tbody[data-family=nmf] th").all_inner_texts() == ["entry-07", "entry-04"]


def test_the_overview_has_means_over_conditions_with_weights(visit, suite):
    page = visit()
    assert page.locator("h2:visible").first.inner_text() == "Which method should I use?"
    assert page.locator("#best tbody tr").count() == 3
    assert page.locator("#best tbody tr").first.locator("a").all_inner_texts()[:2] == ["room-0", "entry-07"]
    page.get_by_label("What counts").select_option("signal")
    page.get_by_label("Task").select_option("enhance")
    page.get_by_label("Task").select_option("separate")
    one = page.locator("#standings tr[data-entry=entry-07]").locator("td")
    assert one.nth(3).inner_text() == "1/1"
    board = {
        row["entry"]: row["value"]
        for row in read_board(suite.folder / "leaderboard.csv")
        if row["condition"] == "room-1" and row["metric"] == "si_sdr"
    }
    zero, top = board["unprocessed"], board["oracle-irm"]
    for entry in ("entry-07", "entry-02"):
        text = page.locator(f"#standings tr[data-entry={entry}]").locator("td").nth(1).inner_text()
        assert float(text.split(" ")[0]) == pytest.approx((board[entry] - zero) / (top - zero), abs=0.006)
        assert "±" in text
    assert page.locator("#standings tbody th").first.inner_text() == "entry-07"
    assert "oracle-irm" not in page.locator("#standings").inner_text()
    page.get_by_text("Weights of the conditions").click()
    page.locator("#weights input").fill("0")
    page.locator("#weights input").blur()
    page.get_by_text("No entry fits.").wait_for()
    assert "weights=room-1%3A0" in page.url


def test_means_over_conditions_and_their_errors_follow_the_weights(visit):
    page = visit()
    found = page.evaluate(
        """() => {
          const d = cocktail.data, rows = {};
          d.conditions.forEach((c) => { c.task = "enhance"; });
          const signal = (entries) => ({ signal: { metric: "si_sdr", entries } });
          d.overview.standings = {
            "room-0": signal({ "entry-02": [1, 0.3, 0.2, 0.03], "entry-03": [2, 0.3, 0.1, 0.03] }),
            "room-1": signal({ "entry-02": [3, 0.4, 0.6, 0.04] }),
          };
          Object.assign(cocktail.state, { purpose: "signal", weights: "room-0:3" });
          cocktail.views.overview();
          for (const line of document.querySelectorAll("#standings tbody tr")) {
            rows[line.dataset.entry] = [...line.querySelectorAll("td")].slice(1, 4).map((td) => td.textContent);
          }
          return rows;
        }"""
    )
    # weights 3 and 1: (3 * 0.2 + 0.6) / 4, and 1.96 hypot(3 * 0.03, 0.04) / 4
    assert found["entry-02"] == ["0.30 ±0.05", "1.50 ±0.48", "2/2"]
    assert found["entry-03"] == ["0.10 ±0.06", "2.00 ±0.59", "1/2"]
    assert list(found) == ["entry-02", "entry-03"]


def test_limits_leave_out_what_costs_more(visit):
    page = visit()
    assert page.get_by_text("6 of 6 methods fit.").is_visible()
    page.locator("#limit-rtf").fill("50")
    page.get_by_text("3 of 6 methods fit.").wait_for()
    kept = page.locator("#standings tbody th").all_inner_texts()
    assert kept == ["entry-04", "entry-03", "entry-02", "unprocessed"]
    assert "entry-07" not in page.locator("#best").inner_text()
    assert re.search(r"rtf=0\.\d+", page.url)


def test_the_address_says_what_is_seen(visit):
    page = visit("index.html#boards")
    page.locator("#condition").select_option("room-1")
    page.locator("#metric").select_option("wer")
    page.get_by_label("Family").select_option("spectral")
    for _ in range(2):
        page.get_by_role("button", name=re.compile("^pesq_wb")).click()
    seen, address = entries(page), page.url
    assert set(seen) == {"entry-02", "entry-03", "entry-06"}
    again = visit("index.html#" + address.partition("#")[2])
    assert entries(again) == seen
    assert again.locator("#metric").input_value() == "wer" and again.locator("#family").input_value() == "spectral"
    assert again.locator("#board th[aria-sort=descending]").inner_text().startswith("pesq_wb")
    assert again.locator("#complaints").inner_text() == ""
    again.get_by_role("link", name=entries(again)[0]).click()
    again.locator(".scene").first.wait_for()
    link = again.locator(".scene h3 a").nth(1)
    scene = link.inner_text()
    link.click()
    again.locator(f".scene.named[data-scene={scene}]").wait_for()
    assert again.url.endswith(f"?scene={scene}")


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("#nowhere", "There is no section “nowhere”."),
        ("#boards?condition=attic", "There is no condition “attic” here; this is “room-0”."),
        ("#boards?metric=pesk&condition=room-1", "There is no metric “pesk” here; this is “si_sdr”."),
        ("#boards?sort=magic", "There is no sort “magic” here."),
        ("#boards?colour=red", "The address sets “colour”, which boards does not know."),
        ("#overview?family=nmff", "There is no family “nmff” here."),
        ("#overview?rtf=fast", "There is no rtf “fast” here."),
        ("#cell/room-1/nobody", "This suite has no entry “nobody”."),
        ("#cell/room-1/entry-03?scene=x", "“x” is no example of entry-03 in room-1."),
        ("#metrics/beauty", "There is no metric “beauty” on these boards."),
        ("#listen?a=entry-99", "There is no a “entry-99” here"),
    ],
)
def test_an_address_that_asks_for_what_is_not_there_is_told_so(visit, view, said):
    page = visit(f"index.html{view}")
    page.locator("#complaints p").first.wait_for()
    assert said in page.locator("#complaints").inner_text()


def test_two_entries_are_heard_on_one_scene(visit):
    page = visit("index.html#listen?condition=room-1&a=entry-03&b=entry-06")
    page.locator("#listen .player").wait_for()
    names = page.locator("#listen .player fieldset label").all_inner_texts()
    assert names == [
        "mixture",
        "reference 1",
        "reference 2",
        "A: entry-03 1",
        "A: entry-03 2",
        "B: entry-06 1",
        "B: entry-06 2",
    ]
    heard = "[...document.querySelectorAll('#listen audio')]"
    page.wait_for_function(f"{heard}.every((a) => a.readyState >= 1)")
    page.locator("#listen .play").click()
    page.wait_for_function(f"{heard}.every((a) => a.currentTime > 0.05)")
    page.get_by_text("B: entry-06 1", exact=True).first.click()
    assert page.evaluate(f"{heard}.findIndex((a) => !a.muted)") == 5
    page.wait_for_function(TOGETHER.format(heard))
    sources = page.evaluate(f"{heard}.map((a) => a.src)")
    assert len(set(sources)) == 7
    scenes = page.locator("#listen-scene option").all_inner_texts()
    assert [text.split(" of ")[0] for text in scenes][:3] == ["worst", "median", "best"]
    assert page.locator("#listen-scores thead th").all_inner_texts()[1:] == ["A: entry-03", "B: entry-06"]
    assert "Loudness is matched" in page.locator("#listen").inner_text()
    page.get_by_role("button", name="Swap A and B").click()
    page.locator("#listen-scores th", has_text="A: entry-06").wait_for()
    assert "a=entry-06&b=entry-03" in page.url


def test_metrics_say_what_they_mean_and_methods_how_they_are_used(visit):
    page = visit("index.html#boards?metric=wer")
    assert "How many words of a hundred" in page.locator("#meaning").inner_text()
    page.locator("#meaning a").click()
    page.wait_for_url("**#metrics/wer")
    card = page.locator("details[data-metric=wer]")
    assert card.locator("dt", has_text="digest").is_visible()
    page = visit("methods/entry-03.html")
    text = page.locator("main").inner_text()
    assert "cocktail process entry-03 noisy.wav clean.wav --suite small" in text
    assert page.get_by_role("link", name="Its file").get_attribute("href") == "../sources/plugin_3.py.txt"
    assert page.locator(".losses polyline").count() == 2
    for where in (page, visit()):
        about = where.locator("footer").inner_text()
        for part in ("Cocktail Bench", "speech: grid-tts", "commit", "machine", "sha256 of scores.parquet", "date"):
            assert part in about
        assert where.locator("footer a[download]").count() == 5


def test_the_board_filters_by_family_paradigm_task_microphones_and_name(visit):
    page = visit("index.html#boards")
    page.get_by_label("Family").select_option("controls")
    assert set(entries(page)) == {"oracle-irm", "unprocessed"}
    page.get_by_label("Family").select_option("")
    page.get_by_label("Training paradigm").select_option("separation")
    assert set(entries(page)) == {"entry-03", "entry-05", "entry-07"}
    page.get_by_label("Training paradigm").select_option("")
    page.get_by_label("Test paradigm").select_option("informed")
    page.get_by_label("controls and oracles").check()
    assert entries(page) == ["oracle-irm"]
    page.get_by_label("controls and oracles").uncheck()
    page.get_by_label("Test paradigm").select_option("")
    page.get_by_label("Learnt").select_option("no")
    assert set(entries(page)) == {"entry-02", "entry-04", "entry-06", "unprocessed"}
    page.get_by_label("Learnt").select_option("")
    page.get_by_label("Causal").select_option("no")
    assert entries(page) == ["entry-05"]
    page.get_by_label("Causal").select_option("")
    page.get_by_label("Entry").fill("-04")
    assert entries(page) == ["entry-04"]
    page.get_by_label("Microphones").select_option("2")
    assert page.locator("#condition option").all_inner_texts() == ["room-1"]
    page.get_by_label("Microphones").select_option("")
    page.get_by_label("Task").select_option("detect")
    assert page.locator("#condition option").all_inner_texts() == ["spoofs"]
    assert page.locator("#board thead").inner_text().count("eer_cm ↓") == 1


def test_a_cell_plays_on_one_clock_and_switches_while_it_plays(visit):
    page = visit("index.html#boards")
    page.locator("#condition").select_option("room-1")
    page.locator("#board").get_by_role("link", name="entry-03").click()
    page.locator(".scene").nth(2).wait_for()
    labels = [text.split(" of ")[0] for text in page.locator(".scene h3").all_inner_texts()]
    assert labels[:3] == ["worst", "median", "best"]
    scene = page.locator(".scene").first
    heard = "[...document.querySelector('.scene').querySelectorAll('audio')]"
    page.wait_for_function(f"{heard}.every((a) => a.readyState >= 1)")
    scene.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{heard}.every((a) => a.currentTime > 0.1 && !a.paused)")
    scene.get_by_text("reference 2", exact=True).first.click()
    page.wait_for_function(TOGETHER.format(heard))
    assert page.evaluate(f"{heard}.map((a) => a.muted)") == [True, True, False, True, True]
    page.wait_for_function(f"{heard}.every((a) => a.ended)")


def test_a_cell_shows_spectrograms_their_difference_and_all_scores(visit):
    page = visit("index.html#cell/room-1/entry-03")
    scene = page.locator(".scene").first
    scene.wait_for()
    assert scene.locator("figure").count() == 7  # five sounds, two differences
    assert scene.locator(".picture.difference").count() == 2
    scene.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.scene img')].slice(0, 9).every((i) => i.naturalWidth > 20)")
    scene.get_by_text("All scores of this scene").click()
    assert {"si_sdr", "pesq_wb", "stoi", "wer", "rtf"} <= set(scene.locator("details tbody th").all_inner_texts())
    assert page.get_by_text("Scenes on which metrics disagree most").is_visible()


def test_a_cell_that_failed_says_why_and_a_cell_that_is_not_there_does_no_harm(visit):
    page = visit("index.html#cell/room-0/entry-07")
    page.locator(".scene").first.wait_for()
    assert "method-failed: <script>window.spoilt" in page.locator("#cell").inner_text()
    page = visit("index.html#cell/nowhere/..%2F..%2Fnobody")
    assert page.get_by_text("There are no examples of this cell.").is_visible()


def test_the_map_and_the_plots_draw_what_is_there(visit):
    page = visit("index.html#map?bounds=yes")
    assert page.locator("#heat tbody tr").count() == 9  # with the one that was skipped
    best = page.locator("#heat tbody tr", has_text="oracle-irm").locator("td").first
    assert best.inner_text() == "1.00"
    page.locator("#scaled").uncheck()
    assert best.inner_text() != "1.00"
    page = visit("index.html#cost?bounds=yes")
    page.locator("#cost-plot .scatterlayer .point").first.wait_for()
    assert page.locator("#cost-plot .scatterlayer .point").count() == 8
    named = page.locator("#cost-plot .textpoint text")
    assert set(named.all_text_contents()) == {f"entry-{e:02d}" for e in range(2, 8)}  # better ones take longer
    page.locator("#cost-metric").select_option("latency_ms")
    page.locator("#cost-plot").get_by_text("latency_ms (ms)", exact=True).wait_for()
    assert set(named.all_text_contents()) == {"entry-07"}
    page.locator("#cost-metric").select_option("parameters")
    page.locator("#cost-plot").get_by_text("parameters", exact=True).wait_for()
    page.locator("#cost-plot .legendtext").first.wait_for()
    page = visit("index.html#curves")
    page.locator("#curve-plot .scatterlayer .trace").first.wait_for()
    page.locator("#curve-by").select_option("t60_s")
    page.locator("#curve-plot").get_by_text("reverberation time (s), and scenes", exact=True).wait_for()
    page = visit("index.html#detection?bounds=yes")
    assert page.locator("#condition option").all_inner_texts() == ["spoofs"]  # others have no trials
    page.locator("#det-plot .scatterlayer .trace").first.wait_for()
    assert page.locator("#det-plot .legendtext").count() == 7  # the best six, and `unprocessed`
    page.locator("#all-det").check()
    page.wait_for_function("document.querySelectorAll('#det-plot .legendtext').length === 8")


def test_another_suite_stands_beside_this_one(visit):
    """Here its twin, in which no entry moves."""
    page = visit("index.html#overview")
    page.get_by_role("link", name="Other suites").click()
    page.locator("#against-plot .scatterlayer .trace").first.wait_for()
    assert page.locator("#h-against").inner_text() == "Do methods stand in the same order in the suite twin?"
    ranks = page.locator("#against-table tbody tr").evaluate_all("(all) => all.map((r) => r.innerText.split('\\t'))")
    assert [(row[1], row[3]) for row in ranks] == [(str(place), "=") for place in range(1, 7)]
    assert page.locator("#against-taus tbody tr").count() == 2, "the third condition has too few trials"
    assert set(page.locator("#against-taus tbody td a").all_inner_texts()) == {"1.00"}
    ticks = page.locator("#against-plot .y2tick text").all_text_contents()
    assert [tick.split()[::-1] for tick in ticks] == [[row[0], row[1]] for row in ranks]
    page.locator("#against-taus").get_by_role("link").last.click()
    page.wait_for_url("**condition=room-1&metric=wer**")
    assert page.locator("#h-order").inner_text().startswith("room-1, wer")


def test_a_point_of_the_cost_plot_opens_its_cell(visit):
    page = visit("index.html#cost")
    page.locator("#cost-plot .scatterlayer .point").first.wait_for()
    box = page.locator("#cost-plot .scatterlayer .point").last.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**#cell/room-0/*")


def test_a_cell_of_detection_shows_scores_and_the_truth(visit):
    page = visit("index.html#cell/spoofs/entry-05")
    page.locator(".scene").first.wait_for()
    texts = page.locator(".scene h3").all_inner_texts()
    assert [text.split(" of ")[0] for text in texts][:3] == ["lowest score", "median score", "highest score"]
    own = [text for text in texts if "own" in text]
    scores = [float(text.rpartition("(")[2].rstrip(")")) for text in sorted(own, key=rung)]
    assert len(scores) == 3 and scores == sorted(scores)
    assert page.get_by_text("Truth: bonafide").count() == len(texts)
    assert page.locator(".scene").first.locator("audio").count() == 2


def test_detection_without_trials_says_so(visit):
    page = visit("index.html#detection?task=separate")
    page.get_by_text("No condition that the filters let through has trials").wait_for()


def test_lists_of_words_are_read_on_a_phone_without_scrolling_sideways(visit):
    """A row is a paragraph with its headings; tables of figures scroll."""
    for view in ("claims", "failures", "methods"):
        page = visit(f"index.html#{view}", viewport=PHONE)
        table = page.locator(f"#{view}-table")
        table.locator("td").first.wait_for()
        assert table.evaluate("(t) => t.scrollWidth <= t.parentElement.clientWidth")
        assert not table.locator("thead").is_visible()
    before = "(t) => getComputedStyle(t, '::before').content"
    assert page.locator("#methods-table td").nth(2).evaluate(before) == '"training paradigm: "'


def test_claims_failures_and_methods_are_listed(visit):
    page = visit("index.html#claims")
    assert page.locator("#h-claims").inner_text() == "Claims: 1 holds, 0 fail, 0 not distinguishable, 1 not run"
    assert page.locator("#claims-table tbody tr").count() == 2
    assert page.locator("#claims-table .holds").inner_text() == "✓ holds"
    page = visit("index.html#failures")
    assert "needs several microphones" in page.locator("#failures-table").inner_text()
    page = visit("index.html#methods")
    page.locator("#methods-table").get_by_role("link", name="entry-05").click()
    page.wait_for_url("**/methods/entry-05.html")
    text = page.locator("main").inner_text()
    for part in ('Somebody, "A paper", ICASSP 2015', "<script>window.spoilt", "gain_db", "latency_ms", "It shines in"):
        assert part in text
    assert page.locator("p.words code").all_inner_texts() == ["gain_db"]
    assert "bit_rate" not in text, "a cost that nobody measured"
    page.get_by_role("link", name="room-1").first.click()
    page.locator(".scene").first.wait_for()


def test_everything_is_reached_by_keyboard(visit):
    page = visit("index.html#cell/room-0/entry-03")
    button = page.locator(".scene .play").first
    button.wait_for()
    page.wait_for_function("[...document.querySelectorAll('audio')].slice(0, 3).every((a) => a.readyState >= 1)")
    focused = "document.activeElement.textContent"
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(focused))
        if button.evaluate("(b) => b === document.activeElement"):
            break
    assert "Skip to the content" in seen and "Boards" in seen and seen[-1] == "Play"
    page.keyboard.press("1")
    assert page.evaluate("[...document.querySelectorAll('audio')].slice(0, 3).map((a) => a.muted)") == [
        False,
        True,
        True,
    ]
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('audio').currentTime > 0.05")
    page = visit("index.html#boards")
    page.get_by_role("button", name="entry").focus()
    page.keyboard.press("Enter")
    assert entries(page) == sorted(entries(page))
    page.wait_for_function("document.activeElement.dataset.column === 'entry'")


@pytest.mark.parametrize(
    "view",
    [
        "overview",
        "boards",
        "map",
        "cost",
        "curves",
        "claims",
        "failures",
        "methods",
        "metrics",
        "listen",
        "cell/room-1/entry-03",
        "methods/entry-03.html",
    ],
)
def test_no_view_is_wider_than_a_phone(visit, view):
    page = visit(view if view.endswith(".html") else f"index.html#{view}", viewport=PHONE)
    page.locator("main h2:visible").first.wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_dark_mode_is_dark_and_has_contrast(visit):
    page = visit(color_scheme="dark")
    colours = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    ink, paper = (sum(int(x) for x in colour[4:-1].split(",")) / 3 for colour in colours)
    assert paper < 40 and ink > 200
