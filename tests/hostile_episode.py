"""An episode whose every text is hostile to whoever shows it: scripts, markup, terminal sequences, bidi controls, a
line of a megabyte. `MARKER` is what a page's title, or a terminal's, would become if anything of it ran."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ccgym.log import EpisodeWriter
from ccgym.turns import render_call
from ccgym.types import (
    Begin,
    BranchEvent,
    End,
    ErrorEvent,
    GroupEvent,
    LimitEvent,
    Message,
    Model,
    RewardEvent,
    RuleEvent,
    StateEvent,
    Target,
    ToolEvent,
    UserEvent,
)

MARKER = "OWNED"
SCRIPT = f"<script>document.title='{MARKER}'</script>"
HANDLER = f"\"'><img src=x onerror=\"document.title='{MARKER}'\"><svg onload=\"document.title='{MARKER}'\">"
ESCAPING = f"</script></style></textarea></title><!-- --><script>document.title='{MARKER}'</script>"
TERMINAL = f"\x1b]0;{MARKER}\x07\x1b]52;c;T1dORUQ=\x1b\\\x1b[2J\x1b[31m\x9b1A\x90q\x9c\x00\r"
BIDI = "pay \u202e001\u2066 to \u2067gnp.exe\u200b\u2028next\u0085line"
MARKS = "z" + "\u0301\u0300\u0308\u030b" * 60 + " Tiếng Việt, مرحبا, שלום, 👩\u200d🚀"
ALL = SCRIPT + HANDLER + ESCAPING + TERMINAL + BIDI + MARKS + "[bold red]rich[/bold red] {{7*7}} ${7*7} &lt;b&gt;"
"""All of them, short enough to stand anywhere."""
MEGABYTE = "0123456789abcdef" * (1 << 16)
"""One line without a space."""
STEPS = 4
"""The agent's turns; the third writes, the last is off the format."""


def hostile_events(episode: int = 0) -> list[Any]:
    """The events of one such episode, from `begin` to its rewards."""
    events: list[Any] = []

    def add(kind: Any, step: int, /, **fields: Any) -> None:
        events.append(kind(episode=episode, n=len(events), step=step, hash=f"{step:064x}", **fields))

    row = {ALL: ALL, "note": MEGABYTE}
    add(
        Begin, 0, schema=1, ccgym="0.1.0", env=ALL, domain={"name": ALL, "version": ALL, "digest": "0" * 64},
        task={
            "id": "hostile " + ALL, "tags": [ALL, "plain"],
            "user": {"goal": ALL, "first_message": ALL, "sim": {}},
            "init": {"state": {"tables": {ALL: {ALL: row}}}},
        },
        target=Target(hash="0" * 64, patch=[]), seed=1, sample=episode, policy=ALL,
        plugins={ALL: {"version": ALL, "digest": ALL}}, options={"gates": {ALL: "format"}},
    )  # fmt: skip
    add(BranchEvent, 0, parent=ALL, at=1)
    add(Message, 0, role="system", content=ALL + MEGABYTE)
    add(UserEvent, 0, content=ALL, reveals=[ALL])
    add(Model, 1, ids=[1, 2, 3], mask=[0, 1, 1], logprobs=[-0.1, -9.5], version=ALL)
    add(Message, 1, role="assistant", content=f"<think>{ALL}</think>{ALL.replace('<', '‹')}")
    add(UserEvent, 1, content=MEGABYTE)
    add(Message, 2, role="assistant", content=render_call("look_up", {"text": "plain"}))
    add(ToolEvent, 2, id=ALL, name=ALL, arguments={ALL: [ALL, {"deep": MEGABYTE}]}, result={ALL: MEGABYTE})
    add(ToolEvent, 2, id="c2", name="late", arguments={}, error={"code": ALL, "message": ALL}, fault="late", delay=2.5)
    add(Message, 3, role="assistant", content=render_call("write", {"text": "plain"}))
    add(ToolEvent, 3, id="c3", name="write", arguments={"n": 1}, result=MEGABYTE, effect="write")
    path = "/tables/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in (ALL, ALL))
    changed = [
        {"op": "replace", "path": path + "/note", "value": ALL, "old": MEGABYTE},
        {"op": "add", "path": "/tables/orders/W1", "value": {"status": ALL}},
    ]
    add(StateEvent, 3, cause="c3", patch=changed)
    clause = {"heading": ALL, "file": ALL, "line": 7, "text": ALL + MEGABYTE}
    add(RuleEvent, 3, kind=ALL, verdict="violated", tag="sop", clause=clause, found=ALL, detail=ALL, cause="c3")
    add(RuleEvent, 3, kind="when", verdict="ok", tag="sop", clause={"heading": ALL}, cause="c3")
    add(Message, 4, role="assistant", content=f"{ALL}<tool_call>{MEGABYTE}")
    add(ErrorEvent, 4, code="bad_format", message=ALL)
    add(LimitEvent, 4, name=ALL, limit=2.0)
    add(UserEvent, 4, content=ALL, left=ALL)
    add(End, 4, reason="max_errors", patch=[])
    known = {event.n for event in events}
    add(RewardEvent, 4, name="format", value=0.5, weight=1.0, explanation=ALL, evidence=[14, 10_000], parts={ALL: None})
    add(RewardEvent, 4, name=ALL, value=-2.0, weight=0.5, explanation=MEGABYTE, evidence=sorted(known))
    add(RewardEvent, 4, name="judge", status="failed", explanation=ALL)
    return events


def write_hostile(path: Path, members: int = 1) -> Path:
    """Write a log of such episodes, with the group's line, and return its path."""
    with EpisodeWriter(path) as writer:
        for episode in range(members):
            writer.write(hostile_events(episode))
        totals: list[float | None] = [float(episode) for episode in range(members)]
        dropped = {"0": ALL} if members > 1 else {}
        group = GroupEvent(
            episode=-1, n=0, step=0, hash="", totals=totals, advantages=list(totals), dropped=dropped,
            metrics={ALL: 1.0},
        )  # fmt: skip
        writer.write([group])
    return path
