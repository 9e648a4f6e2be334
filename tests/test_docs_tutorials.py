"""A tutorial opens with a whole plugin, and shows what `ccgym new` writes, file for file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import snippets
from venvs import Core, must

from ccgym.authoring import new_package

DOCS = Path(__file__).parents[1] / "docs"
MADE = {
    "reward": "ccgym-reward-politeness",
    "tool": "ccgym-tools-points",
    "env": "ccgym-env-parcels",
    "domain": "HotelDesk",
}
OWN = {
    "reward": {"README.md", "ccgym_reward_politeness/__init__.py", "tests/test_ccgym_reward_politeness.py"},
    "tool": {"README.md"},
    "env": {"README.md"},
    "domain": {"README.md", "domain.yaml", "sop.md", "tools.json", "state.json", "tasks.jsonl"},
}
"""Files whose content is the tutorial's own; the others are the command's, letter for letter."""
UNSHOWN = {".github/workflows/test.yml", "AUTHOR.md"}


def shown(page: str, folder: str) -> dict[str, str]:
    """The files of a folder that a page shows: path to text."""
    blocks = snippets.blocks((DOCS / page).read_text())
    return {b.title.removeprefix(f"{folder}/"): b.text for b in blocks if b.title and b.title.startswith(f"{folder}/")}


@pytest.mark.parametrize("kind", MADE)
def test_a_tutorial_shows_the_files_that_the_command_writes(kind, tmp_path, monkeypatch):
    # These tests can import the packages in plugins/, whose names the command would refuse as taken.
    monkeypatch.setattr(sys, "path", [path for path in sys.path if Path(path).parent.name != "plugins"])
    monkeypatch.delitem(sys.modules, "ccgym_reward_politeness", raising=False)
    package = new_package(kind, MADE[kind], tmp_path / "made")
    files = shown(f"tutorial-{kind}.md", MADE[kind])
    assert files.keys() == set(package.files) - UNSHOWN
    for name, text in files.items():
        if name not in OWN[kind]:
            written = (package.folder / name).read_text("utf-8")
            assert text.strip() == written.strip(), f"`ccgym new {kind}` writes another {name} than the tutorial shows"


@pytest.mark.parametrize("page", sorted(DOCS.glob("tutorial-*.md")), ids=lambda page: page.stem)
def test_a_tutorial_opens_with_the_whole_plugin_and_goes_on_to_publishing_it(page):
    text = page.read_text()
    opening = text.partition("\n## ")[0]
    titles = [block.title for block in snippets.blocks(opening)]
    assert titles[0].endswith("/pyproject.toml")
    assert titles[1].endswith("/__init__.py")
    for step in ("Install it", "Check it", "Publish it"):
        assert f"\n## {step}" in text


@pytest.fixture(scope="module")
def core(tmp_path_factory) -> Core:
    core = Core(tmp_path_factory.mktemp("reader"))
    core.sh("pip install -q pytest")
    return core


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted(DOCS.glob("tutorial-*.md")), ids=lambda page: page.stem)
def test_a_reader_who_copies_the_files_and_installs_them_gets_what_the_tutorial_says(core, page):
    folder = core.folder / page.stem
    folder.mkdir()
    (folder / "examples").symlink_to(DOCS.parent / "examples")
    for project in snippets.write_files(list(snippets.blocks(page.read_text())), folder):
        core.sh(f"pip install -q {project}")
    must(core.bin / "python", snippets.__file__, page, cwd=folder, env=core.env)
    proof = next(b for b in snippets.blocks(page.read_text().partition("\n## Check it")[2]) if b.language == "sh")
    for line in proof.text.splitlines():
        core.sh(f"cd {folder} && {line}")
