"""What can be said of tasks without playing them: what they expect, and whether two of them are one."""

from __future__ import annotations

from typing import Any

from ccgym import jsontext
from ccgym.domain.domain import Domain
from ccgym.domain.findings import Findings, did_you_mean, pointer
from ccgym.domain.models import Call, Say, Task
from ccgym.turns import forgery, parse_turn
from ccgym.types import Tool

_CHECKED = ("say", "asserts", "output", "judge")


def look_at_tasks(domain: Domain, findings: Findings) -> None:
    """Findings about the written tasks."""
    if not domain.tasks and not domain.templates:
        findings.add("no-tasks", "tasks.jsonl", "the domain has neither tasks nor templates", "Write some, one a line")
    for task in domain.tasks.values():
        place = domain.places[f"task {task.id}"]
        if not task.user.first_message.strip() and not task.init.messages:
            findings.add("no-first-message", f"{place} /user/first_message", "the customer's first line is empty",
                         "Write what the customer says first")  # fmt: skip
        _expected(task, place, findings)
        _spoken(task, place, findings)
        _shortcuts(domain, task, place, findings)
        if task.expect.refuse and any(_counts(domain, domain.tools[call.name]) for call in _calls(task)):
            findings.add("refuse-writes", f"{place} /expect", "`refuse` asks for no change, but the reference writes",
                         "Remove the write, or `refuse`")  # fmt: skip
    _alike(domain, findings)


def _calls(task: Task) -> list[Call]:
    return [action for action in task.expect.actions if isinstance(action, Call)]


def _counts(domain: Domain, tool: Tool) -> bool:
    """Whether what a tool writes enters the state hash: a note in a table left out of it is no change."""
    hidden = domain.spec.state.exclude
    return tool.effect == "write" and not (tool.touches and all(pointer(["tables", t]) in hidden for t in tool.touches))


def _expected(task: Task, place: str, findings: Findings) -> None:
    """`reward_basis` against what `expect` holds."""
    expect = task.expect
    for index, text in enumerate(expect.say):
        if not text.strip():
            findings.add(
                "empty-say", f"{place} /expect/say/{index}", "an empty text occurs in every reply", "Remove it"
            )
    if task.reward_basis is None:
        return
    for part in task.reward_basis:
        if (part in _CHECKED and not getattr(expect, part)) or (part == "actions" and not _calls(task)):
            findings.add("empty-component", f"{place} /reward_basis", f"names `{part}`, but `expect.{part}` is empty",
                         f"Fill it, or take `{part}` out")  # fmt: skip
    for name in _CHECKED:
        if (
            getattr(expect, name)
            and name not in task.reward_basis
            and not (name == "asserts" and "sop" in task.reward_basis)
        ):
            findings.add("unchecked-expectation", f"{place} /reward_basis", f"leaves out `{name}`, though "
                         f"`expect.{name}` is given", f"Add `{name}`, or remove what nobody checks")  # fmt: skip


def _spoken(task: Task, place: str, findings: Findings) -> None:
    """Texts that the agent is to say, and cannot: they hold tags that are the environment's own."""
    texts = [(f"/expect/say/{index}", text) for index, text in enumerate(task.expect.say)]
    texts += [(f"/expect/actions/{index}/say", action.say) for index, action in enumerate(task.expect.actions)
              if isinstance(action, Say)]  # fmt: skip
    for at, text in texts:
        parsed = parse_turn(text) if text.strip() else None
        if forgery(text) or (parsed is not None and (parsed.error or parsed.reply != text.strip())):
            findings.add("reserved-tag", f"{place} {at}", "holds a tag or token that no reply can hold",
                         "Write it without <think>, <tool_call>, <tool_response> and <|…|>")  # fmt: skip


def _shortcuts(domain: Domain, task: Task, place: str, findings: Findings) -> None:
    """`meta.shortcuts`, which demonstrations play: calls that the domain does not have."""
    shortcuts = task.meta.get("shortcuts", [])
    ways = shortcuts if isinstance(shortcuts, list) else [None]
    for number, way in enumerate(ways):
        for index, action in enumerate(way if isinstance(way, list) else [None]):
            at, problem = f"{place} /meta/shortcuts/{number}/{index}", None
            if not isinstance(action, dict) or not (isinstance(action.get("say"), str) or "name" in action):
                problem = "must be a list of lists of actions", 'Such as [[{"name": "get_order", "args": {…}}]]'
            elif "say" not in action and action["name"] not in domain.tools:
                problem = f"no tool '{str(action['name'])[:60]}'", did_you_mean(action["name"], domain.tools) or ""
            elif "say" not in action:
                wrong = domain.validators[action["name"]](action.get("args") or {})
                problem = (f"off the schema of '{action['name']}': {wrong}", "Correct it") if wrong else None
            if problem is not None:
                findings.add("bad-shortcut", at, problem[0], problem[1] or None)


def played_digest(task: Task, *, expected: bool = True) -> str:
    """SHA-256 of what the agent meets, and of what is expected of it: without tags, persona, goal and the like."""
    body = task.as_json()
    user = {key: value for key, value in body.get("user", {}).items() if key not in ("persona", "goal")}
    kept = ("init", "tools_allow", "rules", "expect") if expected else ("init", "tools_allow")
    return jsontext.digest({"user": user, **{key: body[key] for key in kept if key in body}})


def _alike(domain: Domain, findings: Findings) -> None:
    """Tasks that are the same to the agent."""
    seen: dict[str, Task] = {}
    asked: dict[str, Task] = {}
    for task in domain.tasks.values():
        place, digest = domain.places[f"task {task.id}"], played_digest(task)
        first = seen.setdefault(digest, task)
        if first.split != task.split:
            findings.add("shared-content", place, f"the same content as '{first.id}' of the split '{first.split}'",
                         "Change one, or keep both in one split")  # fmt: skip
        elif first is not task:
            findings.add("duplicate-content", place, f"the same content as '{first.id}'", "Remove one")
        else:
            other = asked.setdefault(played_digest(task, expected=False), task)
            if other is not task and _ends(other) != _ends(task):
                findings.add("ambiguous-task", place, f"the same customer and state as '{other.id}', but something "
                             "else is expected", "Let the customer say what tells them apart, or keep one")  # fmt: skip


def _ends(task: Task) -> Any:
    """What of `expect` contradicts that of another task: the words may differ, the deed may not."""
    expect = task.as_json().get("expect", {})
    calls = [(call.name, jsontext.dumps(call.args)) for call in _calls(task)]
    return [sorted(calls), expect.get("state"), expect.get("output"), bool(expect.get("refuse"))]
