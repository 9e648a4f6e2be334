"""A customer whose words cannot be made again, in a branch: played from the record up to the fork, and then live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccgym.env import CcgymEnv
from ccgym.errors import CcgymError
from ccgym.plugins import registry
from ccgym.seeds import derive
from ccgym.turns import reply_of
from ccgym.types import CustomerCall, CustomerTurn, Episode, Message, UserEvent
from ccgym.users import RecordedCustomer, make_customer


class ResumedCustomer(RecordedCustomer):
    """Plays back an episode up to a step, and from there is the task's own customer, who is told what was said.

    Args:
        episode: the record.
        at: the step after which the record is left.
        line: what he is to believe that he said last, in place of his recorded line.
        env: the environment that he will be in.

    Raises:
        CcgymError: the task's customer cannot take up a talk.
    """

    def __init__(self, episode: Episode, at: int, line: str | None, env: CcgymEnv) -> None:
        super().__init__(episode)
        talk = _talk(episode, at)
        if line is not None:
            talk[-1] = talk[-1][0], line
        self._left = len(talk)
        task = env.domain.task(episode.task)
        self._live: Any = make_customer(
            episode.task.get("user", {}), language=env.domain.language, where=f"task {task.id}",
            seed=derive(episode.begin.seed, task.id), kinds=registry().users,
            tools=env.domain.tools_for(task, "user"),
        )  # fmt: skip
        if not hasattr(self._live, "resume"):
            kind = episode.task["user"]["sim"]["kind"]
            fix = "Give its customer a method resume(talk), as the guide on customers has it"
            raise CcgymError(f"a customer of kind {kind!r} cannot take up a talk in the middle", fix=fix)
        self._live.resume(talk)

    def answer(self, reply: str) -> CustomerTurn:
        """From the record, then live."""
        return super().answer(reply) if self._left > 0 else self._live.answer(reply)

    def results(self, calls: Sequence[CustomerCall]) -> CustomerTurn:
        """From the record, then live."""
        return super().results(calls) if self._left > 0 else self._live.results(calls)

    def _line(self) -> CustomerTurn:
        self._left -= 1
        return super()._line()


def _talk(episode: Episode, at: int) -> list[tuple[str, str]]:
    """What was said up to a step: the agent's reply, and the customer's line that answered it. The first is ""."""
    reply, talk = "", []
    for event in episode.events:
        if event.step > at:
            break
        if type(event) is Message and event.role == "assistant" and event.step > 0:
            reply = reply_of(event.content) or reply
        elif type(event) is UserEvent:
            talk.append((reply, event.content))
            reply = ""
    return talk
