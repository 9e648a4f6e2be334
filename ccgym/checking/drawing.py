"""Templates: whether they yield tasks, the same ones for the same seed, many of them, and others in each split."""

from __future__ import annotations

from collections.abc import Iterator

from ccgym.domain import Domain, Task
from ccgym.domain.findings import Findings
from ccgym.domain.taskcheck import played_digest
from ccgym.domain.templates import draw
from ccgym.errors import CcgymError

SPLITS = ("train", "test")
SEEDS = 40
"""How many tasks of each split are compared."""
FEW = 0.5
"""A template that yields fewer different tasks than this share of the seeds varies too little."""


def draw_tasks(domain: Domain, drawn: int, findings: Findings) -> Iterator[Task]:
    """The first `drawn` tasks of each template and split, while the template is looked at."""
    written = {played_digest(task): task for task in domain.tasks.values()}
    for template in sorted(domain.templates):
        place = f"template {template}"
        contents: dict[str, dict[str, int]] = {}
        for split in SPLITS if drawn else ():
            contents[split] = {}
            failed: list[tuple[int, str]] = []
            for seed in range(max(SEEDS, drawn)):
                try:
                    task = domain.draw(template, split, seed)
                    again = seed or draw(domain, template, split, seed).digest == task.digest
                except CcgymError as error:
                    failed.append((seed, error.message if not failed else ""))
                    if len(failed) > 2 and len(failed) == seed + 1:
                        break  # it never works: a thousand more draws would say no more
                    continue
                if not again:
                    findings.add("unstable-template", f"{place} split {split} seed {seed}",
                                 "the same seed gives another task the second time",
                                 "Draw from `rng` alone: no clock, no `random`, no set")  # fmt: skip
                contents[split].setdefault(played_digest(task), seed)
                if seed < drawn:
                    yield task
            _tell(place, split, failed, len(contents[split]), max(SEEDS, drawn), findings)
        _meet(place, contents, written, findings)


def _tell(
    place: str, split: str, failed: list[tuple[int, str]], different: int, seeds: int, findings: Findings
) -> None:  # fmt: skip
    if failed:
        seed, message = failed[0]
        share = "every seed" if not different else f"{len(failed)} of {seeds} seeds"
        findings.add("template-fails", f"{place} split {split}", f"fails for {share}, such as {seed}: {message}",
                     "It must give a task for any `rng`")  # fmt: skip
    elif different < seeds * FEW:
        findings.add("few-contents", f"{place} split {split}", f"{seeds} seeds gave only {different} different tasks",
                     "Let it vary more: names, numbers, words")  # fmt: skip


def _meet(place: str, contents: dict[str, dict[str, int]], written: dict[str, Task], findings: Findings) -> None:
    """Tasks of two splits that differ in nothing that the agent meets."""
    train, test = contents.get("train", {}), contents.get("test", {})
    both = [digest for digest in test if digest in train]
    if both:
        findings.add("splits-meet", place, f"{len(both)} of {len(test)} tasks of test are those of train in all that "
                     f"the agent meets, such as seed {test[both[0]]}",
                     "Vary what the agent sees, not only tags, persona or goal")  # fmt: skip
    for split, digests in contents.items():
        same = [written[digest] for digest in digests if digest in written and written[digest].split != split]
        if same:
            findings.add("splits-meet", place, f"in {split} it yields the written task '{same[0].id}' of "
                         f"{same[0].split}", "Vary what the agent sees, not only tags, persona or goal")  # fmt: skip
