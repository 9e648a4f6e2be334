"""The rows that the episode has touched so far; first those that the step changed, as old → new."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from textual.content import Content

from ccgym.view.rows import ABSENT, ChangeView, RowView
from ccgym.view.steps import StepView
from ccgym.view.timeline import Timeline
from ccgym.view.tui.blocks import MOST_BLOCKS, Block, Row, cut, json_line, shown

LABELS = 16
"""The most columns of the names of fields."""


def state(timeline: Timeline, step: StepView) -> list[tuple[Block, int | None]]:
    """A block a row."""
    rows = timeline.state_at(step.number)
    if not rows:
        return [
            (
                Block(
                    [Row(Content.styled("The episode touches no row of the state.", "$foreground-muted"), beside=False)]
                ),
                None,
            )
        ]
    lines = [_lines(row) for row in sorted(rows, key=lambda row: not row.changes)[: MOST_BLOCKS + 1]]
    gutter = min(max(cell_len(line.label) for each in lines for line in each), LABELS) + 2
    return [(Block(each, gutter), None) for each in lines]


def _lines(row: RowView) -> list[Row]:
    name = "/".join(part for part in (row.table, row.key) if part) or "the whole state"
    heading: list[Content | tuple[str, str]] = [(cut(name), "bold")]
    if row.changes:
        heading.append((f"  {_told(row.changes)}", "$warning"))
    elif row.value is ABSENT:
        heading.append(("  not there", "$foreground-muted"))
    if not row.whole and row.value is not ABSENT:
        heading.append(("  known in part", "$foreground-muted"))
    was, fields, deeper = _fields(row)
    rows = [Row(Content.assemble(*heading), beside=False)]
    rows += [Row(_value(was.get(field, ABSENT), fields[field], field in was), cut(field)) for field in fields]
    rows += [Row(_value(change.old, change.new, True), cut(change.path)) for change in deeper]
    return rows


def _told(changes: tuple[ChangeView, ...]) -> str:
    """What happened to the row, in a word."""
    whole = [change for change in changes if not change.path]
    if not whole:
        return "changed"
    return "added" if whole[0].old is ABSENT else "removed" if whole[-1].new is ABSENT else "replaced"


def _fields(row: RowView) -> tuple[dict[str, Any], dict[str, Any], list[ChangeView]]:
    """Fields that the step changed, with what they were; all fields, as they are; changes deeper within a field."""
    was: dict[str, Any] = {}
    deeper = []
    now = _by_name(row.value)
    for change in row.changes:
        if not change.path:
            old, new = _by_name(change.old), _by_name(change.new)
            was |= {
                name: old.get(name, ABSENT) for name in [*old, *new] if old.get(name, ABSENT) != new.get(name, ABSENT)
            }
        elif "/" in change.path:
            deeper.append(change)
        else:
            was.setdefault(change.path, change.old)
    return was, now | {name: ABSENT for name in was if name not in now}, deeper


def _by_name(value: Any) -> dict[str, Any]:
    if value is ABSENT:
        return {}
    return {str(name): each for name, each in value.items()} if isinstance(value, dict) else {"": value}


def _value(old: Any, new: Any, changed: bool) -> Content:
    if not changed:
        return shown(_text(new))
    if old is ABSENT:
        return shown(_text(new), "$success")
    fate: Content = Content.styled("removed", "$error") if new is ABSENT else shown(_text(new), "$success")
    return Content.assemble(shown(_text(old), "$error"), (" → ", "$foreground-muted"), fate)


def _text(value: Any) -> str:
    if value is ABSENT:
        return "not there"
    return value if isinstance(value, str) else json_line(value)
