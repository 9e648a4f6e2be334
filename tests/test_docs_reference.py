"""The reference is whole: every hook, function and type is described, from the source, and nothing else is needed."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest
import snippets

import ccgym
from ccgym.plugins import hookspecs

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HOOKS = [name for name, value in vars(hookspecs).items() if hasattr(value, "ccgym_spec")]
INNER = {"ccgym.cli", "ccgym.jsontext"}
"""What a page may name and the reference does not list: not for programs of others, or a helper of an example."""


@pytest.fixture(scope="module")
def writers():
    """The programs that write the pages, which import each other."""
    sys.path.insert(0, str(DOCS))
    yield (
        importlib.import_module("hookpage"),
        importlib.import_module("typepages"),
        importlib.import_module("described"),
    )
    sys.path.remove(str(DOCS))


def blocks(page: Path) -> list[snippets.Block]:
    return list(snippets.blocks(page.read_text()))


# --- hooks ------------------------------------------------------------------------------------------------------------


def test_the_page_of_hooks_is_what_the_hooks_say(writers):
    hookpage, _, _ = writers
    assert hookpage.PAGE.read_text() == hookpage.page(), "Run: make docs"


def test_a_hook_without_a_section_is_an_error_that_names_it(writers):
    hookpage, _, _ = writers
    text = hookpage.PAGE.read_text()
    with pytest.raises(LookupError, match="train_step"):
        hookpage.page(text.replace("\n## train_step\n", "\n## trained\n"))
    example = text.rindex(hookpage.BY_HAND)
    with pytest.raises(LookupError, match="train_step"):
        hookpage.page(text[:example])


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_its_exact_signature_and_an_example_that_implements_it(hook):
    text = (DOCS / "hooks.md").read_text().partition(f"\n## {hook}\n")[2].partition("\n## ")[0]
    tree = ast.parse(Path(hookspecs.__file__).read_text())
    spec = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == hook)
    (shown,) = [block.text for block in snippets.blocks(text) if block.language == "py"]
    head = ast.parse(f"{shown.rstrip()}: ...").body[0]
    assert (head.name, ast.dump(head.args), ast.dump(head.returns)) == (
        spec.name, ast.dump(spec.args), ast.dump(spec.returns)
    )  # fmt: skip
    ran = "\n".join(block.text for block in snippets.blocks(text) if block.language == "python")
    assert re.search(rf"@ccgym\.hookimpl\n    def {hook}\(", ran)


# --- functions and types ----------------------------------------------------------------------------------------------


def test_the_pages_of_functions_and_types_are_what_the_source_says(writers):
    _, typepages, _ = writers
    for path, text in typepages.pages().items():
        assert path.read_text() == text, f"{path.name} is stale. Run: make docs"


def test_every_public_name_is_listed(writers):
    _, typepages, _ = writers
    missing = sorted(typepages.public() - typepages.listed())
    assert not missing, f"public, and on no page: {missing}. List them in docs/typepages.py, then run: make docs"
    assert {name for name in ccgym.__all__ if name != "__version__"} <= typepages.listed()
    assert {"types.Backend", "types.Policy", "types.RewardEvent"} <= typepages.public()


def test_a_public_thing_that_nobody_describes_is_an_error_that_names_it(writers, monkeypatch):
    _, typepages, described = writers
    monkeypatch.setattr(described.find("types.Tool").members["name"], "docstring", None)
    with pytest.raises(LookupError, match=r"types\.Tool\.name"):
        typepages.pages()


def test_a_page_names_nothing_of_ccgym_that_the_reference_does_not_list(writers):
    _, typepages, described = writers
    listed = typepages.listed()
    known = {f"ccgym.{path}" for path in listed} | {described.find(path).path for path in listed}
    for page in [*DOCS.glob("*.md"), ROOT / "README.md", *ROOT.glob("examples/*.py")]:
        code = [page.read_text()] if page.suffix == ".py" else [b.text for b in blocks(page) if b.language == "python"]
        for text in code:
            for name in names(ast.parse(text)):
                parts = name.split(".")
                paths = {".".join(parts[:n]) for n in range(2, len(parts) + 1)}
                assert paths & (known | INNER), f"{page.name} names {name}"


def names(tree: ast.AST) -> set[str]:
    """The dotted names of ccgym that a snippet imports or reads. A module that it imports from does not count."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "ccgym":
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            if re.fullmatch(r"ccgym(\.\w+)+", dotted):
                found.add(dotted)
    inner = {name for name in found if any(other.startswith(f"{name}.") for other in found)}
    return found - inner
