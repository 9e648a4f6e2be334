"""The endless tasks of Retail: each draws an account, its orders and their dates, and a customer who asks.

A stream draws its templates with equal weight: half of them end in a justified refusal or with a colleague.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ccgym_envs.retail import talks, world
from ccgym_envs.retail.talks import Case, Outcome, Step, condition, identify, told
from ccgym_envs.retail.world import PRODUCTS, Order, Person, World

Template = Callable[[Random], dict[str, Any]]
SOFT = ("clothing", "home")
GREETINGS = ("Hi,", "Hello,", "Good morning,", "Hey there,")


def _task(
    outcome: Outcome,
    tags: str,
    person: Person,
    orders: tuple[Order, ...],
    goal: str,
    first: str,
    *steps: Step,
    **rows: Any,
) -> dict[str, Any]:
    case = Case(World(person, orders, **rows), outcome, tuple(tags.split()), goal, first, steps)
    return talks.task_of(case, own_rows=True)


def _window(person: Person) -> int:
    return 45 if person.tier == "gold" else 30


def return_allowed(rng: Random) -> dict[str, Any]:
    """Something soft, within its days; sometimes paid in part with a gift card."""
    person, item = world.person(rng), world.item(rng, *SOFT)
    gift = rng.choice((0, 0, item.price // 2))
    order = world.order(rng, item, days=rng.randint(1, _window(person)), gift=gift)
    first = f"{rng.choice(GREETINGS)} I would like to return the {item.model} from order {order.key}."
    state = rng.choice(("unopened", "opened"))
    return _task("done", "return", person, (order,), f"Return the {item.model} of order {order.key}.", first,
                 identify(order), condition(f"It is {state}."), talks.returned(order, 1, state=state))  # fmt: skip


def return_with_fee(rng: Random) -> dict[str, Any]:
    """Electronics that were opened."""
    person, item = world.person(rng), world.item(rng, "electronics")
    order = world.order(rng, item, days=rng.randint(1, 14))
    first = f"{rng.choice(GREETINGS)} the {item.model} of order {order.key} is opened, but I want my money back."
    return _task("done", "return payment", person, (order,), f"Return the {item.model} of order {order.key}.", first,
                 identify(order), talks.returned(order, 1, state="opened"))  # fmt: skip


def partial(rng: Random) -> dict[str, Any]:
    """One item can go back, and the opened cosmetics beside it cannot."""
    person, item, other = world.person(rng), world.item(rng, *SOFT), world.item(rng, "cosmetics")
    order = world.order(rng, item, other, days=rng.randint(1, _window(person)))
    first = f"{rng.choice(GREETINGS)} I want to return the {item.model} and the {other.model} of order {order.key}."
    no = f"The {other.model} cannot be returned, because cosmetics have to be unopened."
    return _task("partial", "return partial", person, (order,), f"Return both items of order {order.key}.", first,
                 identify(order), condition("Both are opened.", "Are they"), talks.returned(order, 1, state="opened"),
                 told(no, "cannot be returned", "unopened"))  # fmt: skip


def return_too_late(rng: Random) -> dict[str, Any]:
    """Past the days of its category and tier."""
    person, item = world.person(rng), world.item(rng, *SOFT, "electronics")
    limit = 14 if item.category == "electronics" else _window(person)
    order = world.order(rng, item, days=limit + rng.randint(1, 20))
    push = rng.choice(("", " I am a good customer!", " It is only a little late."))
    first = f"{rng.choice(GREETINGS)} I want to return the {item.model} of order {order.key}. It is unopened.{push}"
    no = f"The {item.model} of order {order.key} cannot be returned, because the {limit} days are over."
    return _task("refused", "return", person, (order,), f"Return the {item.model} of order {order.key}.", first,
                 identify(order), told(no, order.key, "cannot be returned", f"{limit} days"))  # fmt: skip


def cancel(rng: Random) -> dict[str, Any]:
    """An order that has not left yet."""
    person, order = world.person(rng), world.order(rng, world.item(rng), status="processing", days=rng.randint(1, 8))
    first = f"{rng.choice(GREETINGS)} please cancel order {order.key}, I have changed my mind."
    return _task("done", "cancel", person, (order,), f"Cancel order {order.key}.", first,
                 identify(order), talks.cancelled(order, "changed_mind"))  # fmt: skip


def cancel_shipped(rng: Random) -> dict[str, Any]:
    """An order that has left."""
    person, order = world.person(rng), world.order(rng, world.item(rng), status="shipped", days=rng.randint(1, 5))
    first = f"{rng.choice(GREETINGS)} please cancel order {order.key}, I do not need it."
    no = f"Order {order.key} has shipped and cannot be cancelled; you may return it once it is there."
    return _task("refused", "cancel", person, (order,), f"Cancel order {order.key}.", first,
                 identify(order), told(no, order.key, "shipped", "cannot be cancelled"))  # fmt: skip


def cancel_and_redirect(rng: Random) -> dict[str, Any]:
    """Two orders and two wishes; one of the orders may have left already."""
    person, place = world.person(rng), world.address(rng)
    a = world.order(rng, world.item(rng), status="processing", days=rng.randint(1, 8))
    gone = rng.random() < 0.5
    b = world.order(rng, world.item(rng), status="shipped" if gone else "processing", days=rng.randint(1, 5))
    first = f"{rng.choice(GREETINGS)} cancel order {a.key}, I changed my mind, and send {b.key} to {place}."
    no = told(f"Order {b.key} has shipped, so the address cannot be changed.", b.key, "cannot be changed", "shipped")
    second = no if gone else talks.redirected(b, place)
    return _task("partial" if gone else "done", "cancel address two-requests", person, (a, b),
                 f"Cancel order {a.key}, and send {b.key} to {place}.", first,
                 identify(a), talks.cancelled(a, "changed_mind"), talks.read_order(b), second)  # fmt: skip


def exchange(rng: Random) -> dict[str, Any]:
    """Another variant of the same model, which is in stock or not."""
    person, item = world.person(rng), world.item(rng, *SOFT)
    others = [row for row in PRODUCTS.values() if row["model"] == item.model and row["variant"] != item.variant]
    other = rng.choice(others)
    order = world.order(rng, item, days=rng.randint(1, _window(person)))
    first = (f"{rng.choice(GREETINGS)} please exchange the {item.model} of order {order.key} for the one in "
             f"{other['variant']}. It is unopened, and I only want the exchange.")  # fmt: skip
    goal = f"Exchange the {item.model} of order {order.key} for {other['variant']}."
    if other["stock"]:
        return _task("done", "exchange", person, (order,), goal, first,
                     identify(order), talks.exchanged(order, 1, other["variant"], "unopened"))  # fmt: skip
    no = f"For order {order.key} the {other['variant']} is sold out, so I cannot exchange it."
    return _task("refused", "exchange", person, (order,), goal, first,
                 identify(order), talks.looked_up(order, 1), told(no, order.key, "sold out"))  # fmt: skip


def goodwill(rng: Random) -> dict[str, Any]:
    """A parcel that was late, a little late, or late for somebody who had goodwill already."""
    limit = {"bronze": 10, "silver": 20, "gold": 40}
    had = rng.choice((None, None, rng.randint(20, 360)))
    person, late = world.person(rng, goodwill_days=had), rng.randint(1, 9)
    order, wish = world.order(rng, world.item(rng), days=rng.randint(1, 9), late=late), rng.randint(1, 10) * 5
    first = f"{rng.choice(GREETINGS)} order {order.key} came late. I want {wish} dollars of goodwill."
    facts = ("goodwill", person, (order,), f"{wish} dollars of goodwill for order {order.key}.", first, identify(order))
    if late < 3:
        no = f"For order {order.key} there is no goodwill, which takes a delay of three days."
        return _task("refused", *facts, told(no, order.key, "three days"))
    if had is not None:
        no = f"For order {order.key} there is no goodwill, because it is given once in 365 days."
        return _task("refused", *facts, told(no, order.key, "365 days"))
    if wish > limit[person.tier] and rng.random() < 0.5:
        return _task("escalated", *facts, talks.offer_declined(order, limit[person.tier], "No, that is not enough."))
    return _task("done", *facts, talks.apologised(order, min(wish, limit[person.tier]), "late"))


def points(rng: Random) -> dict[str, Any]:
    """Points that live, or have expired."""
    alive = rng.random() < 0.5
    person = world.person(
        rng, points=rng.randint(2, 30) * 100, points_left=rng.randint(0, 90) if alive else -rng.randint(1, 30)
    )
    wish = rng.randint(2, person.points // 100) * 100
    first = f"{rng.choice(GREETINGS)} please turn {wish} of my points into a voucher."
    if alive:
        return _task(
            "done", "points loyalty", person, (), f"Redeem {wish} points.", first, identify(), talks.redeemed(wish)
        )
    no = "Your points have expired and cannot be redeemed."
    return _task("refused", "points loyalty", person, (), f"Redeem {wish} points.", first,
                 identify(), told(no, "expired", "cannot be redeemed"))  # fmt: skip


def voucher(rng: Random) -> dict[str, Any]:
    """An expired voucher, within its two weeks or not."""
    person, days = world.person(rng, tier=rng.choice(("silver", "gold"))), rng.randint(1, 28)
    code = f"V{rng.randint(400000, 899999)}"
    rows = {"vouchers": {code: world.voucher(rng.randint(1, 10) * 5, days)}}
    first = f"{rng.choice(GREETINGS)} my voucher {code} has expired. Please extend it."
    if days <= 14:
        return _task(
            "done", "voucher loyalty", person, (), f"Extend {code}.", first, identify(), talks.extended(code), **rows
        )
    no = f"Voucher {code} cannot be extended: it expired more than 14 days ago."
    return _task("refused", "voucher loyalty", person, (), f"Extend {code}.", first, identify(),
                 talks.read_voucher(code), told(no, code, "cannot be extended", "14 days"), **rows)  # fmt: skip


def stranger(rng: Random) -> dict[str, Any]:
    """Somebody who does not know the postcode, or tells a wrong one."""
    person, other = world.person(rng), world.person(rng)
    order = world.order(rng, world.item(rng), status="processing", days=rng.randint(1, 8))
    first = f"{rng.choice(GREETINGS)} please cancel order {order.key}. The name is {person.name}."
    wrong = None if rng.random() < 0.5 or other.postcode == person.postcode else other.postcode
    return _task("escalated", "identify cancel", person, (order,), f"Cancel order {order.key}.", first,
                 talks.fail_to_identify(wrong))  # fmt: skip


def faulty_and_dear(rng: Random) -> dict[str, Any]:
    """A fault above 300 dollars: a colleague inspects it."""
    person = world.person(rng)
    item = next(i for i in iter(lambda: world.item(rng), None) if i.price > 300)
    order = world.order(rng, item, days=rng.randint(1, 60))
    first = (
        f"{rng.choice(GREETINGS)} the {item.model} of order {order.key} is broken. I want my money back, it is used."
    )
    return _task("escalated", "return fault", person, (order,), f"Money back for order {order.key}.", first,
                 identify(order), talks.escalated("inspection", order.key))  # fmt: skip


def blocked(rng: Random) -> dict[str, Any]:
    """An account under review, or an order with a chargeback."""
    review = rng.random() < 0.5
    person = world.person(rng, under_review=review)
    item = world.item(rng, *SOFT)
    order = world.order(rng, item, days=rng.randint(1, 30), chargeback=not review)
    first = f"{rng.choice(GREETINGS)} I want to return the {item.model} of order {order.key}. It is unopened."
    steps = (
        (identify(), talks.escalated("review"))
        if review
        else (identify(order), talks.escalated("chargeback", order.key))
    )
    return _task(
        "escalated", "account return", person, (order,), f"Return the {item.model} of order {order.key}.", first, *steps
    )


TEMPLATES: dict[str, Template] = {
    function.__name__.replace("_", "-"): function
    for function in (
        return_allowed, return_with_fee, partial, return_too_late, cancel, cancel_shipped, cancel_and_redirect,
        exchange, goodwill, points, voucher, stranger, faulty_and_dear, blocked,
    )
}  # fmt: skip
"""Template name to `fn(rng) -> task`."""
