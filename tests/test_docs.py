"""The docs cannot rot: their snippets run, and what they list is what the code has."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import click
import pytest
import snippets
from pydantic import BaseModel

import ccgym
from ccgym.domain import DomainSpec, Task, mockspec, models
from ccgym.domain.dialects import ToolExtras
from ccgym.domain.models import Op, Sim
from ccgym.train.config import Config, load_config
from ccgym.types import AnyEvent, Event, Termination

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
SLOW = {"training.md"}
GENERATED = {"checks.md", "cli.md", "hooks.md", "python.md", "types.md", *(p.name for p in DOCS.glob("domain-*.md"))}
EVENTS = {kind.__struct_config__.tag: kind for kind in get_args(AnyEvent)}


@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.name, marks=[pytest.mark.slow] if p.name in SLOW else []) for p in PAGES]
)
def test_the_snippets_of_a_page_run_and_print_what_it_says(page, tmp_path):
    runner = Path(snippets.__file__)
    (tmp_path / "examples").symlink_to(ROOT / "examples")  # a reader stands in the clone
    done = subprocess.run([sys.executable, runner, page], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_a_snippet_that_prints_something_else_is_found():
    page = "```python\nprint(1 + 1)\n```\n```text\n3\n```\n"
    with pytest.raises(AssertionError, match="page:5 says"):
        snippets.run(list(snippets.blocks(page)), "page")


@pytest.mark.parametrize("language", ["json", "yaml", "rules"])
def test_a_part_of_a_file_that_cannot_be_read_is_found(language):
    page = f"```{language}\n{{[}}\n```\n"
    with pytest.raises(AssertionError, match="page:2 is no"):
        snippets.run(list(snippets.blocks(page)), "page")


def test_a_console_line_that_nobody_runs_is_found():
    with pytest.raises(AssertionError, match="is not run"):
        snippets.run(list(snippets.blocks("```console\n$ make train\n```\n")), "page")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_run_or_read_or_known_to_be_for_the_reader(page):
    for block in snippets.blocks(page.read_text()):
        where = f"{page.name}:{block.line}"
        if block.title:
            continue
        if block.language == "sh":
            for line in block.text.replace("\\\n", " ").splitlines():
                snippets.parse(line)
        elif block.language == "py":
            assert page.name in GENERATED, f"{where}: py is for signatures; call it python, or give it a title"
        else:
            assert block.language in {"python", "console", "text", "json", "yaml", "rules", "md"}, where
    if page.name not in GENERATED:
        assert not re.search(r"^(```|~~~)", outside(page.read_text()), re.M), f"{page.name}: a block without a language"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_config_that_a_page_shows_is_one(page, tmp_path):
    for block in snippets.blocks(page.read_text()):
        if block.title and block.title.endswith(".yaml") and "/" not in block.title:
            (tmp_path / block.title).write_text(block.text)
            assert load_config(tmp_path / block.title)


def outside(text: str) -> str:
    """A page without the blocks that have a language."""
    return re.sub(r"^(`{3,}|~{3,})\w+[^\n]*\n.*?^\1$", "", text, flags=re.M | re.S)


def test_a_command_that_is_not_run_has_options_that_exist():
    snippets.parse("ccgym rollout ENV --policy oracle --tasks 3  # a comment")
    snippets.parse("pip install ccgym --no-such-option")
    for line in ("ccgym rolout ENV", "ccgym rollout ENV --polcy oracle"):
        with pytest.raises(click.UsageError):
            snippets.parse(line)


def test_the_page_of_commands_is_what_the_commands_say():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.PAGE.read_text() == generate.page(), "Run: python docs/generate.py"


def test_the_pages_of_domains_are_what_the_domains_are():
    spec = importlib.util.spec_from_file_location("domainpages", DOCS / "domainpages.py")
    domainpages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(domainpages)
    for path, text in domainpages.pages().items():
        written = path.read_text() if path.exists() else ""
        assert written == text, f"{path.name} is stale. Run: python docs/generate.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        other = page.parent / name if name else page
        assert other.exists(), target
        if anchor:
            assert anchor in anchors(other.read_text()), target


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", text, re.M)}


def section(page: str, heading: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    text = (DOCS / page).read_text()
    level = heading.index(" ")
    assert f"\n{heading}\n" in text, f"{page} has no '{heading}'"
    body = text.partition(f"\n{heading}\n")[2]
    return re.split(rf"^#{{1,{level}}} ", body, flags=re.M)[0]


def rows(text: str) -> dict[str, str]:
    """Name in the first cell to the second cell, of all tables in a text. A cell may hold several names."""
    found: dict[str, str] = {}
    for first, second in re.findall(r"^\| (`[^|]+) \|([^|]*)\|", text, re.M):
        for name in re.findall(r"`([^`]+)`", first):
            found.setdefault(name, second.strip())
    return found


def fields(model: type[BaseModel], prefix: str = "") -> dict[str, object]:
    """Dotted path of each field to its default as JSON. Sections are opened, but for a customer's free form."""
    found: dict[str, object] = {}
    for name, field in model.model_fields.items():
        inner = [a for a in (field.annotation, *get_args(field.annotation)) if isinstance(a, type)]
        part = next((a for a in inner if issubclass(a, BaseModel) and not issubclass(a, Sim)), None)
        default = ... if field.is_required() else field.get_default(call_default_factory=True)
        if part is None or default is None or len(inner) > 1:
            found[prefix + name] = default
        if part is not None and get_args(field.annotation)[1:] != (...,):
            found |= fields(part, f"{prefix}{name}.")
    return found


def assert_listed(wanted: dict[str, object], text: str) -> None:
    """Each field has a row, and a default that the row spells out is the field's own."""
    listed = rows(text)
    assert not wanted.keys() - listed.keys()
    for name, default in wanted.items():
        if default is ... or not (cell := re.fullmatch("`(.+)`", listed[name])):
            continue
        shown = cell.group(1)
        plain = json.loads(json.dumps(default, default=lambda part: part.as_json()))
        same = shown == plain or [shown] == plain
        assert same or json.loads(shown) == plain, f"{name}: the page says {shown}, the default is {plain!r}"


def test_every_field_of_a_domain_is_listed():
    assert_listed(fields(DomainSpec), section("domains.md", "## domain.yaml"))


def test_every_field_of_a_task_is_listed():
    text = section("domains.md", "## tasks.jsonl")
    assert_listed(fields(Task), text)
    for model in (models.Call, models.PathAssert, models.ProbeAssert):
        assert_listed(fields(model), text)


def test_every_field_of_x_ccgym_is_listed():
    text = section("domains.md", "## tools.json")
    listed = fields(ToolExtras)
    del listed["effect"], listed["mock"]  # absent means more than null
    assert_listed(listed, text)
    assert {"effect", "mock"} <= rows(text).keys()


def test_everything_that_a_mock_may_hold_is_listed():
    text = section("domains.md", "## Declarative mocks")
    members = {name for parts in mockspec.KINDS.values() for part in parts for name in part}
    assert not {*mockspec.KINDS, *members, *mockspec.ROOTS} - set(re.findall(r"`(\w+)`", text))
    assert not {f'{{"{name}":' for name in mockspec.OPERATIONS} - set(re.findall(r'\{"\$\w+":', text))
    assert not set(get_args(Op)) - set(re.findall(r"`(\w+)`", text))


def test_everything_that_a_scripted_customer_reads_is_listed():
    assert not set(models.SCRIPT_FIELDS) - rows(section("customers.md", "## script")).keys()


def test_every_field_of_a_config_is_listed():
    assert_listed(fields(Config), section("training.md", "## The config"))


@pytest.mark.parametrize("kind", EVENTS)
def test_every_field_of_an_event_is_listed(kind):
    def of(event):
        return dict(zip(event.__struct_fields__, defaults(event), strict=True))

    common = of(Event)
    text = section("episodes.md", f"### {kind}")
    assert_listed({k: v for k, v in of(EVENTS[kind]).items() if k not in common}, text)
    assert_listed(common, section("episodes.md", "## Events").partition("###")[0])


def defaults(event: type) -> list[object]:
    """The defaults of a struct's fields, ... where there is none."""
    import msgspec

    found = []
    for field in msgspec.structs.fields(event):
        made = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        found.append(... if made is msgspec.NODEFAULT else made)
    return found


def test_every_reason_to_end_is_listed():
    assert set(rows(section("environment.md", "## Endings"))) == set(get_args(Termination))


@pytest.mark.parametrize(
    ("heading", "function"), [("## Making one", ccgym.CcgymEnv.__init__), ("## rollout", ccgym.rollout)]
)
def test_every_argument_is_listed(heading, function):
    assert (
        inspect.signature(function).parameters.keys() - {"self", "domain"}
        <= rows(section("environment.md", heading)).keys()
    )


def test_every_public_name_is_somewhere():
    text = "".join(page.read_text() for page in PAGES)
    assert [name for name in ccgym.__all__ if name != "__version__" and f"ccgym.{name}" not in text] == []
