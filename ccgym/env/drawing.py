"""Which task is played where nobody names one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from ccgym.domain import Domain, Task
from ccgym.errors import CcgymError


def draw_task(domain: Domain, split: str | None, rng: numpy.random.Generator) -> Task:
    """A written task of the split, or of the whole domain; where there is none, one of a template.

    Raises:
        CcgymError: there is nothing to draw from.
    """
    tasks: Sequence[Task] = domain.split(split) if split else list(domain.tasks.values())
    if tasks:
        return tasks[int(rng.integers(len(tasks)))]
    if not domain.templates:
        where = f"split {split!r} of {domain.name}" if split else domain.name
        raise CcgymError("holds no tasks to draw from", where=where, fix="Name a task, or another split")
    names = sorted(domain.templates)
    name = names[int(rng.integers(len(names)))]
    return domain.draw(name, split or "train", int(rng.integers(2**31)))
