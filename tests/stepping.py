"""An episode of every kind of event, written by hand, and a person at the terminal viewer."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import strategies as st

from ccgym.log import EpisodeWriter
from ccgym.turns import render_call
from ccgym.types import (
    Begin,
    End,
    Episode,
    ErrorEvent,
    GroupEvent,
    Message,
    Model,
    RewardEvent,
    RuleEvent,
    StateEvent,
    ToolEvent,
    UserEvent,
)

SIZES = [(80, 24), (140, 40)]
"""A small terminal and a large one."""
TEXTS = st.text(max_size=60) | st.text("aễ\u0302\u0301漢👩\u200d\x1b[31m]0;\u202e\t\n ", max_size=60)
"""Texts that are hard to align."""
ORDER = {"status": "placed", "address": "12 Trần Phú, Huế"}


def recorded(hostile: str = "", number: int = 0) -> Episode:
    """Eight steps. Errors at 2 and 6, writes at 3 and 5, violations at 5 and 7, tokens at 3; `hostile` stands in every
    text that is not ours."""
    events: list[Any] = []
    step = 0

    def add(make: Any, **fields: Any) -> None:
        events.append(make(episode=number, n=len(events), step=step, hash=f"{step:064d}", **fields))

    def say(text: str) -> None:
        nonlocal step
        step += 1
        add(Message, role="assistant", content=text)

    def call(ident: str, name: str, **fields: Any) -> None:
        nonlocal step
        step += 1
        add(Message, role="assistant", content=f"<think>{hostile}Now.</think>" + render_call(name, {"note": hostile}))
        add(ToolEvent, id=ident, name=name, arguments={"note": hostile}, **fields)

    def verdict(cause: str, kept: str, line: int, detail: str = "") -> None:
        clause = {"file": "sop.md", "heading": f"{hostile}2. Changes", "line": line, "text": f"{hostile}Verify first."}
        add(RuleEvent, kind="before", verdict=kept, tag="sop", clause=clause, detail=hostile + detail, cause=cause)

    task = {"id": f"{hostile}move-house", "tags": ["vi"], "init": {"state": {"tables": {"orders": {"W1": ORDER}}}}}
    gates = {"gates": {"style": "correctness"}}
    domain = {"name": "Desk", "version": "1", "digest": ""}
    add(
        Begin, schema=1, ccgym="0", env="Desk", domain=domain, task=task, seed=1, sample=0, policy="hand", options=gates
    )
    add(Message, role="system", content="Be kind." + hostile)
    add(UserEvent, content=hostile + "Tôi muốn đổi địa chỉ.")
    say("Which order?" + hostile)
    add(UserEvent, content="W1, at Nguyễn Huệ." + hostile, reveals=["order_id"])
    call("c1", "get_order", error={"code": "not_found", "message": hostile + "no W9"})
    step += 1
    add(Model, ids=[5, 6, 7, 8], mask=[0, 0, 1, 1], logprobs=[-0.01, -2.5], version="v3")
    step -= 1
    call("c2", "verify", result={"verified": True, "note": hostile}, effect="write")
    patch = [{"op": "add", "path": "/tables/session/W1", "value": {"verified": hostile or True}}]
    add(StateEvent, cause="c2", patch=patch)
    verdict("c2", "ok", 20)
    call("c3", "get_order", result=ORDER)
    call("c4", "change_address", result={"status": "saved"}, effect="write")
    old, new = ORDER["address"], "5 Lê Lợi, Đà Nẵng" + hostile
    patch = [{"op": "replace", "path": "/tables/orders/W1/address", "value": new, "old": old}]
    add(StateEvent, cause="c4", patch=patch)
    verdict("c4", "violated", 30, "change_address before confirm")
    broken = events[-1].n
    say("<tool_call>{" + hostile)
    add(ErrorEvent, code="bad_format", message="unfinished tag" + hostile)
    said = len(events)
    say("Saved." + hostile)
    add(UserEvent, content="Cảm ơn." + hostile, done=True)
    verdict("", "violated", 40, "the talk ended before a goodbye")
    add(End, reason="customer_done")
    add(RewardEvent, name="correctness", value=0.0, weight=1.0, explanation=hostile + "a clause", evidence=[broken])
    add(RewardEvent, name="style", value=0.5, weight=0.2, evidence=[said, 3], parts={"tone": 0.5, "likeness": None})
    add(RewardEvent, name="efficiency", value=0.5, weight=0.1)
    return Episode(events)


def log(path: Any, *episodes: Episode) -> str:
    """Write them as one group; the file's name."""
    with EpisodeWriter(path) as writer:
        for episode in episodes:
            writer.write(episode.events)
        totals = [0.05] * len(episodes)
        writer.write([GroupEvent(episode=-1, n=0, step=0, hash="", totals=totals, advantages=[0.0] * len(episodes))])
    return str(path)


def sit_at(
    name: str, play: Callable[[Any], Awaitable[None]], size: tuple[int, int] = (80, 24), step: int | None = None
) -> None:
    """Open the viewer in a terminal of this size and do what `play` does, with a textual `Pilot`."""
    from ccgym.view.tui.app import viewer

    async def sitting() -> None:
        app = viewer(name, step)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await play(pilot)

    gc.freeze()  # what the test run holds already is not looked through again at every key
    try:
        asyncio.run(sitting())
    finally:
        gc.unfreeze()


def strips(pilot: Any) -> list[Any]:
    """The lines of the screen, with their styles, a modal window's screen over the one below."""
    return pilot.app.screen._compositor.render_strips()


def seen(pilot: Any) -> str:
    """What a person reads on the screen."""
    return "\n".join("".join(segment.text for segment in strip) for strip in strips(pilot))


def place(pilot: Any, text: str) -> tuple[int, int]:
    """Column and line at which a text stands on the screen."""
    from rich.cells import cell_len

    for y, line in enumerate(seen(pilot).split("\n")):
        if text in line:
            return cell_len(line[: line.index(text)]), y
    raise AssertionError(f"{text!r} is not on the screen:\n{seen(pilot)}")


def at(pilot):
    """The number of the current step, which the turns mark too."""
    screen = pilot.app.screen
    assert screen.turns.highlighted == screen.at
    return screen.step.number


async def ask(pilot, key, text):
    """Press a key that asks, and answer."""
    await pilot.press(key)
    pilot.app.screen.query_one("Input").value = text
    await pilot.press("enter")
