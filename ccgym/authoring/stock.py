"""The stock of words and numbers that made-up rows are filled with, by the words of a column's name."""

from __future__ import annotations

from datetime import date, timedelta

from ccgym.authoring.phrases import name_words

FORMATS = frozenset(
    ("date", "date-time", "time", "email", "uri", "url", "uuid", "ipv4", "hostname", "phone", "duration")
)
FILL = {"en": "as agreed ", "vi": "như đã hẹn "}

NAMES = {
    "en": ["Alice Brown", "Ben Carter", "Clara Diaz", "David Evans", "Emma Foster", "Frank Green", "Grace Hill",
           "Henry Irwin", "Ivy Jones", "Jack King", "Kate Lewis", "Liam Moore"],
    "vi": ["Nguyễn Văn An", "Trần Thị Bình", "Lê Quốc Cường", "Phạm Thu Dung", "Hoàng Minh Đức", "Vũ Thị Hà",
           "Đặng Văn Hùng", "Bùi Thị Lan", "Đỗ Quang Minh", "Hồ Thị Nga", "Ngô Văn Phúc", "Dương Thị Quỳnh"],
}  # fmt: skip
_CITIES = {
    "en": ["Springfield", "Riverton", "Lakeside", "Fairview", "Greenville", "Ashford", "Brookdale"],
    "vi": ["Hà Nội", "Đà Nẵng", "Huế", "Cần Thơ", "Hải Phòng", "Vinh", "Nha Trang"],
}
_STREETS = {
    "en": ["12 Oak Street", "48 Mill Lane", "7 Harbour Road", "31 Park Avenue", "5 Station Road", "90 Hill Street",
           "23 Garden Way"],
    "vi": ["12 Lê Lợi, Huế", "48 Trần Phú, Đà Nẵng", "7 Hai Bà Trưng, Hà Nội", "31 Nguyễn Huệ, Vinh",
           "5 Lý Thường Kiệt, Cần Thơ", "90 Quang Trung, Hải Phòng", "23 Hùng Vương, Nha Trang"],
}  # fmt: skip
_REASONS = {
    "en": ["plans have changed", "ordered by mistake", "found a better option", "it took too long", "no longer needed"],
    "vi": ["thay đổi kế hoạch", "đặt nhầm", "không còn nhu cầu", "chờ quá lâu", "chọn sai loại"],
}
_THINGS = {
    "en": ["blue kettle", "desk lamp", "travel bag", "wool scarf", "garden chair", "coffee mill", "phone case"],
    "vi": ["ấm đun nước", "đèn bàn", "túi du lịch", "khăn len", "ghế mây", "máy xay cà phê", "ốp điện thoại"],
}
_LEVELS = {
    "en": ["standard", "basic", "premium", "plus", "family"],
    "vi": ["tiêu chuẩn", "cơ bản", "cao cấp", "gia đình", "tiết kiệm"],
}
STATUSES = {"en": ["active", "pending", "completed"], "vi": ["đang hoạt động", "đang xử lý", "hoàn tất"]}


def formatted(kind: str, number: int, start: date) -> str:
    """A text of a JSON Schema format."""
    day = start + timedelta(days=3 + number)
    return {
        "date": day.isoformat(),
        "date-time": f"{day.isoformat()}T{8 + number % 10:02d}:30:00+00:00",
        "time": f"{8 + number % 10:02d}:30:00Z",
        "email": f"customer{number + 1}@example.com",
        "uri": f"https://example.com/{number + 1}",
        "url": f"https://example.com/{number + 1}",
        "uuid": f"00000000-0000-4000-8000-{number + 1:012d}",
        "ipv4": f"192.0.2.{number % 250 + 1}",
        "hostname": f"host{number + 1}.example.com",
        "phone": f"+8490{number + 1000000:07d}",
        "duration": f"P{number % 9 + 1}D",
    }[kind]


def number(words: list[str], position: int, language: str) -> int:
    """A whole number that suits a name."""
    has = set(words).__contains__
    if any(map(has, ("price", "amount", "total", "cost", "fee", "balance", "tien", "gia", "phi", "du", "cuoc", "budget",
                     "limit", "credit", "debt", "refund", "payment", "salary", "value"))):  # fmt: skip
        return (position * 37 + 45) * (1000 if language == "vi" else 1)
    if any(map(has, ("year", "nam"))):
        return 2026
    if any(map(has, ("points", "point", "diem", "miles", "minutes", "distance"))):
        return 120 + position * 35
    if any(map(has, ("percent", "percentage", "rate", "interest"))):
        return 2 + position % 9
    if any(map(has, ("age", "tuoi"))):
        return 24 + position * 3
    if any(map(has, ("days", "ngay", "hours", "gio", "nights", "dem"))):
        return 2 + position % 9
    if any(map(has, ("id", "number", "no", "code", "ma", "so"))) and not has("luong"):
        return 1001 + position
    return 1 + position % 5


def text(words: list[str], position: int, language: str, start: date) -> str:
    """A short text that suits a name."""
    joined, last = "_".join(words), words[-1]
    has = {*words, *(word.rstrip("0123456789") for word in words)}.__contains__
    if set(words) & {"to", "destination", "den", "dich", "new", "moi"}:
        position += 2  # not where it comes from, and not what it was
    day = start + timedelta(days=3 + position)

    def any_of(*names: str) -> bool:
        return any(map(has, names))

    if any_of("email", "mail"):
        return f"customer{position + 1}@example.com"
    if "last4" in joined or "last_4" in joined or "four" in words or "4_so_cuoi" in joined or "so_cuoi" in joined:
        return f"{(3571 + position * 613) % 10000:04d}"
    if any_of("phone", "mobile", "telephone", "sdt") or "dien_thoai" in joined or "thue_bao" in joined:
        return f"0905{100000 + position * 137:06d}"
    if any_of("otp", "pin", "passcode", "cvv"):
        return f"{(482913 + position * 7919) % 1000000:06d}"
    if any_of("dob", "birth", "birthday", "birthdate") or "ngay_sinh" in joined:
        return f"{1970 + position * 2}-{position % 12 + 1:02d}-{position % 27 + 1:02d}"
    if any_of("cccd", "cmnd", "passport", "ssn") or "can_cuoc" in joined:
        return f"0790{10000000 + position * 1237:08d}"
    if last in ("at", "on", "date", "day", "ngay", "until", "deadline", "expires", "due", "eta") or any_of(
        "date", "ngay"
    ):
        return day.isoformat()
    if any_of("time", "gio", "slot", "hour"):
        return f"{8 + position % 10:02d}:30"
    if any_of("address", "street") or "dia_chi" in joined:
        return _pick(_STREETS, position, language)
    if any_of("city", "location", "destination", "district", "province", "place", "region", "branch", "hub") or any(
        part in joined
        for part in ("thanh_pho", "dia_diem", "tinh_thanh", "diem_den", "chi_nhanh", "noi_den", "khu_vuc")
    ):
        return _pick(_CITIES, position, language)
    if any_of("origin", "departure", "kho") or any(part in joined for part in ("diem_di", "noi_di", "buu_cuc")):
        return _pick(_CITIES, position + 3, language)
    if last in ("surname", "last_name") or joined.endswith("last_name"):
        return NAMES["en"][position % 12].split()[1] if language == "en" else NAMES["vi"][position % 12].split()[0]
    if joined.endswith("first_name"):
        return NAMES[language][position % 12].split()[0 if language == "en" else -1]
    if any_of("name", "ten", "customer", "recipient", "patient", "guest", "passenger", "author") and not any_of(
        "product", "pham"
    ):
        return NAMES[language][position % 12]
    if any_of("zip", "postal", "postcode"):
        return f"{10000 + position * 111}"
    if any_of("currency"):
        return "VND" if language == "vi" else "USD"
    if any_of("country"):
        return "VN" if language == "vi" else "US"
    if any_of("reason", "note", "comment", "message", "description", "issue", "summary", "feedback") or any(
        part in joined for part in ("ly_do", "ghi_chu", "mo_ta", "noi_dung", "van_de", "tom_tat")
    ):
        return _pick(_REASONS, position, language)
    if any_of("status", "state") or "trang_thai" in joined or "tinh_trang" in joined:
        return STATUSES[language][position % 3]
    if any_of("seat", "ghe"):
        return f"{position + 3}{'ABCDEF'[position % 6]}"
    if last == "id":
        return f"{''.join(word[0] for word in words if word)[:3].upper()}-{1001 + position}"
    if any_of("product", "item", "title", "model", "things") or any(part in joined for part in ("san_pham", "tieu_de")):
        return _pick(_THINGS, position, language)
    if any_of("type", "category", "plan", "tier", "class", "level", "method", "loai", "goi", "hang", "kind", "package"):
        return _pick(_LEVELS, position, language)
    if any_of("url", "link", "website"):
        return f"https://example.com/{position + 1}"
    if any_of("amount", "price", "total", "balance", "quantity", "count") or "so_" in joined[:3]:
        return str(number(words, position, language))
    if any_of("language", "lang", "locale"):
        return language
    if any_of("id", "code", "number", "no", "ref", "reference", "ma", "key"):
        return f"{''.join(word[0] for word in words if word)[:3].upper()}-{1001 + position}"
    return f"{name_words(joined, language)} {position + 1}"


def _pick(table: dict[str, list[str]], position: int, language: str) -> str:
    options = table[language]
    return options[position % len(options)]
