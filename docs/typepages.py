"""Writes docs/python.md and docs/types.md: every public function and type, from the source.

What a member is for says its own docstring; else the argument of the same name; else the row of the page that lists the
fields of its type. A public thing about which nobody says anything is an error.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import described
import gymnasium
from described import brief, find, flat, plain, prose, signature, value

import ccgym
from ccgym.types import AnyEvent

FOLDER = Path(__file__).parent
FUNCTIONS = {
    "Playing": ["make", "enact", "rollout", "read_episodes", "evaluate.evaluate"],
    "Debugging": [
        "replay.replay", "replay.verify", "replay.fork", "replay.branch_out", "replay.blame", "replay.minimise",
        "replay.to_task", "replay.write_test",
    ],
    "Domains": ["load_domain", "checking.check", "audit.audit", "users.make_customer"],
    "Rewards and tools": ["reward", "score", "tool"],
    "Plugins": ["hookimpl", "register", "plugins.unregister", "plugins.registry"],
    "Proving plugins": [
        "kit.check_plugin", "kit.strategies.json_values", "kit.strategies.arguments", "kit.strategies.turns",
        "kit.strategies.episodes",
    ],
    "Training": ["train.config.load_config", "train.run.train"],
}  # fmt: skip
TYPES = {
    "Episodes": [
        "Episode", "types.Event", "types.Begin", "types.Target", "types.Message", "types.Model", "types.ToolEvent",
        "types.StateEvent", "types.RuleEvent", "types.UserEvent", "types.LimitEvent", "types.ErrorEvent",
        "types.BranchEvent", "types.End", "types.RewardEvent", "types.GroupEvent", "types.AnyEvent", "types.Episodes",
        "types.SCHEMA_VERSION", "types.UNCOMPARED", "log.EpisodeWriter",
    ],
    "Debugging": [
        "replay.Verified", "replay.Divergence", "replay.Change", "replay.Branches", "replay.Blame", "replay.Worth",
        "replay.Minimised",
    ],
    "Endings": ["types.Termination", "types.TERMINATED", "types.TRUNCATED", "types.EARNING", "types.FAILURES"],
    "Environments": ["CcgymEnv", "env.target.Reference", "env.Job", "env.Outcome"],
    "Policies": ["types.Policy", "types.Request", "Turn"],
    "Customers": ["types.Customer", "types.CustomerTurn", "types.CustomerCall"],
    "Tools and backends": [
        "types.Tool", "plugins.Toolset", "types.ToolFunction", "backend.context.ToolContext", "types.Backend",
        "types.Requestor", "types.Effect", "types.Fault", "types.LOST",
    ],
    "Rewards": ["RewardResult", "plugins.RewardMark", "scoring.Scored", "scoring.Scorer", "scoring.GroupScore"],
    "Domains": [
        "Domain", "domain.DomainSpec", "domain.Limits", "domain.rules.Rule", "domain.rules.Clause",
        "domain.ArgumentValidator", "Task", "domain.models.Sim", "domain.models.Call", "domain.models.Say",
        "domain.models.PathAssert", "domain.models.ProbeAssert", "domain.models.PatchOp", "domain.models.Message",
        "domain.Finding", "checking.Checked",
    ],
    "Audit": ["audit.AuditReport", "audit.Row", "audit.Finding", "audit.Gambit", "audit.case.Case"],
    "Plugins": ["plugins.PluginInfo", "plugins.Registry"],
    "Training": ["train.config.Config", "train.console.Console"],
    "Errors": [
        "CcgymError", "ToolError", "errors.ConfigError", "errors.DomainError", "errors.EpisodeError",
        "errors.MissingExtra", "errors.PluginError", "errors.RewardError",
    ],
}  # fmt: skip
LISTS = {
    "DomainSpec": ("domains.md", "## domain.yaml"),
    "Task": ("domains.md", "## tasks.jsonl"),
    "Call": ("domains.md", "## tasks.jsonl"),
    "PathAssert": ("domains.md", "## tasks.jsonl"),
    "ProbeAssert": ("domains.md", "## tasks.jsonl"),
    "Config": ("training.md", "## The config"),
}
"""Type to the page and the heading under which its fields are listed; events stand in episodes.md."""
EVENTS = {f"ccgym.types.{kind.__name__}": kind.__struct_config__.tag for kind in get_args(AnyEvent)}
"""Path of a kind of event to what its lines call it."""
HEADS = {
    "python.md": """\
# Functions

<!-- Written by docs/generate.py from the source. -->

What a notebook, a test or a plugin calls. Types stand in [types](types.md). Names are given as they are imported: what
is `ccgym.make` here is there after `import ccgym`. Heavy packages load at first use only.
""",
    "types.md": """\
# Types

<!-- Written by docs/generate.py from the source. -->

Every public type: its fields in order, with their types and defaults, and what it can do. Functions stand in
[functions](python.md).
""",
}


def pages() -> dict[Path, str]:
    """File to text. Raises LookupError where something public is described nowhere."""
    found = {}
    for name, groups in (("python.md", FUNCTIONS), ("types.md", TYPES)):
        parts = [HEADS[name]]
        for heading, paths in groups.items():
            parts.append(f"## {heading}\n")
            parts += [_section(path) for path in paths]
        found[FOLDER / name] = "\n".join(parts)
    return found


def title(path: str) -> str:
    """The heading of a path: its name, and where ccgym.types has one of that name too, its module before it."""
    name = path.rpartition(".")[2]
    alone = sum(each.rpartition(".")[2] == name for paths in TYPES.values() for each in paths) <= 1
    return name if alone or path.startswith("types.") else path


def _section(path: str) -> str:
    thing = find(path)
    text = _said(thing, prose(thing))
    parts = [f"### {title(path)}", f"`ccgym.{path}`" + _kind(thing), text]
    if thing.is_function:
        parts.insert(2, signature(thing))
    elif thing.is_attribute and thing.name != "hookimpl":
        parts.insert(2, f"```py\n{_laid_out(thing)}\n```")
    elif thing.is_class:
        if (made := thing.members.get("__init__")) and "Arguments:" in text:
            parts.insert(2, signature(made, thing.name, "class"))
        members = "\n".join(_members(thing))
        parts += ["Members:" if members and "\n- " in text else "", members]
    parts.append(_see_also(thing))
    return "\n\n".join(part for part in parts if part) + "\n"


def _see_also(thing: Any) -> str:
    """Links to the public types that a signature, or the members of a class, name."""
    own = [each for name, each in thing.members.items() if not each.is_alias and (name[0] != "_" or name == "__init__")]
    named = set().union(*(described.named(each) for each in (own if thing.is_class else [thing])))
    links = [
        f"[{title(path)}](types.md#{re.sub('[^a-z0-9_]', '', title(path).lower())})"
        for paths in TYPES.values()
        for path in paths
        if (other := find(path)).path in named and other is not thing
    ]
    return f"See also: {', '.join(links)}." if links else ""


def _laid_out(attribute: Any) -> str:
    return textwrap.fill(f"{attribute.name} = {value(attribute.value)}", described.WIDTH, subsequent_indent="    ")


def _kind(thing: Any) -> str:
    if not thing.is_class:
        return ""
    bases = [str(base).partition("[")[0] for base in thing.bases]
    if "Protocol" in bases:
        return ": any object with these members."
    own = [base for base in bases if base not in ("Part", "msgspec.Struct", "NamedTuple", "list")]
    return f", {'an' if own[0][0] in 'AEIOU' else 'a'} `{own[0]}`." if own else ""


def _members(thing: Any) -> Iterator[str]:
    """A bullet for each field, property and method; a model's fields are opened."""
    inherited = {*dir(gymnasium.Env), *gymnasium.Env.__annotations__} if thing.name == "CcgymEnv" else set()
    for name, member in thing.members.items():
        if (
            name.startswith("_")
            or member.is_alias
            or (name in inherited and not member.docstring)
            or name == "model_config"
        ):
            continue
        if member.is_function:
            text, points = described.points(member)
            yield f"- `{brief(member)}`: {_said(member, text)}"
            yield from (f"    - {point}" for point in points)
        else:
            yield from _field(thing, member)


def _field(owner: Any, member: Any, prefix: str = "", root: Any = None, depth: int = 0) -> Iterator[str]:
    root = root or owner
    kind = plain(member.annotation) if member.annotation is not None else ""
    given = member.value is not None and "class-attribute" in member.labels
    default = f" = {plain_default(member)}" if given else ""
    text = flat(prose(member)) or _argument(owner, member.name) or _rows(root).get(prefix + member.name, "")
    inner = _model(member, kind) if root.name in LISTS else None
    if inner is not None and not text:
        text = flat(prose(inner))
    name = f"{member.name}: {kind}" if kind else member.name
    yield f"{'    ' * depth}- `{name}{default}`: {_said(member, text)}"
    if inner is not None:
        for each in (inner.inherited_members | inner.members).values():
            if each.is_attribute and not each.name.startswith("_") and each.name != "model_config":
                yield from _field(inner, each, f"{prefix}{member.name}.", root, depth + 1)


def _model(member: Any, kind: str) -> Any:
    """The model of our own that a field holds one of."""
    found = member.module.members.get(kind.removesuffix(" | None"))
    if found is None or (found.is_alias and not found.target_path.startswith("ccgym.")):
        return None
    found = found.final_target if found.is_alias else found
    return found if found.is_class and kind != "Sim" else None


def plain_default(member: Any) -> str:
    """A default as a reader needs it."""
    text = value(" ".join(str(member.value).split()))
    text = re.sub(r"^Field\((\(.*?\)),.*\)$", r"\1", text)
    text = re.sub(r"^field\(default(?:_factory)?=(?:lambda: )?(.*?)(, .*)?\)$", r"\1", text)
    return {"dict": "{}", "list": "[]"}.get(text, text)


def _argument(owner: Any, name: str) -> str:
    """What the `Args:` of a class say of the argument of that name."""
    if owner.docstring is None:
        return ""
    for section in owner.docstring.parse("google", warnings=False):
        if section.kind.value == "parameters":
            for item in section.value:
                if item.name == name:
                    return flat(item.description)
    return ""


def _rows(thing: Any) -> Mapping[str, str]:
    """Field to what the page says that lists the fields of a type."""
    if thing.name in LISTS:
        page, heading = LISTS[thing.name]
    elif thing.path == "ccgym.types.Event":
        page, heading = "episodes.md", "## Events"
    elif kind := EVENTS.get(thing.path):
        page, heading = "episodes.md", f"### {kind}"
    else:
        return {}
    text = (FOLDER / page).read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    text = re.split(rf"^#{{1,{max(heading.index(' '), 2)}}} |^### ", text, flags=re.M)[0]
    found = {}
    for name, cell in re.findall(r"^\| `([^`|]+)` \|[^|]*\| (.*?) \|$", text, re.M):
        found[name] = cell
    return found


def _said(thing: Any, text: str) -> str:
    if not text:
        raise LookupError(f"{thing.path} is public, and nothing says what it is: write a docstring")
    return text[0].upper() + text[1:] + ("" if text[-1] in ".:`" else ".")


def public() -> set[str]:
    """Every public path: what `ccgym` offers, and whatever `ccgym.types` holds."""
    own = {
        f"types.{name}"
        for name, each in find("types").members.items()
        if not name.startswith("_") and not each.is_alias
    }
    at_top = {name for name in ccgym.__all__ if name != "__version__"}
    return at_top | {path for path in own if path[6:] not in at_top}


def listed() -> set[str]:
    """Every path that the two pages have."""
    return {path for groups in (FUNCTIONS, TYPES) for paths in groups.values() for path in paths}
