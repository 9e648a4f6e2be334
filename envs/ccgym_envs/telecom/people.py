"""Fictional customers, areas and plans, and lines drawn from them."""

from __future__ import annotations

from random import Random
from typing import Any

NAMES = {
    "en": (
        ["Alma", "Bruno", "Cora", "Desmond", "Elsie", "Fergus", "Greta", "Hugo", "Ines", "Jasper", "Kira", "Lionel"],
        ["Ashby", "Birch", "Calloway", "Denholm", "Everly", "Finch", "Garland", "Holt", "Ivers", "Jarrow", "Kestrel"],
    ),
    "vi": (
        ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô"],
        ["Thị Mai", "Văn Hậu", "Minh Châu", "Thu Thủy", "Quốc Đạt", "Ngọc Ánh", "Hữu Nghĩa", "Thanh Tâm", "Mỹ Linh"],
    ),
}
AREAS = {
    "en": [
        "Northgate",
        "Harbour",
        "Old Mill",
        "Riverside",
        "Hillcrest",
        "Lakeside",
        "Westpark",
        "Meadows",
        "Stonebridge",
    ],
    "vi": ["Bờ Sông", "Đồi Thông", "Chợ Mới", "Ga Cũ", "Cầu Đá", "Vườn Mít"],
}
OUTAGES = {
    "Harbour": {"ongoing": True, "service": "calls and data", "hours": 6, "until": "18:00 today"},
    "Stonebridge": {"ongoing": True, "service": "data", "hours": 75, "until": "20:00 tomorrow"},
    "Meadows": {"ongoing": True, "service": "data", "hours": 160, "until": "4 March"},
    "Cầu Đá": {"ongoing": True, "service": "calls and data", "hours": 30, "until": "22:00 hôm nay"},
}
"""Areas with a fault today."""
QUIET = {language: [area for area in areas if area not in OUTAGES] for language, areas in AREAS.items()}
PLANS: dict[str, dict[str, Any]] = {
    "P1": {"name": "Basic", "data_gb": 3, "price_per_gb": 4,
           "roaming": False, "roaming_per_day": 0, "apn": "basic.lines"},
    "P2": {"name": "Standard", "data_gb": 20, "price_per_gb": 3,
           "roaming": True, "roaming_per_day": 5, "apn": "std.lines"},
    "P3": {"name": "Max", "data_gb": 80, "price_per_gb": 2, "roaming": True, "roaming_per_day": 3, "apn": "max.lines"},
    "P4": {"name": "Business", "data_gb": 50, "price_per_gb": 2,
           "roaming": True, "roaming_per_day": 2, "apn": "biz.lines"},
}  # fmt: skip
APPS = {
    "browser": ["storage"],
    "camera": ["location", "storage"],
    "mail": [],
    "messages": ["contacts", "sms", "storage"],
}


def name(rng: Random, language: str) -> str:
    """A name in the order of the language: given name first in English, family name first in Vietnamese."""
    return " ".join(rng.choice(part) for part in NAMES[language])


def birth(rng: Random) -> str:
    """The date of birth of an adult."""
    return f"{rng.randint(1950, 2006)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def digits(rng: Random, count: int) -> str:
    """So many digits, the first of which is no 0."""
    return str(rng.randint(10 ** (count - 1), 10**count - 1))


def line(rng: Random, customer: str, plan: str, area: str) -> dict[str, Any]:
    """The row of an active line on which all is well."""
    return {
        "customer": customer, "plan": plan, "area": area, "status": "active", "reason": "", "roaming": False,
        "age_days": rng.randint(60, 2400), "sim_changed_days": rng.randint(30, 900), "iccid": digits(rng, 12),
        "puk": digits(rng, 8), "used_gb": round(PLANS[plan]["data_gb"] * rng.uniform(0.1, 0.7), 1), "extra_gb": 0,
        "packs": 0, "charges": 0, "credit": 0, "credits": 0, "unpaid": [], "stuck": False,
        "seen": {"registered": True, "apn": PLANS[plan]["apn"], "abroad": False},
    }  # fmt: skip


def phone(row: dict[str, Any]) -> dict[str, Any]:
    """The phone in which the card of a line is, with everything as it should be."""
    apn = PLANS[row["plan"]]["apn"]
    return {
        "airplane": False, "mobile_data": True, "roaming": False, "data_saver": False, "vpn": False,
        "network_mode": "auto", "apn": apn, "apn_used": apn, "sim": "ready", "iccid": row["iccid"], "puk_tries": 3,
        "broken": False, "apps": {app: list(granted) for app, granted in APPS.items()},
    }  # fmt: skip
