"""The members of a group side by side: which turns they share, where they part, and what each of them earned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ccgym.errors import EpisodeError
from ccgym.log import file_and_number, log_files
from ccgym.types import GroupEvent
from ccgym.view.acting import Action, action_of, answer_of
from ccgym.view.timeline import Timeline, read_file


@dataclass(frozen=True, slots=True)
class Cell:
    """Members that have done the same, and heard the same, up to and with a step."""

    members: tuple[int, ...]
    """Their episode numbers."""
    action: Action | None
    """What they did in the step; None: they have ended before it."""
    answer: str


@dataclass(frozen=True)
class GroupView:
    """A group, its members in an order in which those that share more turns stand closer together."""

    name: str
    members: dict[int, Timeline]
    """By episode number, in that order."""
    levels: tuple[tuple[Cell, ...], ...]
    """For each step from the first, its cells, in the order of the members: together they hold all of them."""
    event: GroupEvent | None
    """What the file says of the group."""

    @property
    def common(self) -> int:
        """Steps that all members share."""
        alone = (len(cells) > 1 or cells[0].action is None for cells in self.levels)
        return next((place for place, parted in enumerate(alone) if parted), len(self.levels))

    @property
    def rewards(self) -> tuple[str, ...]:
        """The names of the rewards that any member has, in the order of the record."""
        return tuple(dict.fromkeys(reward.name for member in self.members.values() for reward in member.rewards))


def read_group(name: str | Path) -> GroupView:
    """The group that a log file holds, or, in a file of several, that which episode k of `FILE#k` is of.

    Raises:
        EpisodeError: the file is missing or broken, or holds several groups and none is named.
    """
    path = log_files(name)[0]
    if Path(name).is_dir():
        raise EpisodeError("is a folder", where=str(name), fix=f"Name the file of one group, such as {path}")
    log = read_file(path)
    groups = log.groups()
    _, number = file_and_number(name)
    if number is not None:
        groups = [members for members in groups if number in members]
    if len(groups) != 1:
        firsts = ", ".join(f"#{members[0]}" for members in log.groups()[:8]) or "none"
        raise EpisodeError(
            f"holds {len(groups)} such groups", where=str(path), fix=f"Name one by a member: FILE#k, such as {firsts}"
        )
    timelines = {k: Timeline(log.episodes[k], f"{path}#{k}", log.group) for k in groups[0]}
    return group_view(str(path), timelines, log.group)


def group_view(name: str, members: dict[int, Timeline], event: GroupEvent | None = None) -> GroupView:
    """Lay the members of a group side by side."""
    levels: list[list[Cell]] = [[Cell(tuple(members), Action("nothing", ""), "")]]
    for place in range(1, max(len(member.steps) for member in members.values())):
        levels.append([part for cell in levels[-1] for part in _parts(cell, place, members)])
    order = [number for cell in levels[-1] for number in cell.members]
    rank = {number: place for place, number in enumerate(order)}
    ordered = [
        tuple(Cell(tuple(sorted(c.members, key=rank.__getitem__)), c.action, c.answer) for c in cells)
        for cells in levels[1:]
    ]  # fmt: skip
    return GroupView(name, {number: members[number] for number in order}, tuple(ordered), event)


def _parts(cell: Cell, place: int, members: dict[int, Timeline]) -> list[Cell]:
    """The members of a cell, apart by what they did in the step at this place."""
    found: dict[tuple[Action | None, str], list[int]] = {}
    for number in cell.members:
        steps = members[number].steps
        key = (action_of(steps[place]), answer_of(steps[place])) if place < len(steps) else (None, "")
        found.setdefault(key, []).append(number)
    return [Cell(tuple(numbers), action, answer) for (action, answer), numbers in found.items()]
