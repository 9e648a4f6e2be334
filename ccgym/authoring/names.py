"""What a NAME becomes: a distribution, a package, and what is registered; or why it cannot be one."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

import yaml

from ccgym.authoring.words import plain, split
from ccgym.errors import ConfigError
from ccgym.plugins import registry
from ccgym.terminal import one_line

Kind = Literal["reward", "tool", "env", "domain"]
LONGEST = 64
FOLDERS = {"build", "dist", "docs", "domain", "envs", "plugins", "rewards", "src", "tables", "test", "tests", "tools"}
"""Names that folders have in many projects, this one's own among them."""
_PREFIX = re.compile(r"ccgym_(?:rewards?|tools?|envs?|domains?)_(?=[a-z])")


@dataclass(frozen=True)
class Names:
    """The names of a new package."""

    distribution: str
    """What pip installs, such as `my-reward`."""
    package: str
    """What Python imports, such as `my_reward`."""
    registered: str
    """What a command line or a domain says: the reward, or the toolset."""
    title: str
    """The class, and the last part of the environment's id, such as `MyReward`."""

    @property
    def env(self) -> str:
        """The environment's id."""
        return f"{self.distribution}/{self.title}-v0"


def names_of(kind: Kind, given: str) -> Names:
    """What a new package of this kind is called. `ccgym-reward-tone` registers the reward `tone`.

    Raises:
        ConfigError: the name cannot be one, or somebody has it already.
    """
    words = _words(kind, given)
    package = "_".join(words)
    if not package or not package[0].isalpha() or len(package) > LONGEST:
        raise _refused(kind, given, f"gives no name of a package: a letter, then letters and digits, at most {LONGEST}",
                       words)  # fmt: skip
    registered = _PREFIX.sub("", package, count=1)
    title = "".join(word.capitalize() for word in registered.split("_"))
    names = Names("-".join(words), package, registered, title)
    if problem := _taken(kind, names, given if kind == "domain" else title):
        raise _refused(kind, given, problem, words)
    return names


def _words(kind: Kind, given: str) -> list[str]:
    text = unicodedata.normalize("NFC", given).strip()
    if "/" in text or "\\" in text:
        last = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
        hint = f"Write: ccgym new {kind} {last} --out {text}" if last.strip(".") else "Say where with --out"
        raise ConfigError(f"'{one_line(text, 80)}' is a path, not a name", fix=one_line(hint, 200))
    words = [plain(word.casefold()) for word in split(text)]
    lost = [char for char in text if char.isalnum() and not plain(char.casefold()).isascii()]
    if lost:
        kept = ["".join(char for char in word if char.isascii()) for word in words]
        raise _refused(kind, given, f"holds '{lost[0]}', which no package's name may", [w for w in kept if w])
    return words


def _taken(kind: Kind, names: Names, domain: str) -> str | None:
    """Who has one of the names already, or what else it means."""
    known = registry()
    if keyword.iskeyword(names.package) or keyword.iskeyword(names.title):
        return "is a word of Python itself"
    if not isinstance(yaml.safe_load(domain), str):
        return "means something else in YAML"
    if names.package in FOLDERS:
        return "is what folders of a project are called"
    if kind == "reward" and (names.registered in known.rewards or ("reward", names.registered) in known.conflicts):
        return f"is a reward of {_owner('reward', names.registered)} already"
    if kind in ("tool", "env") and names.registered in known.tools:
        return f"is a toolset of {_owner('tool', names.registered)} already"
    if kind in ("tool", "env") and names.title in known.templates:
        return f"gives the domain {names.title}, which another package has templates for"
    if kind != "reward" and names.env in known.envs:
        return f"gives the environment {names.env}, which is there already"
    if names.distribution in _distributions():
        return f"is installed already, or used by ccgym: the distribution {names.distribution}"
    if names.package in sys.stdlib_module_names or _importable(names.package):
        return f"is taken: there is a package {names.package} in this Python already"
    return None


def _owner(kind: Literal["reward", "tool"], name: str) -> str:
    owner = registry().owner(kind, name)
    return owner.distribution if owner is not None else "another package"


def _distributions() -> set[str]:
    """What is installed, and what ccgym and its extras may install, in normal form."""
    found = {dist.metadata["Name"] for dist in metadata.distributions()}
    with suppress(metadata.PackageNotFoundError):
        found |= {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in metadata.requires("ccgym") or ()}
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found if name}


def _importable(package: str) -> bool:
    """Whether Python finds a package of that name. A mere folder that happens to lie on the path is none."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return True
    return spec is not None and (spec.origin is not None or package in metadata.packages_distributions())


def _refused(kind: Kind, given: str, problem: str, words: list[str]) -> ConfigError:
    stem = "-".join([kind, *words]) if words != [kind] else f"my-{kind}"
    hint = (stem if words else f"my-{kind}")[:LONGEST].rstrip("-")
    if kind == "domain":
        hint = "".join(word.capitalize() for word in hint.split("-"))
    return ConfigError(f"'{one_line(given, 80)}' {problem}", fix=f"Choose another, such as {hint}")
