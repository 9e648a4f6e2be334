"""Fictional people, goods and orders: the rows of the shop's tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

NOW = datetime(2026, 3, 16)
"""The day that `clock` of domain.yaml names."""
GIVEN = (
    "Ada",
    "Ben",
    "Clara",
    "Dylan",
    "Edith",
    "Farid",
    "Grace",
    "Henry",
    "Iris",
    "Jonah",
    "Kate",
    "Leo",
    "Mona",
    "Nils",
)
FAMILY = (
    "Abbot",
    "Barlow",
    "Carver",
    "Dunne",
    "Ellery",
    "Farrow",
    "Gale",
    "Harte",
    "Ingram",
    "Keane",
    "Lowell",
    "Marsh",
)
STREETS = ("Oak Street", "Mill Lane", "King Road", "Park Street", "Hill Road", "Lake Lane", "High Street", "Bell Road")
CITIES = ("Ashford", "Brookhaven", "Eastmere", "Fallow Hill", "Northwick", "Redbridge", "Stonebury", "Westvale")
TIERS = ("bronze", "silver", "gold")
MODELS: dict[str, tuple[str, int, tuple[tuple[str, int], ...]]] = {
    "rain jacket": ("clothing", 80, (("small", 0), ("medium", 0), ("large", 0))),
    "wool sweater": ("clothing", 55, (("grey", 0), ("navy", 0), ("green", 5))),
    "jeans": ("clothing", 65, (("short", 0), ("regular", 0), ("long", 4))),
    "leather boots": ("clothing", 140, (("size 38", 0), ("size 41", 0), ("size 44", 10))),
    "linen shirt": ("clothing", 38, (("white", 0), ("blue", 0), ("striped", 3))),
    "scarf": ("clothing", 24, (("red", 0), ("black", 0))),
    "desk lamp": ("home", 45, (("brass", 6), ("white", 0))),
    "kettle": ("home", 35, (("steel", 0), ("copper", 12))),
    "mug set": ("home", 28, (("set of 4", 0), ("set of 6", 13))),
    "duvet": ("home", 90, (("single", 0), ("double", 40))),
    "wall clock": ("home", 32, (("oak", 0), ("walnut", 7))),
    "floor rug": ("home", 120, (("round", 0), ("square", 15))),
    "frying pan": ("home", 48, (("24 cm", 0), ("28 cm", 8))),
    "armchair": ("home", 340, (("sand", 0), ("teal", 0))),
    "headphones": ("electronics", 120, (("matt black", 0), ("pearl", 0))),
    "tablet": ("electronics", 260, (("64 GB", 0), ("128 GB", 60))),
    "radio": ("electronics", 70, (("cream", 0), ("mint", 0))),
    "espresso machine": ("electronics", 420, (("one cup", 0), ("two cups", 80))),
    "electric toothbrush": ("electronics", 60, (("coral", 0), ("ice", 0))),
    "camera drone": ("electronics", 580, (("basic", 0), ("plus", 120))),
    "face serum": ("cosmetics", 42, (("30 ml", 0), ("50 ml", 18))),
    "perfume": ("cosmetics", 75, (("citrus", 0), ("cedar", 0))),
    "hand cream": ("cosmetics", 16, (("almond", 0), ("rose", 0))),
    "shaving kit": ("cosmetics", 52, (("classic", 0), ("travel", -9))),
}
"""Model to category, price, and variants with what each costs more."""
PREFIX = {"clothing": "CL", "home": "HO", "electronics": "EL", "cosmetics": "CO"}
SOLD_OUT = {
    ("rain jacket", "large"),
    ("wool sweater", "green"),
    ("kettle", "copper"),
    ("headphones", "pearl"),
    ("perfume", "cedar"),
}


def _products() -> tuple[dict[str, dict[str, Any]], dict[tuple[str, str], str]]:
    rows: dict[str, dict[str, Any]] = {}
    names: dict[tuple[str, str], str] = {}
    for number, (model, (category, price, variants)) in enumerate(MODELS.items(), 10):
        for place, (variant, more) in enumerate(variants, 1):
            sku = f"{PREFIX[category]}-{number}{place}"
            stock = 0 if (model, variant) in SOLD_OUT else 3 + (number * 7 + place) % 20
            rows[sku] = {
                "model": model,
                "variant": variant,
                "category": category,
                "price": price + more,
                "stock": stock,
            }
            names[model, variant] = sku
    return rows, names


PRODUCTS, SKUS = _products()


def stamp(days_ago: int) -> str:
    """The day so many days before the shop's clock, as the tables hold it."""
    return f"{(NOW - timedelta(days=days_ago)).date().isoformat()}T00:00:00Z"


@dataclass(frozen=True)
class Person:
    """The holder of an account."""

    number: int
    name: str
    postcode: str
    tier: str = "bronze"
    points: int = 0
    points_left: int = 200
    """Days until the points expire; below 0: since."""
    goodwill_days: int | None = None
    """Days since the last goodwill."""
    under_review: bool = False

    @property
    def key(self) -> str:
        """The customer_id."""
        return f"C{self.number}"

    @property
    def email(self) -> str:
        """From name and number."""
        return f"{self.name.lower().replace(' ', '.')}{self.number % 1000}@mail.example"


@dataclass(frozen=True)
class Item:
    """One item of an order: a variant of a model, at its price."""

    model: str
    variant: str
    final_sale: bool = False

    @property
    def sku(self) -> str:
        """The article number."""
        return SKUS[self.model, self.variant]

    @property
    def price(self) -> int:
        """In dollars."""
        return int(PRODUCTS[self.sku]["price"])

    @property
    def category(self) -> str:
        """Of the model."""
        return MODELS[self.model][0]


@dataclass(frozen=True)
class Order:
    """An order and how it was paid; the card pays what gift card and voucher do not."""

    number: int
    items: tuple[Item, ...]
    status: str = "delivered"
    days: int = 5
    """Since delivery; else until the promised day."""
    late: int = 0
    """Days between the promised day and the delivery; if it is not delivered yet, days that it is overdue."""
    gift: int = 0
    voucher: int = 0
    chargeback: bool = False
    points_booked: bool = True
    address: str = "12 Oak Street, Northwick"

    @property
    def key(self) -> str:
        """The order number."""
        return str(self.number)

    @property
    def gift_card(self) -> str:
        """The code of the gift card that paid; empty without one."""
        return f"G{900000 + self.number}" if self.gift else ""

    @property
    def card(self) -> int:
        """What the card paid."""
        return sum(item.price for item in self.items) - self.gift - self.voucher

    def item(self, place: int) -> str:
        """The item_id of the item at a place, from 1."""
        return f"{self.number}-{place}"


@dataclass(frozen=True)
class World:
    """What one case brings along: an account with its orders, vouchers and gift cards, and strangers' rows."""

    person: Person
    orders: tuple[Order, ...] = ()
    vouchers: dict[str, dict[str, Any]] = field(default_factory=dict)
    gift_cards: dict[str, dict[str, Any]] = field(default_factory=dict)

    def rows(self) -> dict[str, dict[str, Any]]:
        """Table to key to row."""
        person = self.person
        customer = {
            "name": person.name,
            "postcode": person.postcode,
            "tier": person.tier,
            "points": person.points,
            "points_expire": stamp(-person.points_left),
            "last_goodwill": "" if person.goodwill_days is None else stamp(person.goodwill_days),
            "under_review": person.under_review,
            "orders": [order.key for order in self.orders],
        }
        tables: dict[str, dict[str, Any]] = {
            "customers": {person.key: customer},
            "emails": {person.email: {"customer": person.key}},
            "orders": {},
            "items": {},
            "vouchers": {code: {"customer": person.key, **row} for code, row in self.vouchers.items()},
            "gift_cards": {code: {"customer": person.key, **row} for code, row in self.gift_cards.items()},
        }
        for order in self.orders:
            tables["orders"][order.key] = _order(order, person)
            for place, item in enumerate(order.items, 1):
                tables["items"][order.item(place)] = _item(order, item)
            if order.gift_card:
                tables["gift_cards"].setdefault(order.gift_card, {"customer": person.key, **gift_card(0)})
        return tables


def voucher(value: int, expired: int, *, used: bool = False, extended: bool = False) -> dict[str, Any]:
    """A row of `vouchers`; `expired` days ago, below 0: still to live."""
    return {"value": value, "expires": stamp(expired), "used": used, "extended": extended}


def gift_card(balance: int, expired: int = -300) -> dict[str, Any]:
    """A row of `gift_cards`."""
    return {"balance": balance, "expires": stamp(expired), "blocked": False}


def _order(order: Order, person: Person) -> dict[str, Any]:
    delivered = order.status == "delivered"
    promised = order.days + order.late if delivered else order.late or -order.days
    return {
        "customer": person.key,
        "status": order.status,
        "placed": stamp(max(promised, 0) + 6),
        "promised": stamp(promised),
        "delivered": stamp(order.days) if delivered else "",
        "address": order.address,
        "items": [order.item(place) for place, _ in enumerate(order.items, 1)],
        "paid_card": order.card,
        "paid_gift": order.gift,
        "paid_voucher": order.voucher,
        "gift_card": order.gift_card,
        "back_card": 0,
        "back_gift": 0,
        "chargeback": order.chargeback,
        "points_booked": order.points_booked,
    }


def _item(order: Order, item: Item) -> dict[str, Any]:
    row = {"order": order.key, "sku": item.sku, "name": f"{item.model}, {item.variant}", "category": item.category}
    return {**row, "price": item.price, "final_sale": item.final_sale, "status": "kept"}


# Draws.


def person(rng: Random, **facts: Any) -> Person:
    """A person of any tier."""
    drawn = {"tier": rng.choice(TIERS), "points": rng.randint(0, 60) * 20, "points_left": rng.randint(20, 330)}
    name = f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"
    area, street = rng.choice("ABCEFGHKLMN") + rng.choice("BDEHLNRT"), rng.choice("ABDEFGH") + rng.choice("JLNPQRSTUW")
    postcode = f"{area}{rng.randint(1, 9)} {rng.randint(1, 9)}{street}"
    return Person(rng.randint(30000, 99999), name, postcode, **{**drawn, **facts})


def address(rng: Random) -> str:
    """House number, street and city."""
    return f"{rng.randint(2, 99)} {rng.choice(STREETS)}, {rng.choice(CITIES)}"


def item(rng: Random, *categories: str, top: int = 1000) -> Item:
    """An item of these categories (none: of any) that costs at most `top`."""
    fits = [key for key, sku in SKUS.items() if _fits(PRODUCTS[sku], categories, top)]
    return Item(*rng.choice(fits))


def _fits(product: dict[str, Any], categories: tuple[str, ...], top: int) -> bool:
    return (not categories or product["category"] in categories) and product["price"] <= top and product["stock"] > 0


def order(rng: Random, *items: Item, **facts: Any) -> Order:
    """An order of these items."""
    return Order(rng.randint(30000, 99999), items, **{"address": address(rng), **facts})
