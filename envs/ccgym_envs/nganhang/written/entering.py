"""How written cases are entered, and the customers that several of them have."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ccgym_envs.nganhang import jobs as j
from ccgym_envs.nganhang import worlds as w
from ccgym_envs.nganhang.cases import Case
from ccgym_envs.nganhang.jobs import call

Draw = Callable[[Random], Case]
CASES: dict[str, tuple[str, Draw]] = {}
"""Task id to its split and the function that makes its case."""


def case(split: str) -> Callable[[Draw], Draw]:
    """Enter a case under the name of its function, with dashes."""

    def enter(draw: Draw) -> Draw:
        CASES[draw.__name__.replace("_", "-")] = (split, draw)
        return draw

    return enter


train, test = case("train"), case("test")


def card_world(rng: Random, locked: str = "", segment: str = "thuong", **more: Any) -> tuple[w.World, str]:
    """A customer with one card, and its digits."""
    keys = ("wrong_pins", "limit")
    world = w.world(rng, segment, **{k: v for k, v in more.items() if k not in keys})
    return world, w.card(rng, world, locked, **{k: v for k, v in more.items() if k in keys})


def on_card(world: w.World, last: str, first: str, *jobs: j.Job, **more: Any) -> Case:
    """A case about that card."""
    tags = more.pop("tags", ("the",))
    known = (("so_the", last), *more.pop("known", ()))
    return Case(world, first, jobs, known=known, tags=tags, **more)


def locking(world: w.World, last: str, why: str) -> tuple[j.Action, ...]:
    """Lock a card at once."""
    return (call("tam_khoa_the", so_tai_khoan=world.number, so_the=last, ly_do=why),)


def lost(world: w.World, last: str, first: str, *jobs: j.Job, **more: Any) -> Case:
    """A case about a card that is gone."""
    return on_card(world, last, first, *jobs, locks=locking(world, last, "mat_the"), locked_facts=("so_the",), **more)


def sent(rng: Random, amount: int, days: float, segment: str = "thuong", **more: Any) -> tuple[w.World, str]:
    """A customer with two transfers, and the code of the later one."""
    keys = ("status", "same_bank")
    world = w.world(rng, segment, **{k: v for k, v in more.items() if k not in keys})
    w.transaction(rng, world, "chuyen_khoan", 450_000, 45, to=w.name(rng))
    code = w.transaction(
        rng, world, "chuyen_khoan", amount, days, to=w.name(rng), **{k: v for k, v in more.items() if k in keys}
    )
    return world, code


def on_transfer(world: w.World, code: str, first: str, *jobs: j.Job, **more: Any) -> Case:
    """A case about that transfer."""
    tags = more.pop("tags", ("chuyen_khoan",))
    return Case(world, first, jobs, known=(("ma_giao_dich", code), *more.pop("known", ())), tags=tags, **more)


def paid(
    rng: Random, kind: str, amount: int, days: float, segment: str = "thuong", locked: str = "", **more: Any
) -> tuple[w.World, str, str]:
    """A customer with one card and a payment by it: the card's digits, the code."""
    world = w.world(rng, segment)
    last = w.card(rng, world, locked)
    return world, last, w.transaction(rng, world, kind, amount, days, last=last, **more)


def on_payment(world: w.World, last: str, code: str, first: str, *jobs: j.Job, **more: Any) -> Case:
    """A case about that payment."""
    tags = more.pop("tags", ("khieu_nai",))
    return Case(
        world, first, jobs, known=(("so_the", last), ("ma_giao_dich", code), *more.pop("known", ())), tags=tags, **more
    )


def strange(world: w.World, last: str, code: str, first: str, *jobs: j.Job, **more: Any) -> Case:
    """A case about a payment that the customer did not make."""
    tags = more.pop("tags", ("khieu_nai", "khan_cap"))
    return on_payment(
        world,
        last,
        code,
        first,
        *jobs,
        locks=locking(world, last, "nghi_gian_lan"),
        locked_facts=("so_the",),
        tags=tags,
        **more,
    )


def charged(
    rng: Random, kind: str, amount: int, days: float, segment: str = "thuong", **more: Any
) -> tuple[w.World, str]:
    """A customer with two fees, and the code of the later one."""
    world = w.world(rng, segment, **{k: v for k, v in more.items() if k != "returned"})
    w.fee(rng, world, "tin_nhan", 11_000, 120)
    return world, w.fee(rng, world, kind, amount, days, returned=more.get("returned", False))


def on_fee(world: w.World, first: str, *jobs: j.Job, **more: Any) -> Case:
    """A case about fees."""
    return Case(world, first, jobs, tags=more.pop("tags", ("phi",)), **more)


def paper(rng: Random, world: w.World, scope: list[str], until: str = "2026-12-31") -> str:
    """Give somebody a power of attorney over the account; the digits of their document."""
    last = w.digits(rng, 4)
    world.papers[last] = {"nguoi": w.name(rng), "pham_vi": scope, "den_ngay": until}
    return last
