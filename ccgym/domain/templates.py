"""Endless tasks: a template is `fn(rng) -> Task | dict`, and a seed gives the same task for ever.

What occurs in `train` must not occur in a test. Endless streams cannot be compared, so contents are divided instead:
the digest of a task's content (without `id`, `split`, `meta`) says which side it belongs to. One content in five is
kept for the other splits, the rest is for `train`; a draw that lands on the wrong side is drawn again. So the sides
are disjoint by construction, however long the streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ccgym import seeds
from ccgym.domain.findings import did_you_mean, show
from ccgym.domain.models import Task
from ccgym.errors import CcgymError, DomainError

if TYPE_CHECKING:
    from ccgym.domain.domain import Domain

HELD_OUT = 5
"""One content in so many is kept for the splits other than `train`."""
ATTEMPTS = 1000


def held_out(content_digest: str) -> bool:
    """Whether a content belongs to the splits other than `train`."""
    return int(content_digest[:15], 16) % HELD_OUT == 0


def draw(domain: Domain, template: str, split: str, seed: int) -> Task:
    """The task of one template, split and seed. See `Domain.draw`."""
    function = domain.templates.get(template)
    where = f"template '{template[:60]}'"
    if function is None:
        raise DomainError(f"no {where}", where=domain.name, fix=did_you_mean(template, domain.templates))
    rng = seeds.stream("template", template, split, seed)
    train = split == "train"
    taken = _written(domain, train)
    for _ in range(ATTEMPTS):
        try:
            made: Any = function(rng)
        except CcgymError:
            raise
        except Exception as error:
            raise DomainError(f"seed {seed} raises {type(error).__name__}: {error}", where=where) from error
        if not isinstance(made, Task | dict):
            raise DomainError(f"found {show(made)}, must be a Task or a dict", where=where)
        task = domain.complete(made, f"{where} seed {seed}")
        content = task.content_digest
        if held_out(content) is not train and content not in taken:
            domain.check(task, f"{where} seed {seed}")
            return task.replace(id=f"{template}/{split}/{seed}", split=split)
    raise DomainError(
        f"{ATTEMPTS} draws gave no task that belongs to the split '{split}'", where=where,
        fix="It yields too few different tasks: let it vary more",
    )  # fmt: skip


def _written(domain: Domain, train: bool) -> set[str]:
    """Contents of the written tasks on the other side: what a draw must not repeat."""
    contents = domain._cache.get(("written", train))
    if contents is None:
        contents = {task.content_digest for task in domain.tasks.values() if (task.split == "train") is not train}
        domain._cache["written", train] = contents
    return contents
