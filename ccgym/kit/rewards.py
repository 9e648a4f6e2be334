"""The laws of rewards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.metadata import EntryPoint
from typing import Any

import msgspec
import orjson

from ccgym.domain.findings import Finding, show
from ccgym.kit.asking import Asked, Reward
from ccgym.kit.episodes import Gallery, fresh, gallery
from ccgym.kit.law import Say, Trial, finding
from ccgym.kit.purity import another_day, changed, fingerprint, impure_names
from ccgym.kit.subject import Subject
from ccgym.kit.worker import raised_at
from ccgym.plugins import registry, reward_mark
from ccgym.types import Episode

GRACE = 5.0
"""Seconds beyond its own limit after which a reward is killed with its process."""
_PATIENCE = 240.0
"""Seconds that the other processes may take."""
_SLACK = 1e-9
_PAYS = 0.01
"""Share of a reward's range that padding may earn: less is the noise of a similarity."""
_CODES = {"raised": "reward-raises", "overtime": "reward-slow", "range": "reward-range", "finite": "reward-not-finite"}


def reward_trials(subject: Subject) -> Iterator[Trial]:
    """Every law of rewards, for every reward of a plugin."""
    names = subject.names("reward")
    if not names:
        return
    domain = subject.domain()
    gallery(domain)  # made here, once for all trials
    firsts = []
    for name in names:
        cls, place = registry().require("reward", name), subject.place("reward", name)
        seconds = reward_mark(cls).seconds
        firsts.append(f"reward {name}: {_FIRST[0]}")
        for says, law in (_FIRST, *_LAWS):
            needs = () if law is _FIRST[1] else (firsts[-1],)
            yield Trial(
                f"reward {name}: {says}", place, partial(_tried, law, cls, place, domain), seconds + GRACE, needs
            )
    if any(isinstance(info.source, EntryPoint) for info in subject.plugins):
        run, title = partial(_in_other_processes, subject, names), f"rewards of {subject.name}: say the same"
        yield Trial(f"{title} in another process", str(subject), run, _PATIENCE + GRACE, tuple(firsts))


def _tried(law: Any, cls: Any, place: str, domain: Any, say: Say) -> Iterator[Finding]:
    episodes = gallery(domain)
    say("making and preparing it")
    try:
        reward = Reward(cls, episodes.domain)
    except Exception as error:  # a stranger's code
        message = f"cannot be made, or prepared on {episodes.domain.name}: {type(error).__name__}: {error}"
        yield finding("reward-unmade", raised_at(error, place), message)
        return
    yield from law(reward, partial(Reward, cls, episodes.domain), place, episodes, say)


def _broken(place: str, what: str, asked: Asked) -> Finding:
    error = asked.error
    assert error is not None
    where = raised_at(error.__cause__, place) if error.__cause__ is not None else place
    return finding(_CODES.get(str(error.data.get("code")), "reward-result"), where, f"{error.message}, on {what}")


def copes(reward: Reward, again: Any, place: str, episodes: Gallery, say: Say) -> Iterator[Finding]:
    """It gives a proper result for every episode there can be; the first that it does not is told, of each kind."""
    told: set[str] = set()
    asked = [(what, reward.ask(what, fresh(episode), say)) for what, episode in episodes.named()]
    members = [fresh(episode) for episode in episodes.group]
    asked += [("the group", one) for one in reward.ask_group("the group", members, say)]
    for what, one in asked:
        if one.error is not None and (code := str(one.error.data.get("code"))) not in told:
            told.add(code)
            yield _broken(place, what, one)


def repeats(reward: Reward, again: Any, place: str, episodes: Gallery, say: Say) -> Iterator[Finding]:
    """Asked again, made anew, on another day or in another order, it says the same."""
    named = list(episodes.named())
    before = [reward.ask(what, fresh(episode), say) for what, episode in named]
    with another_day():
        twice = [reward.ask(what, fresh(episode), say) for what, episode in named]
        other = again()
        anew = [other.ask(what, fresh(episode), say) for what, episode in reversed(named)][::-1]
    for how, second in (("asked again", twice), ("made anew", anew)):
        for (what, _), one, two in zip(named, before, second, strict=True):
            if one.plain != two.plain:
                yield finding("reward-not-deterministic", place, f"said {_told(one)} of {what}, and {_told(two)} {how}")
                return
    if again().fitted != reward.fitted:
        yield finding("reward-not-deterministic", place, "`prepare` gives another digest each time")
    method = getattr(reward._made, f"score_{reward.mark.scope}")
    if names := impure_names(method):
        yield finding("reads-the-clock-or-chance", place, f"its code calls {', '.join(names)}")


def _told(asked: Asked) -> str:
    result = asked.results[0] if len(asked.results) == 1 else None
    text = f" ({result.explanation[:60]})" if result is not None and result.explanation else ""
    return f"{'nothing' if asked.value is None else repr(asked.value)}{text}"


def leaves_alone(reward: Reward, again: Any, place: str, episodes: Gallery, say: Say) -> Iterator[Finding]:
    """It changes neither the episode nor anything of ccgym's."""
    before = fingerprint()
    for what, episode in [*episodes.named(), ("the group", None)]:
        given = [fresh(one) for one in (episodes.group if episode is None else [episode])]
        held, bare = [list(one.events) for one in given], [_bytes(one) for one in given]
        if episode is None:
            reward.ask_group(what, given, say)
        else:
            reward.ask(what, given[0], say)
        for one, events, text in zip(given, held, bare, strict=True):
            if len(one.events) != len(events) or any(a is not b for a, b in zip(one.events, events, strict=True)):
                yield finding("reward-changes-episode", place, f"changed the list of events of {what}")
                return
            if _bytes(one) != text:
                number = next(e.n for e, old in zip(one.events, orjson.loads(text), strict=True)
                              if orjson.loads(msgspec.json.encode(e)) != old)  # fmt: skip
                yield finding("reward-changes-episode", place, f"changed event {number} of {what}")
                return
    if names := changed(before):
        yield finding("plugin-patches", place, f"replaced {', '.join(names[:3])}")


def _bytes(episode: Episode) -> bytes:
    return msgspec.json.encode(episode.events)


def proves(reward: Reward, again: Any, place: str, episodes: Gallery, say: Say) -> Iterator[Finding]:
    """The evidence that it gives are events of the episode."""
    for what, episode in episodes.named():
        numbers = {event.n for event in episode.events}
        for result in reward.ask(what, fresh(episode), say).results:
            if result is not None and (strange := [number for number in result.evidence if number not in numbers]):
                text = f"gives event {strange[0]} as evidence, of {what}, which has events 0 to {max(numbers)}"
                yield finding("reward-evidence", place, text)
                return


def pays_no_noise(reward: Reward, again: Any, place: str, episodes: Gallery, say: Say) -> Iterator[Finding]:
    """Padding and repetition earn nothing."""
    if reward.mark.scope == "group":  # to be unlike the others is what such a reward may well pay for
        return
    for how, plain, padded in episodes.padded:
        one, two = (reward.ask(how, fresh(episode), say).value for episode in (plain, padded))
        if one is not None and two is not None and two > one + _PAYS * (reward.mark.range[1] - reward.mark.range[0]):
            yield finding("reward-pays-padding", place, f"pays {one:.4g} for {how.partition(' with ')[0]}, and "
                          f"{two:.4g} for it with {how.partition(' with ')[2]}")  # fmt: skip
            return


def ignores_order(reward: Reward, again: Any, place: str, episodes: Gallery, say: Say) -> Iterator[Finding]:
    """The members of a group earn the same in whatever order they are given."""
    if reward.mark.scope != "group":
        return
    group = episodes.group
    first = reward.ask_group("the group", [fresh(one) for one in group], say)
    for name, order in (("turned round", range(len(group))[::-1]), ("rotated", [*range(3, len(group)), 0, 1, 2])):
        found = reward.ask_group(f"the group {name}", [fresh(group[index]) for index in order], say)
        for index, one in zip(order, found, strict=True):
            was = first[index].value
            if (was is None) != (one.value is None) or abs((was or 0) - (one.value or 0)) > _SLACK:
                text = f"gave member {index} {show(was)}, and {show(one.value)} with the group {name}"
                yield finding("reward-group-order", place, text)
                return


def _in_other_processes(subject: Subject, names: list[str], say: Say) -> Iterator[Finding]:
    """Two other processes, with other seeds of hashes, say the same."""
    say("scoring in two other processes")
    command = [sys.executable, "-m", "ccgym.kit.again", subject.name, *names]
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    said = []
    for seed in ("1", "2"):
        done = subprocess.run(
            command, capture_output=True, text=True, env={**where, "PYTHONHASHSEED": seed}, timeout=_PATIENCE / 2,
            check=False,
        )  # fmt: skip
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
            yield finding("plugin-dies", str(subject), f"cannot be asked in another process: {last[0]}")
            return
        said.append(orjson.loads(done.stdout.splitlines()[-1]))
    for name in names:
        for what, one in said[0][name].items():
            if one != (two := said[1][name][what]):
                text = f"said {one} of {what} in one process, and {two} in another"
                yield finding("reward-not-deterministic", subject.place("reward", name), text[:300])
                break


_FIRST = ("copes with every episode, in time and in its range", copes)
_LAWS = (
    ("says the same again", repeats),
    ("leaves the episode as it is", leaves_alone),
    ("gives evidence that exists", proves),
    ("pays for no padding and no repetition", pays_no_noise),
    ("does not depend on the order of a group", ignores_order),
)
