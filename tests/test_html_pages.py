"""A page of an episode or a group holds all of it, needs nothing but itself, and runs nothing that it holds."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from hostile_episode import MARKER, STEPS, hostile_events, write_hostile
from test_cli import answered, said

import ccgym
from ccgym.types import Episode
from ccgym.view.grouping import read_group
from ccgym.view.html import episode_page, group_page
from ccgym.view.html.markup import block, inline
from ccgym.view.timeline import Timeline

CHROMIUM = shutil.which("chromium")
BIDI = "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"


class Elements(HTMLParser):
    """All elements of a page with their attributes, the texts of scripts and styles, and all other text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self.text: list[str] = []
        self._within = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag):
        self._within = ""

    def handle_data(self, data):
        self.raw.get(self._within, self.text).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    path = write_hostile(tmp_path_factory.mktemp("hostile") / "group.jsonl", members=3)
    group = read_group(path)
    return {"episode": episode_page(group.members[1]), "group": group_page(group)}


@pytest.mark.parametrize("kind", ["episode", "group"])
def test_hostile_text_makes_no_element_no_attribute_and_no_address(pages, kind):
    elements = Elements(pages[kind])
    names = {tag for tag, _ in elements.found}
    assert not names & {"img", "iframe", "object", "embed", "link", "form", "base", "textarea", "font", "frame"}
    assert len(elements.all("script")) == len(elements.all("style")) == 1
    for tag, attributes in elements.found:
        assert not [name for name in attributes if name.startswith("on")], tag
        assert not attributes.keys() & {"src", "action", "style", "srcdoc", "formaction", "ping"}, tag
        assert (attributes.get("href") or "#").startswith("#"), tag


@pytest.mark.parametrize("kind", ["episode", "group"])
def test_the_pages_policy_allows_its_own_script_and_style_and_nothing_else(pages, kind):
    elements = Elements(pages[kind])
    (policy,) = [meta["content"] for meta in elements.all("meta") if meta.get("http-equiv")]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for name in ("script", "style"):
        (text,) = elements.raw[name]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[f"{name}-src"] == f"'sha256-{digest}'"


@pytest.mark.parametrize("kind", ["episode", "group"])
def test_controls_are_seen_and_do_not_act(pages, kind):
    page = pages[kind]
    assert not re.search(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{BIDI}\u2028\u2029]", page)
    for symbol in ("⟨RLO⟩", "⟨LRI⟩", "⟨RLI⟩", "⟨ZWSP⟩", "␛", "␇", "⟨U+009B⟩", "⟨236 more marks⟩"):
        assert f"<i>{symbol}</i>" in page, symbol
    assert "Tiếng Việt, مرحبا, שלום, 👩\u200d🚀" in page


@pytest.mark.parametrize("kind", ["episode", "group"])
def test_a_megabyte_is_cut_with_a_way_to_more_and_the_page_stays_small(pages, kind):
    assert len(pages[kind].encode()) < 4_000_000
    assert "all 1,048,576 characters (the page holds the first 200,000)" in pages[kind]


def test_every_link_leads_to_a_step_that_is_there(pages):
    elements = Elements(pages["episode"])
    ids = {attributes["id"] for _, attributes in elements.found if "id" in attributes}
    assert {f"s{step}" for step in range(STEPS + 1)} <= ids
    assert {link["href"].removeprefix("#") for link in elements.all("a")} <= ids


def test_the_page_reads_without_its_script(pages):
    elements = Elements(pages["episode"])
    assert len(elements.all("article")) == STEPS + 1
    (bar,) = elements.all("nav")
    assert "hidden" in bar


def test_marks_of_a_language_stay_and_a_pile_of_them_is_counted():
    vietnamese = "Tie\u0302\u0301ng Vie\u0323\u0302t"
    assert inline(vietnamese) == f"<bdi>{vietnamese}</bdi>"
    assert inline("z" + "\u0301" * 200) == "<bdi>z" + "\u0301" * 4 + "<i>⟨196 more marks⟩</i></bdi>"


def test_a_text_too_long_for_its_line_is_cut_and_a_block_opens():
    assert inline("x" * 300) == "<bdi>" + "x" * 240 + "… (300 characters)</bdi>"
    assert "<details" not in block("x" * 2000)
    assert block("x" * 2001).count("x" * 2000) == 2


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    root = tmp_path_factory.mktemp("run")
    ccgym.rollout("ccgym/OrderDesk-v0", "refuse", ["cancel-vi/test/0"], group=2, out=root)
    return next(root.rglob("0*.jsonl"))


def test_an_episodes_page_tells_its_turns_its_rules_and_its_rewards(capsys, recorded, tmp_path):
    target = tmp_path / "deep" / "page.html"
    status, out, _ = said(capsys, "replay", f"{recorded}#1", "--html", str(target))
    assert status == 0
    assert str(target) in out
    page = target.read_text(encoding="utf-8")
    text = " ".join(Elements(page).text)
    timeline = Timeline(ccgym.read_episodes(f"{recorded}#1")[0], "")
    for wanted in (timeline.task, timeline.steps[0].lines[-1].text, "correctness", "diversity", "Step 1"):
        assert wanted in text
    assert str(tmp_path.parent) not in page


def test_a_file_of_several_episodes_becomes_the_groups_page(capsys, recorded, tmp_path):
    status, value = answered(capsys, "replay", str(recorded), "--html", str(tmp_path / "a.html"))
    assert (status, value["of"]) == (0, str(recorded))
    answered(capsys, "group", str(recorded), "--html", str(tmp_path / "b.html"))
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert value["bytes"] == (tmp_path / "a.html").stat().st_size


def test_a_page_that_cannot_be_written_is_a_plain_error(capsys, recorded, tmp_path):
    status, _, err = said(capsys, "replay", f"{recorded}#0", "--html", str(tmp_path))
    assert status == 1
    assert "cannot be written" in err


def test_options_that_a_page_has_no_use_for_are_refused(capsys, recorded):
    status, _, err = said(capsys, "replay", f"{recorded}#0", "--html", "page.html", "--step", "1")
    assert status == 2
    assert "whole episode" in err


# ---- in a browser


def browsed(page: str, path, *arguments: str) -> str:
    """The document that Chromium makes of a page once its scripts have run."""
    path.write_text(page, encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={path.parent / 'profile'}",
        "--virtual-time-budget=4000", *arguments, "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
@pytest.mark.parametrize("kind", ["episode", "group"])
@pytest.mark.parametrize("policy", ["kept", "lifted"])
def test_a_browser_runs_nothing_of_a_hostile_page(pages, kind, policy, tmp_path):
    """Escaping alone holds, also where the page's own policy is taken away."""
    page = pages[kind]
    if policy == "lifted":
        page = re.sub(r"<meta http-equiv=.*?>", "", page)
    seen = Elements(browsed(page, tmp_path / "page.html"))
    assert "".join(seen.raw["title"]).endswith("ccgym")
    assert MARKER not in {attributes.get("id") for _, attributes in seen.found}
    assert not seen.all("img")
    assert ["hidden" in bar for bar in seen.all("nav")] == ([False] if kind == "episode" else [])  # its own script ran


DRIVER = """
const press = (key, more = {}) => (more.on ?? document.body).dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const now = () => document.querySelector(".step.now").dataset.step;
const log = [["start", now(), document.getElementById("bar").hidden]];
const act = (what, ...more) => { press(what, ...more); log.push([what, now()]); };
const keys = ["ArrowRight", "j", "ArrowLeft", "k", "End", "Home", "e", "e", "e", "E", "w", "v", "Home", "V"];
for (const key of keys) act(key);
document.getElementById("next").click(); log.push(["next", now()]);
document.getElementById("back").click(); log.push(["back", now()]);
document.querySelector('[data-jump="write"]').click(); log.push(["write", now()]);
const enter = (box, value) => { box.value = value; box.dispatchEvent(new Event("input")); };
const find = document.getElementById("find"), found = document.getElementById("found");
enter(document.getElementById("seek"), "2"); log.push(["seek", now()]);
press("/"); log.push(["/", document.activeElement === find]);
enter(find, "AFTER  2.5 S"); log.push(["found", found.textContent]);
press("Home"); press("Enter", { on: find }); log.push(["hit", now()]);
enter(find, "TIE\\u0302\\u0301NG  vie\\u0323\\u0302t"); log.push(["nfd", found.textContent]);
location.hash = "#s4";
setTimeout(() => { log.push(["hash", now()]); document.title = JSON.stringify(log); }, 300);
"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_every_key_and_control_of_a_page_moves_as_it_says(tmp_path):
    page = episode_page(Timeline(Episode(hostile_events()), "x#0"))
    page = re.sub(r"<meta http-equiv=.*?>", "", page).replace("</body>", f"<script>{DRIVER}</script></body>")
    seen = Elements(browsed(page, tmp_path / "page.html"))
    assert json.loads("".join(seen.raw["title"])) == [
        ["start", "0", False], ["ArrowRight", "1"], ["j", "2"], ["ArrowLeft", "1"], ["k", "0"], ["End", "4"],
        ["Home", "0"], ["e", "2"], ["e", "4"], ["e", "2"], ["E", "4"], ["w", "3"], ["v", "3"], ["Home", "0"],
        ["V", "3"], ["next", "4"], ["back", "3"], ["write", "3"], ["seek", "2"], ["/", True], ["found", "1 step"],
        ["hit", "2"], ["nfd", "5 steps"], ["hash", "4"],
    ]  # fmt: skip
