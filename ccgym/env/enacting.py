"""Play a list of calls and replies through the agent's own code path."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ccgym import jsontext
from ccgym.domain import Domain, Task
from ccgym.env.registration import make
from ccgym.renaming import shown_name
from ccgym.turns import fold, render_call
from ccgym.types import Episode, StateEvent, ToolEvent

CLOSING = "OK."
"""What `enact` says when nothing is left to say and the talk goes on."""


def enact(
    domain: Domain | str | os.PathLike[str],
    task: Task | str | Mapping[str, Any],
    actions: Iterable[Any] = (),
    say: Sequence[str] = (),
    output: Any = None,
    *,
    seed: int = 0,
    sample: int = 0,
    env: Any = None,
) -> Episode:
    """Play calls and replies in order, then `say` and `output` as one last reply, and score the episode.

    Where nothing is left to say and the talk goes on, the last reply is "OK.": an episode has an end.

    Args:
        domain: a Domain, an environment's id, or a folder.
        task: a Task, its id, or its JSON.
        actions: `{name, args, requestor}` or `{say}`, as JSON or as models; each is a turn of its own. A call of the
            customer's that the customer has made already, because an earlier `say` asked for it, is not made again.
        say: texts said at the end, in one reply; those that an earlier reply held are not said again.
        output: a JSON object given in the last reply.
        seed: the episode's seed.
        sample: number of the episode in its group.
        env: an environment of that domain to play in, so that many episodes share one.

    Returns:
        The scored Episode; actions after the end of the talk are not played.
    """
    env = env if env is not None else make(domain, policy="enact")
    env.reset(options={"task": dict(task) if isinstance(task, Mapping) else task, "seed": seed, "sample": sample})
    said, over = "", False
    awaited: list[tuple[str, Any]] = []  # calls of the customer's that the actions have come to
    for action in actions:
        if over:
            break
        item = action if isinstance(action, Mapping) else action.as_json()
        if item.get("say") is not None:
            said += fold(item["say"]) + "\n"
            over = _play(env, item["say"])
        elif item.get("requestor") == "user":
            name, args = item["name"], dict(item.get("args") or {})
            awaited.append((name, args))
            if _made(env.episode, name, args) < awaited.count((name, args)):
                env.user_call(name, args)
        else:
            over = _play(env, render_call(shown_name(env.episode, item["name"]), dict(item.get("args") or {})))
    closing = [text for text in say if fold(text) not in said]
    if output is not None:
        closing.append("```json\n" + jsontext.dumps(output) + "\n```")
    if closing and not over:
        over = _play(env, "\n".join(closing))
    while not over:
        over = _play(env, CLOSING if output is None else closing[-1])
    return env.episode


def _made(episode: Episode, name: str, args: dict[str, Any]) -> int:
    """How often the customer has made a call."""
    calls = (event for event in episode.events if type(event) is ToolEvent and event.requestor == "user")
    return sum(event.name == name and event.arguments == args for event in calls)


def _play(env: Any, text: str) -> bool:
    _, _, terminated, truncated, _ = env.step(text)
    return terminated or truncated


def writes(episode: Episode) -> list[int]:
    """Positions, among the episode's calls, of those that changed the state."""
    causes = {event.cause for event in episode.events if isinstance(event, StateEvent)}
    return [i for i, call in enumerate(episode.calls) if call.id in causes]
