"""A talk by the book, made of steps: each asks, books and says what the SOP wants, and the last message sums up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ccgym_envs.retail.world import PRODUCTS, SKUS, Order, World

Action = dict[str, Any]
Outcome = Literal["done", "partial", "refused", "escalated"]
BEFORE = "4. Before you book"
WHO = "2. Who is writing"
OWNER = "3. Whose account it is"
MIND = "6. Returns when the customer changed their mind"


class Talk:
    """What the reference says and calls so far, what the customer answers, and what the last message has to say."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.actions: list[Action] = []
        self.known: dict[str, str] = {"email": world.person.email, "postcode": world.person.postcode}
        self.unknown: list[str] = []
        self.lines: dict[str, str] = {}
        self.mind: list[dict[str, str]] = []
        self.says_yes = True
        self.closing: list[str] = []
        self.say: list[str] = []
        self.rules: list[dict[str, Any]] = []
        self._left = {order.key: [order.card, order.gift] for order in world.orders}

    def ask(self, question: str) -> None:
        """Say something that the customer has to answer."""
        self.actions.append({"say": question})

    def call(self, name: str, **args: Any) -> None:
        """Call a tool; a call that was made already is not made again if it only reads."""
        action = {"name": name, "args": args}
        if not (name.startswith("get_") and action in self.actions):
            self.actions.append(action)

    def tell(self, text: str, *say: str) -> None:
        """Put a sentence into the last message, and the words of it that the customer has to hear."""
        self.closing.append(text)
        self.say += [word for word in say if word not in self.say]

    def pay_back(self, order: Order, amount: int) -> tuple[int, int]:
        """Divide a refund between card and gift card: the card first."""
        left = self._left[order.key]
        card = min(amount, left[0])
        gift = min(amount - card, left[1])
        left[0] -= card
        left[1] -= gift
        return card, gift

    def money_left(self, order: Order) -> int:
        """What card and gift card have paid and not got back."""
        return sum(self._left[order.key])


Step = Callable[[Talk], None]


@dataclass(frozen=True)
class Case:
    """One customer's case: the rows that it needs, the line that opens it, and the steps of the talk."""

    world: World
    outcome: Outcome
    tags: tuple[str, ...]
    goal: str
    first: str
    steps: tuple[Step, ...]


def task_of(case: Case, *, own_rows: bool) -> dict[str, Any]:
    """The task of a case, but for its id and split. `own_rows` brings the rows along in `init`."""
    talk = Talk(case.world)
    for step in case.steps:
        step(talk)
    if talk.actions and talk.actions[-1].get("name") == "escalate":
        talk.say.clear()  # the talk is over: nobody hears a last message
    elif talk.closing:
        talk.actions.append({"say": " ".join(talk.closing)})
    reads = [a for a in talk.actions if a.get("name", "").startswith("get_")]
    if reads:
        made = [{"call": action["name"], "args": action["args"]} for action in reads]
        talk.rules.append({"id": "read", "clause": BEFORE, "finally": {"all": made}})
    sim: dict[str, Any] = {"lines": talk.lines} if talk.lines else {}
    sim |= {"mind": talk.mind} if talk.mind else {}
    sim |= {} if talk.says_yes else {"confirm": "no"}
    user: dict[str, Any] = {"goal": case.goal, "known": talk.known, "first_message": case.first}
    user |= {"unknown": talk.unknown} if talk.unknown else {}
    user |= {"sim": sim} if sim else {}
    task: dict[str, Any] = {"tags": [*case.tags, case.outcome], "user": user, "expect": {"actions": talk.actions}}
    if talk.say:
        task["expect"]["say"] = talk.say
    if case.outcome == "refused":
        task["expect"]["refuse"] = True
    if talk.rules:
        task["rules"] = talk.rules
    if own_rows:
        task["init"] = {"state": {"tables": {name: rows for name, rows in case.world.rows().items() if rows}}}
    return task


# Who is writing.


def identify(*orders: Order, told: bool = False) -> Step:
    """Ask who it is (unless the first line told), check it, and read the account and these orders."""

    def step(talk: Talk) -> None:
        if not told:
            talk.ask("Could you please tell me the email address and the postcode of your account?")
        _verify(talk)
        talk.call("get_customer", customer_id=talk.world.person.key)
        for order in orders:
            talk.call("get_order", order_id=order.key)

    return step


def fail_to_identify(postcode: str | None) -> Step:
    """The customer tells a wrong postcode, or none: hand over."""

    def step(talk: Talk) -> None:
        talk.ask("Could you please tell me the email address and the postcode of your account?")
        if postcode is None:
            del talk.known["postcode"]
            talk.unknown.append("postcode")
        else:
            talk.known["postcode"] = postcode
            _verify(talk)
            checked = {"call": "verify_customer", "args": talk.actions[-1]["args"]}
            talk.rules.append({"id": "checked", "clause": WHO, "finally": checked})
        talk.call("escalate", reason="unverified", about="none")

    return step


def not_the_holder(text: str) -> Step:
    """Somebody writes for another person: check nothing, and say who has to write."""

    def step(talk: Talk) -> None:
        talk.rules.append({"id": "not-checked", "clause": OWNER, "finally": {"not": "verify_customer"}})
        talk.tell(text, "account holder")

    return step


def _verify(talk: Talk) -> None:
    talk.call("verify_customer", email=talk.known["email"], postcode=talk.known["postcode"])


# What is asked and told.


def changes_mind(at: Literal["confirm", "done"], said: str, answer: str, *, heard: str = "") -> Step:
    """Say something; the customer answers with a change of mind: where asked to agree, or where the talk would end.

    `heard`: words of it that the customer has to have heard by the end.
    """

    def step(talk: Talk) -> None:
        talk.mind.append({"at": at, "line": answer})
        talk.actions.append({"say": said})
        if heard:
            talk.rules.append({"id": "heard", "clause": BEFORE, "finally": {"said": heard}})

    return step


def condition(answer: str, what: str = "Is it") -> Step:
    """Ask for the condition, in the words of the SOP."""

    def step(talk: Talk) -> None:
        talk.known["condition"] = answer
        talk.ask(f"{what} unopened, opened, or used?")
        talk.rules.append({"id": "asked", "clause": MIND, "finally": {"said": "unopened, opened"}})

    return step


def read_order(order: Order) -> Step:
    """Read one more order."""
    return lambda talk: talk.call("get_order", order_id=order.key)


def looked_up(order: Order, place: int) -> Step:
    """Look the product of an item up."""
    return lambda talk: talk.call("get_product", sku=order.items[place - 1].sku)


def read_voucher(code: str) -> Step:
    """Read a voucher."""
    return lambda talk: talk.call("get_voucher", code=code)


def read_card(code: str) -> Step:
    """Read a gift card."""
    return lambda talk: talk.call("get_gift_card", code=code)


def told(text: str, *say: str) -> Step:
    """A sentence of the last message, such as a no and its reason."""
    return lambda talk: talk.tell(text, *say)


def escalated(reason: str, about: str | None = None) -> Step:
    """Hand over with the reason code, about an order, `none`, or the account."""
    return lambda talk: talk.call("escalate", reason=reason, about=about or talk.world.person.key)


# What is booked.


def returned(
    order: Order, place: int, reason: str = "changed_mind", state: str = "unopened", *, agreed: str = ""
) -> Step:
    """Name the refund, get a yes, open the return, pay back. `agreed` is said before the question."""

    def step(talk: Talk) -> None:
        item = order.items[place - 1]
        charged = reason == "changed_mind" and state == "opened" and item.category == "electronics"
        fee = item.price // 10 if charged else 0
        refund = min(item.price - fee, talk.money_left(order))
        card, gift = talk.pay_back(order, refund)
        where = " and ".join(
            text for text, sum_ in ((f"{card} to your card", card), (f"{gift} to your gift card", gift)) if sum_
        )
        taken = f", after a restocking fee of {fee} dollars" if fee else ""
        talk.ask(f"{agreed}The refund for the {item.model} would be {refund} dollars{taken}: {where}. Shall I proceed?")
        ids = {"order_id": order.key, "item_id": order.item(place)}
        talk.call("create_return", **ids, reason=reason, condition=state, fee=fee, refund=refund)
        for method, amount in (("card", card), ("gift_card", gift)):
            if amount:
                talk.call("issue_refund", **ids, method=method, amount=amount)
        talk.tell(
            f"The return of the {item.model} from order {order.key} is open, and {refund} dollars go back.",
            order.key, str(refund),
        )  # fmt: skip

    return step


def exchanged(order: Order, place: int, variant: str, state: str = "opened") -> Step:
    """Look up, name the difference, get a yes, exchange."""

    def step(talk: Talk) -> None:
        item = order.items[place - 1]
        sku = SKUS[item.model, variant]
        difference = PRODUCTS[sku]["price"] - item.price
        talk.call("get_product", sku=item.sku)
        pays = "you would pay" if difference > 0 else "you would get back" if difference < 0 else "the difference is"
        talk.ask(f"For the {item.model} in {variant}, {pays} {abs(difference)} dollars. Shall I proceed?")
        ids = {"order_id": order.key, "item_id": order.item(place)}
        talk.call("create_exchange", **ids, sku=sku, condition=state, difference=difference)
        talk.tell(f"The {item.model} from order {order.key} will be exchanged for {variant}.", order.key, variant)

    return step


def replaced(order: Order, place: int, reason: str) -> Step:
    """Look up, get a yes, send it again."""

    def step(talk: Talk) -> None:
        item = order.items[place - 1]
        talk.call("get_product", sku=item.sku)
        talk.ask(f"I can send you a new {item.model} free of charge. Shall I proceed?")
        talk.call("send_replacement", order_id=order.key, item_id=order.item(place), reason=reason)
        talk.tell(f"A replacement for the {item.model} from order {order.key} is on its way.", order.key, "replacement")

    return step


def cancelled(order: Order, reason: str) -> Step:
    """Name what goes back, get a yes, cancel."""

    def step(talk: Talk) -> None:
        paid = f"{order.card + order.gift} dollars"
        talk.ask(f"Cancelling order {order.key} cannot be undone, and {paid} go back as you paid. Do you confirm?")
        talk.call("cancel_order", order_id=order.key, reason=reason)
        talk.tell(f"Order {order.key} is cancelled, and {paid} go back.", order.key, "cancelled")

    return step


def redirected(order: Order, address: str) -> Step:
    """Change the address to one that the customer has told."""

    def step(talk: Talk) -> None:
        talk.call("change_address", order_id=order.key, address=address)
        talk.tell(f"Order {order.key} now goes to {address}.", order.key, address)

    return step


def _offer(talk: Talk, order: Order, amount: int) -> None:
    talk.ask(f"For order {order.key} I can give you a goodwill voucher of {amount} dollars. Do you agree?")


def apologised(order: Order, amount: int, reason: str) -> Step:
    """Offer goodwill, get a yes, grant it."""

    def step(talk: Talk) -> None:
        _offer(talk, order, amount)
        person = talk.world.person.key
        talk.call("grant_goodwill", customer_id=person, order_id=order.key, amount=amount, reason=reason)
        talk.tell(f"A voucher of {amount} dollars for order {order.key} is granted.", order.key, str(amount), "granted")

    return step


def offer_declined(order: Order, amount: int, no: str) -> Step:
    """Offer the limit, hear a no, hand over."""

    def step(talk: Talk) -> None:
        talk.says_yes = False
        talk.lines["no"] = no
        _offer(talk, order, amount)
        talk.call("escalate", reason="over_limit", about=order.key)

    return step


def redeemed(points: int) -> Step:
    """Name points and voucher, get a yes, redeem."""

    def step(talk: Talk) -> None:
        value = points // 20
        talk.ask(f"{points} points become a voucher of {value} dollars, which cannot be undone. Shall I proceed?")
        talk.call("redeem_points", customer_id=talk.world.person.key, points=points)
        talk.tell(f"{points} points are redeemed for a voucher of {value} dollars.", f"{value} dollars", "redeemed")

    return step


def credited(order: Order) -> Step:
    """Book the missing points of an order."""

    def step(talk: Talk) -> None:
        points = order.card + order.gift
        talk.call("credit_points", order_id=order.key, points=points)
        talk.tell(f"The {points} points of order {order.key} are in your account now.", order.key, str(points))

    return step


def extended(code: str) -> Step:
    """Read a voucher and extend it."""

    def step(talk: Talk) -> None:
        talk.call("get_voucher", code=code)
        talk.call("extend_voucher", code=code)
        talk.tell(f"Voucher {code} is good for 30 more days.", code, "30")

    return step


def card_replaced(code: str) -> Step:
    """Read a gift card, name its balance, get a yes, replace it."""

    def step(talk: Talk) -> None:
        balance = talk.world.gift_cards[code]["balance"]
        talk.call("get_gift_card", code=code)
        talk.ask(f"I would block gift card {code} and move its {balance} dollars to a new one. Shall I proceed?")
        talk.call("replace_gift_card", code=code)
        talk.tell(f"Gift card {code} is blocked, and its {balance} dollars are on a new card.", code, "blocked")

    return step
