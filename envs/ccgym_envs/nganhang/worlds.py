"""Fictional customers of the bank, their accounts, cards, transactions and fees."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

Row = dict[str, Any]
NOW = datetime.fromisoformat("2026-03-16T09:00:00+07:00")
"""The clock of `domain.yaml`."""

FAMILIES = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô"]
MIDDLES = ["Thị", "Văn", "Hữu", "Ngọc", "Quốc", "Minh", "Thanh", "Đức", "Thùy", "Gia", "Kim", "Xuân"]
GIVENS = [
    "Ánh",
    "Bảo",
    "Châu",
    "Dũng",
    "Giang",
    "Hạnh",
    "Khánh",
    "Linh",
    "Mỹ",
    "Nghĩa",
    "Phượng",
    "Quỳnh",
    "Sơn",
    "Trúc",
]
STREETS = ["Lê Lợi", "Trần Phú", "Hai Bà Trưng", "Nguyễn Huệ", "Lý Thái Tổ", "Hùng Vương", "Bà Triệu", "Bạch Đằng"]
CITIES = ["Hà Nội", "Huế", "Đà Nẵng", "Cần Thơ", "Đà Lạt", "Vinh", "Hải Phòng", "Quy Nhơn", "Mỹ Tho", "Buôn Ma Thuột"]
SHOPS = ["Nhà sách Ánh Dương", "Siêu thị Hoa Mai", "Cửa hàng Mộc Lan", "Quán Bếp Nhà", "Tiệm điện máy Sao Khuê"]
SEGMENTS = ("thuong", "uu_tien", "cao_cap")
CARD_TOP = {"thuong": 50_000_000, "uu_tien": 100_000_000, "cao_cap": 200_000_000}
"""Highest daily limit of a card by segment."""
APP_TOP = {"thuong": 200_000_000, "uu_tien": 500_000_000, "cao_cap": 1_000_000_000}
"""Highest daily limit of transfers in the app by segment."""


@dataclass(frozen=True)
class World:
    """One customer's rows: the tables as far as they concern one account."""

    number: str
    owner: Row
    account: Row
    cards: dict[str, Row] = field(default_factory=dict)
    """Last 4 digits to row."""
    transactions: dict[str, Row] = field(default_factory=dict)
    fees: dict[str, Row] = field(default_factory=dict)
    papers: dict[str, Row] = field(default_factory=dict)
    """Powers of attorney by the last 4 digits of the holder's document."""
    disputes: dict[str, Row] = field(default_factory=dict)

    def tables(self) -> dict[str, dict[str, Row]]:
        """The rows as they stand in the state document."""
        return {
            "khach_hang": {self.account["chu"]: self.owner},
            "tai_khoan": {self.number: self.account},
            "the": {f"{self.number}-{last}": row for last, row in self.cards.items()},
            "giao_dich": self.transactions,
            "phi": self.fees,
            "uy_quyen": {f"{self.number}-{last}": row for last, row in self.papers.items()},
            "khieu_nai": self.disputes,
        }


def days_ago(days: float) -> str:
    """A moment so many days before now, ISO 8601; negative: after."""
    return (NOW - timedelta(days=days)).isoformat()


def dong(amount: int) -> str:
    """A sum as the bank writes it: 1.500.000đ."""
    return f"{amount:,}đ".replace(",", ".")


def digits(rng: Random, length: int) -> str:
    """Digits, the first of which is no 0."""
    return str(rng.randint(10 ** (length - 1), 10**length - 1))


def name(rng: Random) -> str:
    """Family, middle and given name, with their marks."""
    return " ".join(map(rng.choice, (FAMILIES, MIDDLES, GIVENS)))


def address(rng: Random) -> str:
    """House number, street and city, with their marks."""
    return f"{rng.randint(2, 199)} {rng.choice(STREETS)}, {rng.choice(CITIES)}"


def world(
    rng: Random, segment: str = "thuong", *, blocked: bool = False, changed: float = 400, waived: int = 0
) -> World:
    """A customer with an account and nothing else. `changed`: days since phone or address changed."""
    number = digits(rng, 10)
    owner = {
        "ho_ten": name(rng),
        "so_giay_to": digits(rng, 4),
        "ma_otp": digits(rng, 6),
        "dien_thoai": "09" + digits(rng, 8),
        "dia_chi": address(rng),
        "phan_khuc": segment,
        "tinh_trang": "binh_thuong",
        "lan_mien_phi": waived,
        "doi_thong_tin": days_ago(changed),
    }
    account = {
        "chu": f"KH{number[-6:]}",
        "loai": "thanh_toan",
        "so_du": rng.randrange(2_000_000, 90_000_000, 50_000),
        "tinh_trang": "phong_toa" if blocked else "hoat_dong",
        "ngan_hang_so": "hoat_dong",
        "han_muc": {"ung_dung": 50_000_000, "atm": 20_000_000},
    }
    return World(number, owner, account)


def card(
    rng: Random, world: World, locked: str = "", *, wrong_pins: int = 0, limit: int = 20_000_000, last: str = ""
) -> str:
    """Give the customer a card, `locked` for a reason or active; its last 4 digits."""
    last = last or digits(rng, 4)
    world.cards[last] = {
        "loai": rng.choice(("ghi_no", "tin_dung")),
        "tinh_trang": "tam_khoa" if locked else "hoat_dong",
        "ly_do_khoa": locked,
        "so_lan_sai_pin": wrong_pins,
        "han_muc_ngay": limit,
        "het_han": f"{rng.randint(1, 12):02d}/{rng.randint(2027, 2030)}",
    }
    return last


def transaction(
    rng: Random, world: World, kind: str, amount: int, days: float, *, status: str = "thanh_cong", last: str = "",
    to: str = "", same_bank: bool = False, otp: bool = False,
) -> str:  # fmt: skip
    """Give the account a transaction so many days ago, by card where `last` names one; its code."""
    code = f"GD{digits(rng, 6)}"
    world.transactions[code] = {
        "so_tai_khoan": world.number,
        "loai": kind,
        "so_tien": amount,
        "luc": days_ago(days),
        "trang_thai": status,
        "doi_tac": to or ("Máy rút tiền" if kind == "rut_tien" else rng.choice(SHOPS)),
        "so_the": last,
        "cung_ngan_hang": same_bank,
        "otp": otp,
    }
    return code


def again(rng: Random, world: World, code: str) -> None:
    """The same transaction once more, a minute before: the shop has charged twice."""
    row = world.transactions[code]
    minute = (datetime.fromisoformat(row["luc"]) - timedelta(minutes=1)).isoformat()
    world.transactions[f"GD{digits(rng, 6)}"] = {**row, "luc": minute}


def fee(rng: Random, world: World, kind: str, amount: int, days: float, *, returned: bool = False) -> str:
    """Charge the account a fee so many days ago; its code."""
    code = f"PH{digits(rng, 5)}"
    world.fees[code] = {
        "so_tai_khoan": world.number,
        "loai": kind,
        "so_tien": amount,
        "ngay": days_ago(days),
        "da_hoan": returned,
    }
    return code


def bystander(rng: Random) -> World:
    """Some customer of the bank, with whatever customers have."""
    found = world(rng, rng.choice(SEGMENTS), changed=rng.randint(1, 900), waived=rng.randint(0, 2))
    last = card(rng, found, rng.choice(("", "", "", "khach_yeu_cau", "mat_the", "sai_pin")))
    if rng.random() < 0.5:
        transaction(
            rng, found, "thanh_toan_truc_tuyen", rng.randrange(50_000, 9_000_000, 5_000), rng.randint(1, 90), last=last
        )
    transaction(
        rng, found, "chuyen_khoan", rng.randrange(100_000, 40_000_000, 10_000), rng.randint(1, 90), to=name(rng)
    )
    fee(
        rng,
        found,
        rng.choice(("thuong_nien", "tin_nhan", "chuyen_tien")),
        rng.randrange(11_000, 330_000, 11_000),
        rng.randint(1, 200),
    )
    return found
