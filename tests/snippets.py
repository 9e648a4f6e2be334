"""Runs the snippets of one page, in a new process and an empty folder: `python tests/snippets.py PAGE`.

What a fenced block is, its first line says:

- ```` ```LANGUAGE title="desk/sop.md" ````: a file. All of a page's files are written first. A pyproject.toml among
  them makes its folder an installed distribution.
- ```` ```python ````: is run, all of a page in one namespace. Functions that it calls `test_…` are called.
- ```` ```console ````: its lines `$ …` are run and exit with 0; the lines below one are what it prints. They may be
  `ccgym …`, `pytest …`, and `pip install -e FOLDER`, which installs as the files above are, without pip.
- ```` ```text ```` after a block of Python: what that prints. `…` stands for anything.
- ```` ```json ````, ```` ```yaml ```` and ```` ```rules ````: a part of a file. It is read.
- ```` ```sh ````: commands that take a network, a GPU or minutes. Those of ccgym are parsed, not run: `parse`.

What is for the reader alone: ```` ```md ````, a part of an SOP, which is prose; `text` after anything else; and blocks
of generated pages without a language, which their generators print.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import yaml

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


def write_files(found: list[Block], folder: Path) -> list[Path]:
    """Write the blocks that are files. Returns the folders of the projects among them."""
    for block in found:
        if block.title:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    return [path.parent for path in folder.rglob("pyproject.toml")]


def install(site: Path) -> None:
    """Make a project an installed distribution, as `pip install -e` would, unless it is one."""
    project = tomllib.loads((site / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with contextlib.suppress(metadata.PackageNotFoundError):
        metadata.distribution(project["name"])
        return
    import installing

    site = site.resolve()
    assert "readme" not in project or (site / project["readme"]).exists(), f"{site}: no {project['readme']}"
    files = [file for file in site.rglob("*") if file.is_file()]
    installing.write_metadata(site, project["name"], project["version"], project.get("entry-points", {}), files)
    sys.path.insert(0, str(site))
    import ccgym
    from ccgym.plugins import loader

    loader.scan.cache_clear()  # the next look-up finds it, as the next process would
    loader._loaded = None
    ccgym._register_envs()


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
        elif block.language == "json":
            read(block, name, json.loads)
        elif block.language in ("yaml", "rules"):
            read(block, name, yaml.safe_load)


def read(block: Block, name: str, loads: Callable[[str], object]) -> None:
    """Read a part of a file. Raises AssertionError where it is none."""
    try:
        loads(block.text)
    except ValueError as error:
        raise AssertionError(f"{name}:{block.line} is no {block.language}: {error}") from error
    except yaml.YAMLError as error:
        raise AssertionError(f"{name}:{block.line} is no YAML: {error}") from error


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
    for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        line, _, wanted = part.partition("\n")
        status, printed = command(shlex.split(line))
        if status != 0:
            raise AssertionError(f"{name}:{block.line}: `{line}` exits with {status}\n{printed}")
        if wanted.strip():
            compare(wanted, printed, f"{name}:{block.line}")


def command(arguments: list[str]) -> tuple[int, str]:
    """Run one line of a console: its exit status, and what it prints."""
    if arguments[0] == "ccgym":
        from ccgym.cli.app import run as ccgym

        status: list[int] = []
        printed = told(lambda: status.append(ccgym(arguments[1:])))
        return status[0], printed
    if arguments[0] == "pytest":
        line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments[1:]]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        done = subprocess.run(line, env=environ, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout + done.stderr
    if arguments[:3] == ["pip", "install", "-e"]:
        install(Path(arguments[3].partition("[")[0]))
        return 0, ""
    raise AssertionError(f"`{shlex.join(arguments)}` is not run: put it into a block of the language sh")


def parse(line: str) -> None:
    """Hold a command of ccgym against what its options are, without running it. Raises click.UsageError."""
    import click

    from ccgym.cli.app import ccgym

    arguments = shlex.split(line, comments=True)
    if not arguments or arguments[0] != "ccgym":
        return
    command: click.Command = ccgym
    context, rest = click.Context(ccgym), arguments[1:]
    while isinstance(command, click.Group):
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        context, command = click.Context(found, help_option_names=["-h", "--help"]), found
    command.make_parser(context).parse_args(rest)


def main(page: str) -> None:
    """Run one page in the current folder."""
    found = list(blocks(Path(page).read_text(encoding="utf-8")))
    for project in write_files(found, Path.cwd()):
        install(project)
    run(found, Path(page).name)


if __name__ == "__main__":
    main(sys.argv[1])
