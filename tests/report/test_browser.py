"""The page in Chromium, opened from disk: sort, filter, hear, see; nothing leaves the folder and nothing is amiss."""

import pytest
from page_suite import SEED, Suite

from cocktail.report.page.build import build

pytestmark = pytest.mark.needs("chromium")

PHONE = {"width": 390, "height": 800}
PATIENCE_MS = 120_000
"""Other tests keep the machine busy."""


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    suite = Suite(tmp_path_factory.mktemp("browser") / "small", entries=8, conditions=2, scenes=12, detection=True)
    suite.write()
    build(suite.folder, conditions=suite.cards, seed=SEED, resamples=50)
    return suite


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


def test_the_board_sorts_by_any_column_both_ways(visit):
    page = visit()
    by_rank = entries(page)
    assert by_rank.index("entry-07") < by_rank.index("entry-02") < by_rank.index("unprocessed")
    page.get_by_role("button", name="entry").click()
    assert entries(page) == sorted(by_rank)
    page.get_by_role("button", name="entry").click()
    assert entries(page) == sorted(by_rank, reverse=True)
    assert page.locator("#board th[aria-sort=descending]").inner_text().startswith("entry")
    page.get_by_role("button", name="wer").click()
    figures = [float(text) for text in page.locator("#board tbody tr td:nth-child(8)").all_inner_texts() if text != "–"]
    assert len(figures) == 8 and figures == sorted(figures)  # fewer errors are better


def test_the_board_filters_by_family_paradigm_task_microphones_and_name(visit):
    page = visit()
    page.get_by_label("Family").select_option("controls")
    assert set(entries(page)) == {"oracle-irm", "unprocessed"}
    page.get_by_label("Family").select_option("")
    page.get_by_label("Training paradigm").select_option("separation")
    assert set(entries(page)) == {"entry-03", "entry-05", "entry-07"}
    page.get_by_label("Training paradigm").select_option("")
    page.get_by_label("Test paradigm").select_option("informed")
    assert entries(page) == ["oracle-irm"]
    page.get_by_label("Test paradigm").select_option("")
    page.get_by_label("Entry").fill("-04")
    assert entries(page) == ["entry-04"]
    page.get_by_label("Microphones").select_option("2")
    assert page.locator("#condition option").all_inner_texts() == ["room-1"]
    page.get_by_label("Microphones").select_option("")
    page.get_by_label("Task").select_option("detect")
    assert page.locator("#condition option").all_inner_texts() == ["spoofs"]
    assert page.locator("#board thead").inner_text().count("eer_cm") == 1


def test_a_cell_plays_on_one_clock_and_switches_while_it_plays(visit):
    page = visit()
    page.locator("#condition").select_option("room-1")
    page.locator("#board").get_by_role("link", name="entry-03").click()
    page.locator(".scene").nth(2).wait_for()
    assert [text.split(":")[0] for text in page.locator(".scene h3").all_inner_texts()] == ["worst", "median", "best"]
    scene = page.locator(".scene").first
    heard = "[...document.querySelector('.scene').querySelectorAll('audio')]"
    page.wait_for_function(f"{heard}.every((a) => a.readyState >= 1)")
    scene.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{heard}.every((a) => a.currentTime > 0.1 && !a.paused)")
    scene.get_by_text("reference 2", exact=True).first.click()
    times = page.evaluate(f"{heard}.map((a) => a.currentTime)")
    assert max(times) - min(times) < 0.15
    assert page.evaluate(f"{heard}.map((a) => a.muted)") == [True, True, False, True, True]
    page.wait_for_function(f"{heard}.every((a) => a.ended || a.currentTime > {max(times)})")


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
    page = visit("index.html#map")
    assert page.locator("#heat tbody tr").count() == 9  # with the one that was skipped
    best = page.locator("#heat tbody tr", has_text="oracle-irm").locator("td").first
    assert best.inner_text() == "1.00"
    page.locator("#scaled").uncheck()
    assert best.inner_text() != "1.00"
    page = visit("index.html#cost")
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
    page.locator("#curve-plot").get_by_text("t60_s", exact=True).wait_for()
    page = visit("index.html#detection")
    page.locator("#condition").select_option("spoofs")
    page.locator("#det-plot .scatterlayer .trace").first.wait_for()
    assert page.locator("#det-plot .legendtext").count() == 7  # the best six, and `unprocessed`
    page.locator("#all-det").check()
    page.wait_for_function("document.querySelectorAll('#det-plot .legendtext').length === 8")


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
    assert [text.split(":")[0] for text in texts] == ["lowest score", "median score", "highest score"]
    scores = [float(text.rpartition("(")[2].rstrip(")")) for text in texts]
    assert scores == sorted(scores)
    assert page.get_by_text("Truth: bonafide").count() == 3
    assert page.locator(".scene").first.locator("audio").count() == 2


def test_claims_failures_and_methods_are_listed(visit):
    page = visit("index.html#claims")
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
    page = visit()
    page.get_by_role("button", name="entry").focus()
    page.keyboard.press("Enter")
    assert entries(page) == sorted(entries(page))
    assert page.evaluate("document.activeElement.dataset.column") == "entry"


@pytest.mark.parametrize(
    "view", ["boards", "map", "cost", "curves", "claims", "failures", "methods", "cell/room-1/entry-03"]
)
def test_no_view_is_wider_than_a_phone(visit, view):
    page = visit(f"index.html#{view}", viewport=PHONE)
    page.locator("main section:not([hidden]) h2").wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_dark_mode_is_dark_and_has_contrast(visit):
    page = visit(color_scheme="dark")
    colours = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    ink, paper = (sum(int(x) for x in colour[4:-1].split(",")) / 3 for colour in colours)
    assert paper < 40 and ink > 200
