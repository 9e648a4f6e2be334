"""References: each is played once through the agent's own code path, and must earn correctness 1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ccgym.checking.telling import look_at_talk
from ccgym.domain import Domain, Task
from ccgym.domain.findings import Findings, pointer
from ccgym.domain.models import Call, Say, Sim
from ccgym.domain.rules import Called, Tree, walk
from ccgym.env import CcgymEnv, enact
from ccgym.errors import CcgymError
from ccgym.types import Episode, ErrorEvent, RewardEvent, RuleEvent, ToolEvent
from ccgym.users import LIVE

_PROBLEM = re.compile(r"(/expect/actions/\d+): (.*)", re.S)
SPARE = 100
"""Turns after a reference for which a talk is played on."""
_BROKEN = ("tool_raised", "bad_result", "bad_state", "read_tool_wrote", "undeclared_table")
"""Codes of errors that a tool gives because it is wrong, and not because the call is."""
_LIMITS = ("max_steps", "max_chars", "max_errors", "max_tokens", "time")


@dataclass(frozen=True)
class Played:
    """One reference that was played."""

    task: Task
    place: str
    episode: Episode
    right: bool
    """It earned correctness 1."""


def play_references(env: CcgymEnv, tasks: Iterable[Task], findings: Findings) -> Iterator[Played | None]:
    """Play each task's reference, and note what is wrong with it. None for one that cannot be played."""
    domain = env.domain
    wrong = tuple(finding.place for finding in findings if finding.severity == "error")
    for task in tasks:
        place, expect = domain.places.get(f"task {task.id}", f"task {task.id}"), task.expect
        try:
            episode = enact(domain, bounded(domain, task), expect.actions, expect.say, expect.output, env=env)
            problems = env.reference().problems
        except Exception as error:  # whatever a domain's tools, customers and backends do is a finding
            if not any(other.startswith(place) for other in wrong):  # else it has been said why
                findings.add("unplayable", place, f"cannot be played: {_told(error)}", "Repair what is named")
            yield None
            continue
        scored = next((e for e in episode.of(RewardEvent) if e.name == "correctness"), None)
        right = scored is not None and scored.value == 1.0
        if right or not any(other.startswith(place) for other in wrong):
            _look_at_end(domain, task, place, episode, scored, list(problems), findings)
            look_at_talk(domain, task, place, episode, findings)
        if right:
            _look_at_effect(env, task, place, episode, findings)
        yield Played(task, place, episode, right)


def bounded(domain: Domain, task: Task) -> Task:
    """A task whose limits end an episode not too long after its reference, for customers whom nothing satisfies.

    A customer whom a model plays is played by the script: a check asks no server.
    """
    if task.user.sim.kind in LIVE:
        task = task.replace(user=task.user.model_copy(update={"sim": Sim(kind="script")}))
    limits, room = domain.limits(task), len(task.expect.actions) + SPARE
    if limits.max_steps <= room and limits.max_errors <= room:
        return task
    steps, errors = min(limits.max_steps, room), min(limits.max_errors, room)
    return task.replace(limits=task.limits.model_copy(update={"max_steps": steps, "max_errors": errors}))


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())[:300].rstrip(".")
    if isinstance(error, CcgymError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _look_at_end(
    domain: Domain, task: Task, place: str, episode: Episode, scored: RewardEvent | None, problems: list[str],
    findings: Findings,
) -> None:  # fmt: skip
    """How the episode ended, and what it earned."""
    end = episode.end.reason if episode.end else "nothing"
    right = scored is not None and scored.value == 1.0
    broken_tools = _broken_tools(domain, place, episode, right, findings)
    for problem in problems:
        match = _PROBLEM.match(problem)
        at, message = match.groups() if match else ("", problem)
        if message.partition(" ")[0] in broken_tools:
            continue
        if right and _is_tried(domain, task, int(at.rpartition("/")[2] or 0)):
            continue
        findings.add("reference-fails", f"{place} {at}".rstrip(), message, "Correct the call, or the state",
                     severity="warning" if right else "error")  # fmt: skip
    if end in ("env_error", "policy_error", "forged_token"):
        broken = [e for e in episode.of(ErrorEvent) if e.code in (end, "forged_token")]
        findings.add("unplayable", place, f"its reference ends with {end}: {broken[-1].message if broken else ''}")
    elif end in _LIMITS:
        _over_limit(domain, task, place, end, findings)
    elif scored is None or scored.status == "failed":
        why = scored.explanation if scored is not None else "there is no reward named correctness"
        findings.add("unscored-reference", place, f"cannot be scored: {why}", severity="error")
    elif scored.value is None:
        findings.add("unscored-reference", place, f"is unscored: {scored.explanation or scored.status}",
                     "`train` refuses it: configure what is missing, or take it out of reward_basis")  # fmt: skip
    elif not right and not problems:
        _shortfall(episode, place, scored, findings)
    if end not in _LIMITS:
        _cut_short(task, place, episode, end, findings)
        size = episode.begin.options.get("reference", {}).get("turns", 0)
        if size == domain.limits(task).max_steps:
            findings.add("tight-limit", place, f"the reference takes all {size} turns of max_steps: one more fails",
                         "Raise limits.max_steps")  # fmt: skip


def _broken_tools(domain: Domain, place: str, episode: Episode, right: bool, findings: Findings) -> set[str]:
    """Tools whose own code or mock failed, which no reference means them to do."""
    broken = {}
    for event in episode.of(ToolEvent):
        if event.error is not None and event.error["code"] in _BROKEN:
            broken[event.name] = event.error["message"]
    for name, message in broken.items():
        at = domain.places.get(f"tool {name}", f"tool {name}")
        if not any(finding.code == "tool-breaks" and finding.place == at for finding in findings):
            findings.add("tool-breaks", at, f"{message} (in the reference at {place})",
                         "Repair the tool; raise ToolError for what the agent should read",
                         severity="warning" if right else "error")  # fmt: skip
    return set(broken)


def _is_tried(domain: Domain, task: Task, number: int) -> bool:
    """Whether a rule asks that the call of an action be tried, whatever it answers."""
    actions = task.expect.actions
    action = actions[number] if number < len(actions) else None
    nodes: list[Tree] = [node for rule in domain.rules_of(task) for node in walk(rule.tree)]
    return isinstance(action, Call) and any(
        isinstance(node, Called) and node.tried and action.name in node.calls for node in nodes
    )


def _over_limit(domain: Domain, task: Task, place: str, end: str, findings: Findings) -> None:
    found = getattr(domain.limits(task), end, None)
    if found != getattr(domain.limits(bounded(domain, task)), end, None):
        findings.add("reference-over-limit", place, f"the talk goes on for {SPARE} turns after its reference: the "
                     "customer is never satisfied", "Look at user.sim: `done` and `patience`")  # fmt: skip
        return
    findings.add("reference-over-limit", place, f"its reference is longer than {end}{f' ({found})' if found else ''}",
                 f"Raise limits.{end}, or shorten the reference")  # fmt: skip


def _shortfall(episode: Episode, place: str, scored: RewardEvent, findings: Findings) -> None:
    """Which components a reference lacks; a break of the SOP with its clause."""
    low = [name for name, part in scored.parts.items() if part is not None and part < 1]
    breaks = [e for e in episode.of(RuleEvent) if e.tag == "sop" and e.verdict in ("violated", "error")]
    for event in breaks if "sop" in low else ():
        clause = event.clause
        cited = f"'{clause.get('text', '')}'" if clause.get("text") else f"rule {clause.get('id', '')}"
        where = f" ({clause.get('file', '')}:{clause.get('line')})" if clause.get("line") else ""
        code = "reference-breaks-sop" if event.verdict == "violated" else "rule-errs"
        findings.add(code, place, f"{event.detail or event.verdict}. The SOP says: {cited}{where}",
                     "Correct the reference, or the rule")  # fmt: skip
    rest = [name for name in low if name != "sop" or not breaks]
    end = episode.end.reason if episode.end else "nothing"
    ended = "" if episode.earning else f", as the talk ends with {end}"
    if rest or not breaks:
        why = scored.explanation or f"for want of {', '.join(rest)}"
        findings.add("reference-below-1", place, f"its reference earns correctness {scored.value:g}{ended}: {why}",
                     _remedy(rest, end))  # fmt: skip


def _remedy(low: list[str], end: str) -> str:
    if end == "customer_left":
        return "The customer did not get an answer: look at what the reference says"
    if "say" in low:
        return "Say it in the reference, or take it out of expect.say"
    if "state" in low:
        return "Correct expect.actions, or expect.state"
    return f"Correct expect.{low[0]}" if low else "Correct `expect`"


def _cut_short(task: Task, place: str, episode: Episode, end: str, findings: Findings) -> None:
    """Actions that were not played, because the talk was over."""
    own = [(i, a) for i, a in enumerate(task.expect.actions) if isinstance(a, Say) or a.requestor == "assistant"]
    turns = len(episode.turns)
    if turns < len(own):
        number, _ = own[turns]
        findings.add("reference-cut-short", f"{place} /expect/actions/{number}",
                     f"is never played: the talk ends before it, with {end}",
                     "Put it before the closing reply, or let that reply ask something")  # fmt: skip


def _look_at_effect(env: CcgymEnv, task: Task, place: str, episode: Episode, findings: Findings) -> None:
    """Writes that change nothing, and that nobody misses."""
    end = episode.end
    if task.expect.state.mode != "replay" or end is None or end.patch or end.hash != episode.begin.hash:
        return
    idle = {event.name for event in episode.calls if event.error is None and _should_write(env.domain, event.name)}
    if not idle:
        return
    rest = [action for action in task.expect.actions if not (isinstance(action, Call) and action.name in idle)]
    without = enact(env.domain, bounded(env.domain, task), rest, task.expect.say, task.expect.output, env=env)
    if without.rewards.get("correctness") == 1.0:
        findings.add("target-unchanged", place, f"the reference calls '{min(idle)}', which writes, and the state "
                     "ends as it began: without the call it earns as much",
                     "Look at what the call should change")  # fmt: skip


def _should_write(domain: Domain, name: str) -> bool:
    """Whether a tool is there to change what the state hash counts."""
    tool, hidden = domain.tools[name], domain.spec.state.exclude
    if tool.effect != "write" or tool.terminal:
        return False
    return tool.touches is None or not all(pointer(["tables", table]) in hidden for table in tool.touches)
