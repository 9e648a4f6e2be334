"""From an episode to something that stays: a regression test, or a task of the domain."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ccgym import jsontext
from ccgym.domain import Domain, Task, load_domain
from ccgym.domain.taskcheck import played_digest
from ccgym.env import CcgymEnv, enact
from ccgym.errors import CcgymError, EpisodeError
from ccgym.evaluate import SUCCESS
from ccgym.plugins import registry
from ccgym.replay.blaming import told
from ccgym.replay.playing import env_for, replay
from ccgym.turns import reply_of
from ccgym.types import AnyEvent, BranchEvent, Episode, Message, RuleEvent, ToolEvent, UserEvent
from ccgym.users import is_live

_TEST = '''"""An episode, played again: it has to come to what it came to. Written by `ccgym replay --to-test`.

What was said and done, and what it came to (`outcome`), stands in the JSON file beside this one.
"""

import json
from pathlib import Path

from ccgym.replay import play_case

CASE = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def test_the_episode_comes_to_the_same_outcome():
    assert play_case(CASE) == CASE["outcome"]
'''


def outcome(episode: Episode) -> dict[str, Any]:
    """What an episode came to: `termination`, `correctness`, and the rules that were `violated`, a sentence each."""
    end = episode.end
    violated = [told(event) for event in episode.of(RuleEvent) if event.verdict == "violated"]
    return {
        "termination": end.reason if end is not None else None,
        "correctness": episode.rewards.get(SUCCESS),
        "violated": violated,
    }


def play_case(case: Mapping[str, Any]) -> dict[str, Any]:
    """Play the episode of a regression test again.

    Args:
        case: `events`, those of the episode as JSON.

    Returns:
        What it came to, as `outcome` has it.
    """
    return outcome(replay(Episode(msgspec.convert(case["events"], list[AnyEvent]))).episode)


def write_test(episode: Episode, path: str | Path) -> tuple[Path, Path]:
    """Write a pytest regression test that plays an episode again and compares what it comes to.

    The code is the same for every episode; all text of the episode stands in a JSON file beside it, escaped to ASCII.

    Args:
        episode: what to play.
        path: the test's file, such as `tests/test_refund.py`.

    Returns:
        The test and its data.

    Raises:
        CcgymError: pytest would not find a file of that name, or one of the two is there already.
    """
    path = Path(path)
    if path.suffix != ".py" or not path.stem.startswith("test_"):
        raise CcgymError("pytest finds tests by their names", where=str(path), fix="Name it test_….py")
    data = path.with_suffix(".json")
    for file in (path, data):
        if file.exists():
            raise CcgymError("is there already", where=str(file), fix="Choose another name, or remove it")
    events = [msgspec.to_builtins(event) for event in episode.events]
    path.parent.mkdir(parents=True, exist_ok=True)
    data.write_text(json.dumps({"outcome": outcome(episode), "events": events}, indent=1) + "\n", encoding="ascii")
    path.write_text(_TEST, encoding="ascii")
    return path, data


# --- a task -----------------------------------------------------------------------------------------------------------


def to_task(episode: Episode, env: CcgymEnv | None = None, *, id: str | None = None) -> dict[str, Any]:
    """A task for the domain's `tasks.jsonl`, made from an episode.

    It is the episode's own task under a new id. Where the episode succeeded, what it did is the reference; else the
    task's own reference stays. A customer whom a model played becomes one who says the recorded lines.

    Args:
        episode: what was played.
        env: an environment of the episode's domain; None: made from what its `begin` names.
        id: of the task; None: made from that of the episode's.

    Raises:
        EpisodeError: the domain has this task, the episode is a branch in which something was edited, or nothing of
            what it holds leads to success.
    """
    edited = any(b.results or b.lines or b.patch is not None for b in episode.of(BranchEvent))
    if edited:
        raise EpisodeError("what was edited in this branch is in no task", fix="Give an episode without edits")
    if env is None:  # a world that works: a task is no matter of the faults that its episode met
        works = {name: value for name, value in episode.begin.options.items() if name != "faults"}
        env = env_for(msgspec.structs.replace(episode.begin, options=works), {SUCCESS: 1.0})
    domain = env.domain
    task = json.loads(json.dumps(episode.task))
    if is_live(task.get("user", {}), registry().users):
        lines = [event.content for event in episode.of(UserEvent)]
        task["user"] = {**task["user"], "first_message": lines[0], "sim": {"kind": "static", "lines": lines[1:]}}
    task["id"] = id or _free_id(domain, task["id"])
    task.get("meta", {}).pop("shortcuts", None)
    own = task.get("expect", {})
    ways = [{**own, "actions": done(episode)}] if episode.rewards.get(SUCCESS) == 1 else []
    for expect in [*ways, own]:
        candidate = domain.task({**task, "expect": expect})
        played = enact(
            domain, candidate, expect.get("actions", ()), expect.get("say", ()), expect.get("output"), env=env
        )
        if played.rewards.get(SUCCESS) == 1:
            _refuse_known(domain, candidate)
            return candidate.as_json()
    raise EpisodeError(
        "neither what the episode did nor its task's reference succeeds in the domain as installed",
        fix="Write `expect` by hand; `ccgym check` says what it lacks",
    )


def add_task(task: Mapping[str, Any], path: str | Path) -> Path:
    """Add a task as a line to a file of tasks, or to the `tasks.jsonl` of a domain folder; returns the file.

    Raises:
        CcgymError: the file holds something that is no task, or has one of that id; or the task is none of the domain
            in whose folder it would stand.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "tasks.jsonl"
    before = _text_of(path)
    for number, line in enumerate(before.splitlines(), 1):
        if not line.strip():
            continue
        known = _object(line)
        if known is None or "event" in known:
            fix = "Name a domain's folder or its tasks.jsonl, or a new file"
            raise CcgymError("holds something that is no task", where=f"{path}:{number}", fix=fix)
        if known.get("id") == task["id"]:
            raise CcgymError(
                f"has a task {task['id']!r} already", where=str(path), fix="Remove it, or choose another file"
            )
    if path.name == "tasks.jsonl" and (path.parent / "domain.yaml").is_file():
        load_domain(path.parent).task(dict(task))
    path.parent.mkdir(parents=True, exist_ok=True)
    gap = "\n" if before and not before.endswith("\n") else ""
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{gap}{jsontext.dumps(task)}\n")
    return path


def _text_of(path: Path) -> str:
    """What a file that may not be there yet holds. Raises CcgymError where it is no text."""
    if not path.exists():
        return ""
    if not path.is_file():
        raise CcgymError("is no file", where=str(path), fix="Name a domain's folder or its tasks.jsonl, or a new file")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CcgymError("is no file of tasks: it is not UTF-8", where=str(path), fix="Choose another file") from None


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def done(episode: Episode) -> list[dict[str, Any]]:
    """What was done in an episode, as the actions of a reference: calls that succeeded, and replies."""
    actions: list[dict[str, Any]] = []
    for event in episode.events:
        if type(event) is ToolEvent and event.error is None and (event.step > 0 or event.requestor == "user"):
            action: dict[str, Any] = {"name": event.name, "args": event.arguments}
            actions.append(action if event.requestor == "assistant" else {**action, "requestor": "user"})
        elif type(event) is Message and event.role == "assistant" and event.step > 0:
            reply = reply_of(event.content)
            if reply is not None:
                actions.append({"say": reply})
    return actions


def _free_id(domain: Domain, id: str) -> str:
    """An id of its own that a file and a shell can bear, named after another task."""
    plain = re.sub(r"[^\w.-]+", "-", id).strip("-") or "task"
    number, found = 2, f"from-{plain}"
    while found in domain.tasks:
        found, number = f"from-{plain}-{number}", number + 1
    return found


def _refuse_known(domain: Domain, task: Task) -> None:
    """Raise EpisodeError where the domain has a task that is the same to the agent."""
    asked = played_digest(task, expected=False)
    for known in domain.tasks.values():
        if played_digest(known, expected=False) == asked:
            raise EpisodeError(
                f"{domain.name} has this task: {known.id!r} is the same customer in the same state",
                fix="Play that one; a task is made from an episode whose task was drawn, or is no longer there",
            )
