"""The docs as a site: built without a warning, every page in the navigation, and nothing fetched from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
ENVIRON = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site. Broken links, missing anchors and pages out of the navigation are warnings, and so errors."""
    folder = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder]
    done = subprocess.run(line, cwd=ROOT, env=ENVIRON, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_is_built(site):
    assert {path.stem for path in PAGES} <= {path.stem for path in site.glob("*.html")}


def test_a_built_page_loads_nothing_from_elsewhere(site):
    for page in site.glob("*.html"):
        text = page.read_text()
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]* src=\"?(https?:[^\"> ]+)", text)
        loaded += re.findall(r"<link[^>]* href=\"?(https?:[^\"> ]+)", text)
        assert not loaded, page.name
    assert not list(site.glob("*.py"))


def test_the_site_can_be_searched(site):
    assert "register_rewards" in (site / "search" / "search_index.json").read_text()


@pytest.mark.parametrize(("text", "says"), [
    ("[nowhere](nowhere.md)", "nowhere.md"),
    ("[no heading](index.md#no-such-heading)", "no-such-heading"),
])  # fmt: skip
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path, text, says):
    config = (ROOT / "mkdocs.yml").read_text()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Start\n\n{text}\n")
    (tmp_path / "docs" / "site.css").write_text("")
    nav = re.compile(r"^nav:\n(?:  .*\n)+", re.M)
    assert nav.search(config)
    (tmp_path / "mkdocs.yml").write_text(nav.sub("nav: [index.md]\n", config))
    line = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(line, cwd=tmp_path, env=ENVIRON, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    assert says in done.stderr


def test_every_page_stands_in_the_navigation_once():
    class Loader(yaml.SafeLoader):
        """Reads past the tags that name Python functions."""

    Loader.add_multi_constructor("!!python/", lambda loader, suffix, node: None)
    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)

    def leaves(part):
        if isinstance(part, str):
            return [part]
        return [leaf for each in (part.values() if isinstance(part, dict) else part) for leaf in leaves(each)]

    listed = leaves(yaml.load((ROOT / "mkdocs.yml").read_text(), Loader)["nav"])
    assert sorted(listed) == sorted(path.name for path in PAGES)
