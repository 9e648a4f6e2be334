"""Runs the snippets of one page, in a new process and an empty folder: `python tests/snippets.py PAGE`.

What a fenced block is, its first line says:

- ```` ```LANGUAGE title="desk/sop.md" ````: a file. All of a page's files are written first. A pyproject.toml among
  them makes its folder an installed distribution.
- ```` ```python ````: is run, all of a page in one namespace. Functions that it calls `test_…` are called.
- ```` ```console ````: its lines `$ ccgym …` are run and exit with 0; the lines below one are what it prints.
- ```` ```text ```` after a block of Python: what that prints. `…` stands for anything.

Blocks of any other language are for the reader.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

_BLOCK = re.compile(
    r'^(?P<fence>`{3,})(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^(?P=fence)$', re.M | re.S
)


class Block(NamedTuple):
    """One fenced block. `line` is that of its first line of text, from 1."""

    language: str
    title: str | None
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for match in _BLOCK.finditer(page):
        line = page.count("\n", 0, match.start("text")) + 1
        yield Block(match["language"], match["title"], match["text"], line)


def write_files(found: list[Block], folder: Path) -> None:
    """Write the blocks that are files, and install the distributions among them."""
    for block in found:
        if block.title:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    for path in folder.rglob("pyproject.toml"):
        import installing

        site, project = path.parent, tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        files = [file for file in site.rglob("*") if file.is_file()]
        installing.write_metadata(site, project["name"], project["version"], project["entry-points"], files)
        sys.path.insert(0, str(site))


def run(found: list[Block], name: str) -> None:
    """Run the blocks that are Python or commands, and hold what they print against the page."""
    namespace: dict[str, Any] = {"__name__": "__page__"}
    printed: str | None = None
    for block in found:
        if block.title:
            continue
        if block.language == "python":
            printed = told(lambda block=block: _python(block, name, namespace))
        elif block.language == "text" and printed is not None:
            compare(block.text, printed, f"{name}:{block.line}")
            printed = None
        elif block.language == "console":
            _console(block, name)


def told(work: Callable[[], object]) -> str:
    """What some work prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        work()
    return out.getvalue()


def compare(wanted: str, printed: str, where: str) -> None:
    """Raise where a page says something else is printed than is. Spacing is not compared."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if not doctest.OutputChecker().check_output(wanted.replace("…", "..."), printed.replace("…", "..."), flags):
        raise AssertionError(f"{where} says\n{wanted}\nbut this is printed:\n{printed}")


def _python(block: Block, name: str, namespace: dict[str, Any]) -> None:
    before = set(namespace)
    exec(compile("\n" * (block.line - 1) + block.text, name, "exec"), namespace)
    for key in [key for key in namespace if key.startswith("test_") and key not in before]:
        namespace[key]()


def _console(block: Block, name: str) -> None:
    from ccgym.cli.app import run as ccgym

    for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        line, _, wanted = part.partition("\n")
        arguments = shlex.split(line)
        if arguments[0] != "ccgym":
            continue
        status = 0

        def command(arguments: list[str] = arguments[1:]) -> None:
            nonlocal status
            status = ccgym(arguments)

        printed = told(command)
        if status != 0:
            raise AssertionError(f"{name}:{block.line}: `{line}` exits with {status}\n{printed}")
        if wanted.strip():
            compare(wanted, printed, f"{name}:{block.line}")


def main(page: str) -> None:
    """Run one page in the current folder."""
    found = list(blocks(Path(page).read_text(encoding="utf-8")))
    write_files(found, Path.cwd())
    run(found, Path(page).name)


if __name__ == "__main__":
    main(sys.argv[1])
