"""Fictional people, places and goods, and orders drawn from them."""

from __future__ import annotations

from random import Random
from typing import Any

NAMES = {
    "en": (
        ["Ada", "Ben", "Clara", "Dylan", "Edith", "Frank", "Grace", "Henry", "Iris", "Jonah", "Kate", "Leo"],
        ["Abbot", "Barlow", "Carver", "Dunne", "Ellery", "Farrow", "Gale", "Harte", "Ingram", "Keane", "Lowell"],
    ),
    "vi": (
        ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô"],
        ["Thị Hồng", "Văn Đức", "Minh Anh", "Thu Hà", "Quốc Bảo", "Ngọc Lan", "Hữu Phước", "Thanh Trúc", "Mỹ Duyên"],
    ),
}
STREETS = {
    "en": ["Oak Street", "Mill Lane", "King Road", "Park Street", "Hill Road", "Lake Lane", "High Street", "Bell Road"],
    "vi": ["Lê Lợi", "Trần Phú", "Hai Bà Trưng", "Nguyễn Huệ", "Lý Thái Tổ", "Hùng Vương", "Bà Triệu", "Bạch Đằng"],
}
CITIES = {
    "en": ["Leeds", "York", "Bath", "Derby", "Dover", "Truro", "Ripon", "Wells"],
    "vi": ["Hà Nội", "Huế", "Đà Nẵng", "Cần Thơ", "Đà Lạt", "Vinh", "Hải Phòng", "Quy Nhơn"],
}
ITEMS = ["lamp", "kettle", "chair", "clock", "desk", "fan", "mug", "rug", "tent", "bag", "shelf", "mirror", "pan"]


def name(rng: Random, language: str) -> str:
    """A name in the order of the language: given name first in English, family name first in Vietnamese."""
    return " ".join(rng.choice(part) for part in NAMES[language])


def address(rng: Random, language: str) -> str:
    """House number, street and city."""
    return f"{rng.randint(2, 99)} {rng.choice(STREETS[language])}, {rng.choice(CITIES[language])}"


def digits(rng: Random) -> str:
    """4 digits, the first of which is no 0."""
    return str(rng.randint(1000, 9999))


def order(rng: Random, language: str, status: str | None = None, *, late: bool | None = None) -> dict[str, Any]:
    """A row of `orders`, without its customer. `late`: delivered more than 30 days ago, or not."""
    status = status or rng.choice(("placed", "shipped", "delivered"))
    if late is None:
        late = rng.random() < 0.5
    days = 0 if status != "delivered" else rng.randint(40, 99) if late else rng.randint(1, 25)
    eta = f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}"
    return {"item": rng.choice(ITEMS), "status": status, "days": days, "eta": eta, "address": address(rng, language)}
