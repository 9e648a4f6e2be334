"""`ccgym view` in a real browser: every view is clicked through, and nothing that an episode says runs or shifts it."""

from __future__ import annotations

import json
import re
import shutil
import time

import pytest
from hostile_episode import ALL, MARKER, MEGABYTE, write_hostile
from viewed import add_step, entry, write_group, write_index, write_run

from ccgym.log import append_index, read_episodes
from ccgym.view.server import ViewServer

pytestmark = pytest.mark.slow
SECONDS = 10_000
"""Milliseconds that anything on the page may take before a test fails."""


@pytest.fixture(scope="module")
def chromium():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("These tests need playwright. Run: pip install 'ccgym[dev]'")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("These tests need chromium. On Debian and Ubuntu run: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def view(chromium):
    """Opens a run: `view(run)` gives the page. What its console says, and what it asks of others, fails the test."""
    servers, said = [], []

    def opened(run, expect=lambda text: False):
        server = ViewServer(run).__enter__()
        servers.append(server)
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(SECONDS)
        page = context.new_page()
        page.on("console", lambda line: None if expect(line.text) else said.append(line.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append("a dialog") or dialog.dismiss())
        own = f"http://127.0.0.1:{server.port}/"
        page.on(
            "request", lambda request: None if request.url.startswith((own, "about:")) else said.append(request.url)
        )
        page.goto(server.url)
        page.locator(".row, #nothing:visible").first.wait_for()
        return page

    yield opened
    for server in servers:
        server.__exit__()
    assert said == []


@pytest.fixture(scope="module")
def run(desk, tmp_path_factory):
    return write_run(desk, tmp_path_factory.mktemp("viewed") / "run", groups=3)


def told(page):
    return page.locator("#summary strong").inner_text()


def expect_told(page, text):
    page.locator("#summary strong", has_text=re.compile(f"^{re.escape(text)}$")).wait_for()


def tasks(page):
    return page.locator(".row .task").all_inner_texts()


def frame(page):
    return page.frame_locator("#frame")


def test_the_address_shows_the_table_and_the_curves_and_the_token_leaves_it(view, run):
    page = view(run)
    assert told(page) == "6 episodes"
    assert page.title() == "run · ccgym view"
    assert "token" not in page.url
    assert page.locator(".row").count() == 6
    page.locator(".chart").first.wait_for()
    titles = page.locator(".chart figcaption").all_inner_texts()
    assert [title.split()[0] for title in titles] == ["Reward", "Diversity", "Correctness", "KL", "Tokens"]


def test_filters_are_clicked_combined_and_cleared(view, tmp_path):
    entries = [
        entry(file=f"episodes/{stage}/{k:06d}-0000.jsonl", task=f"{stage}/{k}", tags=["vi" if k % 2 else "en"],
              reason=reason, clauses=["Returns"] if k == 3 else [], rewards={"style": k / 4})
        for stage, reason in (("sft", "max_steps"), ("grpo", "customer_done")) for k in range(4)
    ]  # fmt: skip
    page = view(write_index(tmp_path / "run", entries))
    choice = lambda text: page.locator(".choice", has_text=text)  # noqa: E731
    choice("grpo").click()
    expect_told(page, "4 of 8 episodes")
    assert choice("grpo").get_attribute("aria-pressed") == "true"
    choice("sft").click()
    expect_told(page, "8 episodes")
    choice("sft").click()
    expect_told(page, "4 of 8 episodes")
    choice("vi").click()
    expect_told(page, "2 of 8 episodes")
    choice("Returns").click()
    expect_told(page, "1 of 8 episodes")
    assert "grpo/3" in tasks(page)[0]
    page.reload()
    expect_told(page, "1 of 8 episodes")
    page.click("#clear")
    expect_told(page, "8 episodes")
    choice("max_steps").click()
    expect_told(page, "4 of 8 episodes")
    page.click("#clear")
    page.get_by_label("style at least").fill("0.5")
    page.keyboard.press("Enter")
    expect_told(page, "4 of 8 episodes")
    page.get_by_label("iteration at most").fill("2")
    page.keyboard.press("Enter")
    expect_told(page, "2 of 8 episodes")
    page.get_by_label("steps at least").fill("many")
    page.keyboard.press("Enter")
    assert "wrong" in page.get_by_label("steps at least").get_attribute("class")


def test_search_and_sorting_by_keyboard_and_mouse(view, tmp_path):
    page = view(write_index(tmp_path / "run", [entry(task=f"t/{k}", steps=9 - k) for k in range(3)]))
    assert [task.removesuffix("en") for task in tasks(page)] == ["t/2", "t/1", "t/0"]
    page.click("[data-sort=steps]")
    page.locator("[aria-sort=descending] [data-sort=steps]").wait_for()
    expect_order = lambda first: page.locator(".row").first.get_by_text(first).wait_for()  # noqa: E731
    expect_order("t/0")
    page.click("[data-sort=steps]")
    page.locator("[aria-sort=ascending] [data-sort=steps]").wait_for()
    expect_order("t/2")
    page.keyboard.press("/")
    page.keyboard.type("T/1")
    expect_told(page, "1 of 3 episodes")
    page.fill("#q", "nothing such")
    expect_told(page, "0 of 3 episodes")
    assert page.locator("#nothing").is_visible()
    page.fill("#q", "")
    expect_told(page, "3 episodes")


def test_an_episode_and_its_group_open_by_key_and_by_click_and_escape_leads_back(view, run):
    page = view(run)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.locator(".row.now").get_attribute("aria-rowindex") == "3"
    page.keyboard.press("Enter")
    frame(page).locator("h1", has_text="cancel").wait_for()
    page.locator(".member").nth(1).wait_for()
    assert page.locator(".member[aria-current]").inner_text() == "0"
    frame(page).locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("]")
    page.locator(".member[aria-current]", has_text="1").wait_for()
    page.keyboard.press("[")
    page.locator(".member[aria-current]", has_text="0").wait_for()
    page.keyboard.press("g")
    frame(page).get_by_role("heading", name="Where they part").wait_for()
    page.locator(".member").nth(1).click()
    frame(page).locator(".step").first.wait_for()
    page.keyboard.press("Escape")
    page.locator("#reader").wait_for(state="hidden")
    page.locator(".row").first.click()
    frame(page).locator(".step").first.wait_for()
    page.click("#group")
    frame(page).get_by_role("heading", name="Where they part").wait_for()
    page.click("#back")
    page.locator("#reader").wait_for(state="hidden")
    assert page.locator(".row").count() == 6
    page.go_back()
    frame(page).get_by_role("heading", name="Where they part").wait_for()


def test_the_curves_tell_a_step_and_fold_away(view, run):
    page = view(run)
    chart = page.locator(".chart", has_text="KL")
    chart.locator("svg").hover(position={"x": 40, "y": 40})
    chart.locator("small", has_text="step 1").wait_for()
    page.keyboard.press("c")
    assert page.locator("#curves").is_hidden()
    page.click("#curves-switch")
    chart.wait_for()


def test_a_run_that_is_written_shows_up_while_it_is_read(view, desk, tmp_path):
    run = write_run(desk, tmp_path / "run", groups=1)
    page = view(run)
    page.locator("#live.on").wait_for()
    page.locator(".row").nth(1).click()
    page.keyboard.press("Escape")
    marked = page.locator(".row.now").get_attribute("data-row")
    write_group(desk, run, 8)
    start = time.monotonic()
    add_step(run, 9)
    expect_told(page, "4 episodes")
    print(f"new episodes were on the page after {time.monotonic() - start:.2f} s")
    page.locator(".chart", has_text="KL").get_by_text("0.09").first.wait_for()
    assert page.locator(".row.now").get_attribute("data-row") == marked


def test_long_tables_keep_few_elements_and_every_row_can_be_reached(view, tmp_path):
    page = view(write_index(tmp_path / "run", [entry(task=f"t/{k}", episode=k % 8) for k in range(32_000)]))
    assert told(page) == "32,000 episodes"
    page.keyboard.press("End")
    page.locator(".row.now", has_text=re.compile("t/0(?!\\d)")).wait_for()
    page.keyboard.press("Home")
    page.locator(".row.now", has_text="t/31999").wait_for()
    page.locator("#table").evaluate("box => { box.scrollTop = 16000 * 34; }")
    page.locator(".row", has_text="t/15999").wait_for()
    assert page.locator(".row").count() < 80


def test_several_runs_can_be_chosen(view, desk, tmp_path):
    write_index(tmp_path / "runs" / "first", [entry(task="of the first")])
    write_index(tmp_path / "runs" / "second", [entry(task="of the second")] * 2)
    page = view(tmp_path / "runs")
    page.select_option("#run", "first")
    expect_told(page, "1 episode")
    page.select_option("#run", "second")
    expect_told(page, "2 episodes")


def test_a_damaged_file_says_so_in_its_place_and_the_others_open(view, desk, tmp_path):
    run = write_run(desk, tmp_path / "run", groups=2)
    broken = run / "episodes" / "grpo" / "000001-0000.jsonl"
    broken.write_bytes(broken.read_bytes().replace(b"Which order?", b"Which odder?", 1))
    page = view(run, expect=lambda text: "422" in text)
    for place, told in ((0, "beside it in the file"), (1, "tells more")):  # episode 1, which is whole, and 0
        page.locator(".row").nth(place).click()
        frame(page).locator("body", has_text=told).wait_for()
        frame(page).locator("body", has_text="its digest does not follow").wait_for()
        page.keyboard.press("Escape")
    page.locator(".row").last.click()
    frame(page).locator(".step").first.wait_for()


def test_nothing_that_an_episode_says_runs_or_breaks_the_layout(view, tmp_path):
    run = tmp_path / "run"
    path = write_hostile(run / "episodes" / "<b>grpo" / "000000-0000.jsonl", members=2)
    append_index(run, path, read_episodes(path))
    hostile = {"task": ALL + MEGABYTE, "tags": [ALL, MEGABYTE], "policy": ALL, "reason": ALL, "seed": ALL}
    write_index(run, [entry(**hostile, clauses=[ALL, MEGABYTE], rewards={ALL: 0.5, "__proto__": 1.0})])
    with open(run / "metrics.jsonl", "w", encoding="utf-8") as file:
        file.write(json.dumps({"stage": ALL, "step": 1, "kl": 1e300, "reward/" + ALL: -1, "__proto__": 2}) + "\n")
    page = view(run, expect=lambda text: "422" in text)  # what the hostile line lists is not there
    expect_told(page, "3 episodes")
    page.locator(".chart").first.wait_for()
    heights = page.locator(".row").evaluate_all("rows => rows.map((row) => row.getBoundingClientRect().height)")
    assert set(heights) == {34}
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    assert page.locator("bdi").first.evaluate("each => getComputedStyle(each).unicodeBidi") == "isolate"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", page.locator("body").inner_text())
    for choice in ("reason", "clause", "tag"):
        page.locator(f"[data-kind={choice}] .choice", has_text="script").first.click()
    page.locator(".row").first.wait_for()
    page.click("#clear")
    expect_told(page, "3 episodes")
    for place in (1, 2):
        page.locator(f"[aria-rowindex='{place + 1}']").click()
        page.locator(".member").first.wait_for()
        frame(page).locator(".step, p").first.wait_for()
        page.keyboard.press("Escape")
        page.locator("#reader").wait_for(state="hidden")
    page.locator(".row").last.click()
    page.keyboard.press("g")
    frame(page).get_by_role("heading", name="Where they part").wait_for()
    assert MARKER not in page.title()
    assert page.frames[1].title() != MARKER
    assert page.locator("img, script:not([src])").count() == 0
