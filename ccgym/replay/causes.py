"""Why a replay parts from its record: the class of the cause, from what differs and from what was installed then."""

from __future__ import annotations

from typing import Any, Literal

from ccgym.env import CcgymEnv
from ccgym.plugins import registry
from ccgym.plugins.info import OWN
from ccgym.replay import draws
from ccgym.replay.comparing import Difference
from ccgym.types import Begin, Episode, GroupEvent, Message, RewardEvent, RuleEvent, StateEvent, ToolEvent, UserEvent
from ccgym.users import is_live

Cause = Literal["environment", "tool", "state", "sop", "customer", "randomness", "reward", "plugin"]
"""What changed: ccgym itself or the domain's settings; a tool's code, mock or schema; the seed state; the SOP or its
rules; the customer; a random draw; only a reward; the version of a plugin."""
CAUSES: tuple[Cause, ...] = (
    "environment", "tool", "state", "sop", "customer", "randomness", "reward", "plugin",
)  # fmt: skip
Found = tuple[Cause, str]
_OF_SCHEMA = frozenset({"bad_arguments", "unknown_tool"})
"""Codes of errors that rest on the tools' schemas."""
_OF_ENV = frozenset({"not_run", "bad_format", "timeout"})
"""Codes of errors that the environment answers, without asking a tool."""
_DRAW_NOTHING = ("script", "static")
"""Kinds of customer that draw nothing at random."""


def cause_of(difference: Difference, old: Episode, new: Episode, env: CcgymEnv) -> Found:
    """Class and reason. `env` is played in again; `new` must not be its only copy of the replay."""
    return _Inquiry(difference, old, new, env).result()


class _Inquiry:
    """One difference, with what is known of then and now."""

    def __init__(self, difference: Difference, old: Episode, new: Episode, env: CcgymEnv) -> None:
        self.difference, self.old, self.new, self.env = difference, old, new, env
        was, now = old.begin.domain, new.begin.domain
        self.known = "code" in was or "tools" in was
        """Whether the record tells the digests of the domain's parts."""
        names = ("state", "sop", "tools", "tasks", "code", "templates", "functions")
        self.changed = {name for name in names if self.known and was.get(name) != now.get(name)}
        self.functions = _functions(was) ^ _functions(now)
        self.code = bool(self.changed or changes(old.begin, new.begin))
        """Whether anything that is installed differs."""

    def result(self) -> Found:
        event = self.difference.event
        owner = None
        if isinstance(event, Begin):
            found = self.begin(event)
        elif isinstance(event, RewardEvent):
            found, owner = ("reward", f"all else is the same, and the reward {event.name} judges otherwise"), "reward"
        elif isinstance(event, GroupEvent):
            found = ("reward", "all else is the same, and the group is judged otherwise")
        else:
            found = self.talk(event)
        if found[0] in ("tool", "reward", "customer"):
            owner = {"tool": "tool", "reward": "reward", "customer": "user"}[found[0]]
            if version := self.version(owner, event):
                return "plugin", f"{found[1]}; {version}"
        if not self.known or self.code:
            return found
        return found[0], f"{found[1]}; nothing that is installed differs by its digest"

    def same(self, *names: str) -> bool:
        """Whether some parts are known to be as they were, while something else that is installed is not."""
        return self.known and self.code and not self.changed & {*names}

    # --- by what differs --------------------------------------------------------------------------------------------

    def begin(self, event: Begin) -> Found:
        field = self.difference.field
        was, now = self.old.begin.options, self.new.begin.options
        if field in ("hash", "target.hash") and was.get("exclude") != now.get("exclude"):
            return "environment", "the domain's settings leave something else out of the state hash"
        if field == "hash":
            return self.start(event)
        if field.startswith("task"):
            return self.task(field)
        if field.startswith("target"):
            return self.target()
        if field.startswith("options.perturb"):
            if self.same("tools"):
                return "randomness", "the tools are the same, and what is drawn of them to be changed is not"
            return "tool", "what is changed of the tools is not the same"
        return "environment", f"{field} comes from the domain's settings or from ccgym"

    def start(self, event: Begin) -> Found:
        calls = event.task.get("init", {}).get("calls")
        if "state" in self.changed or (not calls and not (self.known and self.code)):
            return "state", "the state at the start is another: the seed state has changed"
        if calls:
            named = self.named({call["name"] for call in calls})
            if self.known and not named and not self.changed & {"code", "tools"}:
                if draws.of_init(self.env):
                    return "randomness", "the calls of the task's init are the same, and what they draw is not"
                if self.code:
                    return "environment", "the calls of the task's init are the same, and lead to another state"
            return "tool", f"the calls of the task's init lead to another state{named}"
        if self.changed & {"code", "functions"} and self.env.domain.sync is not None:
            return "tool", "the toolset's `sync` makes another state of the same seed"
        return "environment", "the seed state is the same, and its hash is not"

    def task(self, field: str) -> Found:
        part = field.split(".")[1] if "." in field else ""
        cause: Cause = {"user": "customer", "init": "state", "rules": "sop"}.get(part, "environment")  # type: ignore[assignment]
        drawn = self.old.begin.task.get("id", "").partition("/")[0] in self.env.domain.templates
        if drawn and self.same("templates"):
            return "randomness", "the template is the same, and what is drawn of it is not"
        where = "the template that the task is drawn from" if drawn else "the task or the domain's default of it"
        return cause, f"{field} has changed in {where}"

    def target(self) -> Found:
        if draws.of_target(self.old, self.new, self.env):
            return "randomness", "the reference leads to the same but for what its calls draw"
        actions = {a["name"] for a in self.old.begin.task.get("expect", {}).get("actions", ()) if "name" in a}
        named = self.named(actions)
        if not named and "state" in self.changed:
            return "state", "the reference leads elsewhere from another seed state"
        if not named and self.same("tools", "code"):
            return "environment", "the tools are the same, and the reference leads elsewhere"
        return "tool", f"the calls of the reference lead elsewhere{named}"

    def talk(self, event: Any) -> Found:
        """The cause where it is an event between `begin` and the rewards."""
        old, new = self.difference.old, self.difference.new
        kinds = {type(each) for each in (old, new) if each is not None}
        if type(event) is Message and event.role == "system" and len(kinds) == 1:
            return self.prompt()
        if RuleEvent in kinds:
            return self.rule(next(each for each in (old, new) if type(each) is RuleEvent))
        if _of_customer(old) != _of_customer(new) and any(map(_of_customer, (old, new))):
            return "customer", "the customer does something else after the same talk"
        if kinds == {UserEvent}:
            return self.line()
        if kinds == {ToolEvent}:
            return self.call()
        if StateEvent in kinds:
            return self.otherwise("what a call changed is not the same, outside of what the state hash covers")
        return "environment", "the state, the tools' answers and the customer's lines agree up to here"

    def prompt(self) -> Found:
        task = self.env.task
        sop = self.env.domain.prompt_sop
        old, new = self.difference.old.content, self.difference.new.content
        if "tools" in self.changed and "sop" not in self.changed:
            return "tool", "the prompt shows other tools"
        if "sop" in self.changed:
            return "sop", "the prompt shows another SOP"
        if self.same("tools", "sop"):
            return "environment", "SOP and tools are the same, and the prompt is made of them in another way"
        shown = self.env.tools or self.env.domain.tools_for(task)
        tail = new.removeprefix(sop)
        if shown and old.startswith(sop) and tail != new:
            return "tool", "the prompt shows other tools"
        return "sop", "the prompt shows another SOP"

    def rule(self, event: RuleEvent) -> Found:
        about = _cited(event)
        if event.kind == "assert":
            if "probe" in event.clause:
                return self.otherwise(f"the probe of {about} finds something else in the same state")
            return "environment", f"{about} is judged otherwise in the same state"
        if self.same("sop") and "state" in self.changed:
            return "state", f"{about} is judged otherwise: the seed state has changed where the hash does not cover it"
        if self.same("sop"):
            return "environment", f"the SOP is the same, and {about} is judged otherwise"
        return "sop", f"the same calls in the same state are judged otherwise by {about}"

    def line(self) -> Found:
        user = self.old.begin.task.get("user", {})
        kind = user.get("sim", {}).get("kind", "script")
        if is_live(user, registry().users):
            return "customer", "the customer is a model, and says something else"
        if kind not in _DRAW_NOTHING and draws.of_line(self.difference, self.old, self.env):
            return "randomness", "what the customer draws at random is not the same"
        return "customer", "the customer answers the same talk otherwise"

    def call(self) -> Found:
        old, new, field = self.difference.old, self.difference.new, self.difference.field
        part = field.partition(".")[0]
        if old.requestor == "user" and part in ("name", "arguments", "requestor"):
            return "customer", "the customer calls something else after the same talk"
        if part in ("fault", "delay"):
            return "randomness", "the faults that are drawn are not the same"
        if part in ("id", "name", "arguments", "requestor", "step", "n"):
            return "environment", "the same turn is read as another call"
        codes = {each.error["code"] for each in (old, new) if each.error}
        if codes and codes <= _OF_ENV:
            return "environment", "the same turn is answered otherwise by the environment"
        if codes & _OF_SCHEMA and self.same("tools", "code"):
            return "environment", "the schemas are the same, and the arguments are judged otherwise"
        if not codes and part in ("result", "hash") and draws.of_call(self.difference, self.old, self.new, self.env):
            return "randomness", f"{old.name} does the same on the same state but for what it draws at random"
        what = "leads to another state" if field == "hash" else "answers otherwise"
        return self.otherwise(f"{old.name} {what}, from the same state and with the same arguments", old.name)

    def otherwise(self, text: str, name: str | None = None) -> Found:
        """Somebody of the toolset's, or something that it reads, has changed."""
        named = "" if name is None else self.named({name})
        if not named and "tools" not in self.changed and "state" in self.changed:
            return "state", f"{text}: the seed state has changed where the hash does not cover it"
        if not named and self.same("tools", "code"):
            return "environment", f"{text}; the tools' code and schemas are the same"
        return "tool", text + named

    # --- by what is installed ---------------------------------------------------------------------------------------

    def named(self, names: set[str]) -> str:
        """` (the code of NAME has changed)`, of those functions among some that have; "" where none has."""
        hit = sorted({name for name, _ in self.functions} & names)
        return f" (the code of {' and '.join(hit)} has changed)" if hit else ""

    def version(self, kind: Any, event: Any) -> str:
        """What the plugin that owns what differs was and is, where it has another version; else ""."""
        spec = self.env.domain.spec
        sim = self.old.begin.task.get("user", {}).get("sim", {}).get("kind", "script")
        names = {"tool": (spec.tools, spec.name), "reward": (getattr(event, "name", ""),), "user": (sim,)}[kind]
        for name in names:
            info = registry().owner(kind, name) if name else None
            if info is not None and info.distribution != OWN:
                was = self.old.begin.plugins.get(info.distribution)
                if was is not None and was["version"] != info.version:
                    return f"the plugin {info.distribution} was {was['version']}, and is {info.version}"
        return ""


def _of_customer(event: Any) -> bool:
    return type(event) is UserEvent or (type(event) is ToolEvent and event.requestor == "user")


def _cited(event: RuleEvent) -> str:
    clause = event.clause
    name = clause.get("id") or clause.get("heading") or clause.get("path") or clause.get("probe") or event.kind
    return f"{'the assert' if event.kind == 'assert' else 'the rule'} {name!r}"


def _functions(domain: dict[str, str]) -> set[tuple[str, str]]:
    return {(name, digest) for name, _, digest in (each.partition("=") for each in domain.get("functions", "").split())}


def changes(old: Begin, new: Begin) -> list[str]:
    """What was installed when an episode was recorded, and what is now: a sentence a difference."""
    told = []
    if old.ccgym != new.ccgym:
        told.append(f"ccgym was {old.ccgym}, and is {new.ccgym}")
    for name in sorted(old.plugins.keys() | new.plugins.keys()):
        was, now = (_installed(begin.plugins.get(name)) for begin in (old, new))
        if was != now:
            told.append(f"the plugin {name} was {was}, and is {now}")
    if old.domain["digest"] != new.domain["digest"]:
        was, now = (f"{begin.domain['version']} ({begin.domain['digest'][:12]})" for begin in (old, new))
        names = [name for name in ("state", "sop", "tools", "tasks") if _part(old, name) != _part(new, name)]
        where = f" (in its {', '.join(names)})" if names and "state" in old.domain else ""
        told.append(f"the domain {old.domain['name']} was {was}, and is {now}{where}")
    for name in sorted(old.fitted.keys() | new.fitted.keys()):
        if old.fitted.get(name) != new.fitted.get(name):
            told.append(f"what the reward {name} has fitted on the domain is not the same")
    return told


def _part(begin: Begin, name: str) -> str | None:
    return begin.domain.get(name)


def _installed(plugin: dict[str, str] | None) -> str:
    return "not there" if plugin is None else f"{plugin['version']} ({plugin['digest'][:12]})"
