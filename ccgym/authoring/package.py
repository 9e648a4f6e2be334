"""A whole package to begin with: a reward, a tool, an environment or a domain, ready to install and to test.

The folders of `starters/` are such packages, of the names `the-package`, `the_package`, `the_name` and `TheName`. A new
package is a copy in which these are replaced. Python files end with `.in` there: they are no modules of ccgym.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from ccgym.authoring.create import NewDomain, domain_name, new_domain
from ccgym.authoring.names import Kind, Names, names_of
from ccgym.authoring.placing import placed

STARTERS = Path(__file__).parent / "starters"
_TOKEN = re.compile("the-package|the_package|the_name|TheName")


@dataclass(frozen=True)
class NewPackage:
    """What was written, and where."""

    kind: Kind
    names: Names
    folder: Path
    files: tuple[str, ...]
    """Paths inside the folder."""
    domain: NewDomain | None = None
    """What was guessed, for a domain."""

    @property
    def commands(self) -> list[str]:
        """What to run next, from where the command ran."""
        here = shlex.quote(str(self.folder))
        path = shlex.quote(str(self.folder) if len(self.folder.parts) > 1 else f"./{self.folder}")
        known, env = self.names.distribution, self.names.env
        played = f"ccgym/OrderDesk-v0 --policy oracle --tasks 4 --reward {self.names.registered}=0.5"
        return [
            f"pip install {path}",
            f"ccgym check {here if self.kind == 'domain' else known}",
            f"ccgym rollout {played}" if self.kind == "reward" else f"ccgym rollout {env} --policy oracle",
            f"pip install pytest && pytest {here}",
        ]


def new_package(
    kind: Kind, name: str, out: Path | None = None, *, tools: Path | None = None, sop: Path | None = None
) -> NewPackage:
    """Write a package.

    Args:
        kind: what it holds.
        name: what to call it: see `names_of`.
        out: the folder to make; None: one of the distribution's name, for a domain of the domain's. Nothing that exists
            is touched.
        tools: for a domain, see `new_domain`.
        sop: for a domain, see `new_domain`.

    Raises:
        ConfigError: a name that cannot be one or that somebody has, or a folder that is there already.
        DomainError: what is wrong with a file, and where.
    """
    names = names_of(kind, domain_name(name) if kind == "domain" else name)
    folder = out if out is not None else Path(name if kind == "domain" else names.distribution)
    domain = None
    with placed(folder) as at:
        if kind == "domain":
            domain = new_domain(name, tools, sop, at)
            domain.folder = folder
        for starter in ("every", kind):
            _copy(STARTERS / starter, at, names)
        files = tuple(sorted(path.relative_to(at).as_posix() for path in at.rglob("*") if path.is_file()))
    return NewPackage(kind, names, folder, files, domain)


def _copy(starter: Path, at: Path, names: Names) -> None:
    given = {
        "the-package": names.distribution, "the_package": names.package,
        "the_name": names.registered, "TheName": names.title,
    }  # fmt: skip
    for source in sorted(path for path in starter.rglob("*") if path.is_file()):
        path, text = (_TOKEN.sub(lambda match: given[match[0]], part)
                      for part in (source.relative_to(starter).as_posix(), source.read_text("utf-8")))  # fmt: skip
        target = at / path.removesuffix(".in")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
