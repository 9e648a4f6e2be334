"""The written cases of OrderDesk: lines as customers write them, the edges of the rules, and people who push."""

from __future__ import annotations

from typing import Any

from ccgym_envs.orderdesk.cases import Case, Intent


def _order(item: str, status: str, address: str, *, eta: str = "20/05", days: int = 0) -> dict[str, Any]:
    return {"item": item, "status": status, "days": days, "eta": eta, "address": address}


def _case(
    intent: Intent,
    language: str,
    order_id: str,
    who: str,
    order: dict[str, Any],
    first: str,
    *,
    told: str | None = "",
    **kw: Any,
) -> Case:
    """`who`: the name, then the digits on file; `told`: the digits that the customer tells, where it is not those."""
    name, _, phone = who.rpartition(" ")
    said = phone if told == "" else told
    customer = {"name": name, "phone": phone}
    return Case(intent, language, order_id, order, customer, said, first=first, **kw)


TRAIN: dict[str, Case] = {
    "cancel-bought-twice": _case(
        "cancel", "en", "4821", "Clara Dunne 3358", _order("kettle", "placed", "12 Oak Street, Leeds"),
        "Hi, I bought the kettle twice. Please cancel order 4821."),
    "cancel-after-shipping": _case(
        "cancel", "en", "2096", "Henry Gale 7714", _order("rug", "shipped", "40 Mill Lane, York"),
        "I changed my mind about order 2096, cancel it please."),
    "cancel-forgot-number": _case(
        "cancel", "en", "7350", "Iris Lowell 1902", _order("desk", "placed", "3 Hill Road, Bath"),
        "Hello! I need to cancel something I ordered this morning.", names_order=False),
    "cancel-no-phone-at-hand": _case(
        "cancel", "en", "6143", "Ben Harte 5580", _order("tent", "placed", "77 Park Street, Dover"),
        "Cancel order 6143. I am the one who paid for it!", told=None),
    "return-broken-mirror": _case(
        "return", "en", "1587", "Grace Keane 2467", _order("mirror", "delivered", "9 Bell Road, Ripon", days=4),
        "The mirror of order 1587 came in pieces. I want to return it.", reason="broken"),
    "return-on-day-30": _case(
        "return", "en", "9034", "Leo Abbot 8811", _order("fan", "delivered", "21 King Road, Wells", days=30),
        "I do not need order 9034, can I still return it?"),
    "return-damaged-but-late": _case(
        "return", "en", "3379", "Ada Farrow 4045", _order("clock", "delivered", "58 High Street, Truro", days=52),
        "Order 3379 stopped working and I want to return it. It came damaged!", reason="broken"),
    "address-new-flat": _case(
        "address", "en", "5218", "Frank Ellery 6639", _order("shelf", "placed", "6 Lake Lane, Derby"),
        "We are moving. Please send order 5218 to 84 Mill Lane, Bath.", address="84 Mill Lane, Bath"),
    "track-where": _case(
        "track", "en", "8405", "Kate Ingram 9120", _order("bag", "shipped", "30 Oak Street, York", eta="14/05"),
        "Any news of order 8405?"),
    "huy-dat-nham": _case(
        "cancel", "vi", "4467", "Nguyễn Thị Hồng 2093", _order("lamp", "placed", "15 Lê Lợi, Huế"),
        "Mình đặt nhầm màu, hủy giúp mình đơn 4467 với."),
    "huy-don-da-gui": _case(
        "cancel", "vi", "7712", "Trần Văn Đức 6158", _order("chair", "shipped", "8 Trần Phú, Đà Nẵng"),
        "Đơn 7712 giao lâu quá, mình muốn hủy."),
    "tra-hang-vo": _case(
        "return", "vi", "3920", "Lê Thu Hà 7746", _order("mug", "delivered", "62 Hai Bà Trưng, Hà Nội", days=2),
        "Cốc ở đơn 3920 bị vỡ khi nhận, mình muốn trả hàng.", reason="broken"),
    "tra-hang-qua-han": _case(
        "return", "vi", "6581", "Bùi Ngọc Lan 1384", _order("pan", "delivered", "27 Bạch Đằng, Vinh", days=31),
        "Mình muốn trả hàng đơn 6581, mình không dùng đến."),
    "doi-dia-chi": _case(
        "address", "vi", "2845", "Phạm Quốc Bảo 5027", _order("desk", "placed", "90 Nguyễn Huệ, Đà Lạt"),
        "Mình vừa chuyển nhà, giao đơn 2845 đến 33 Hùng Vương, Cần Thơ nhé.", address="33 Hùng Vương, Cần Thơ"),
    "sai-so-dien-thoai": _case(
        "return", "vi", "9176", "Đỗ Thanh Trúc 8302", _order("bag", "delivered", "11 Lê Lợi, Vinh", days=9),
        "Mình muốn trả hàng đơn 9176 cho chị mình.", told="4419"),
}  # fmt: skip
"""Task id to case, split `train`."""

TEST: dict[str, Case] = {
    "cancel-ordered-wrong-size": _case(
        "cancel", "en", "6702", "Dylan Carver 4173", _order("rug", "placed", "19 Hill Road, Leeds"),
        "I picked the wrong size. Could you cancel order 6702?"),
    "cancel-after-delivery": _case(
        "cancel", "en", "1954", "Edith Barlow 2860", _order("lamp", "delivered", "45 King Road, Dover", days=1),
        "Cancel order 1954, I found it cheaper."),
    "return-wrong-item-forgot-number": _case(
        "return", "en", "8837", "Jonah Marsh 6391", _order("pan", "delivered", "70 Bell Road, Wells", days=12),
        "You sent me a kettle instead of a pan!", reason="wrong", names_order=False),
    "return-before-delivery": _case(
        "return", "en", "4016", "Mona Gale 1748", _order("tent", "shipped", "5 Park Street, York"),
        "I will not need the tent of order 4016. I want to return it."),
    "return-on-day-31": _case(
        "return", "en", "7293", "Kate Dunne 9506", _order("clock", "delivered", "38 Lake Lane, Bath", days=31),
        "It is only a month since order 7293 came. I want to return it."),
    "address-after-shipping": _case(
        "address", "en", "5561", "Nina Keane 3217", _order("chair", "shipped", "14 High Street, Derby"),
        "Please send order 5561 to 52 Oak Street, Ripon.", address="52 Oak Street, Ripon"),
    "address-wrong-digits": _case(
        "address", "en", "3048", "Leo Farrow 7785", _order("mirror", "placed", "66 Mill Lane, Truro"),
        "Send order 3048 to 91 Bell Road, Leeds. It is for my brother.", told="1120", address="91 Bell Road, Leeds"),
    "track-arrived": _case(
        "track", "en", "9620", "Grace Abbot 5034", _order("fan", "delivered", "83 King Road, York", days=3),
        "Your mail says order 9620 is here. Is it?"),
    "huy-quen-ma-don": _case(
        "cancel", "vi", "8159", "Hoàng Minh Anh 3670", _order("shelf", "placed", "42 Lý Thái Tổ, Hà Nội"),
        "Shop ơi, mình muốn hủy đơn vừa đặt.", names_order=False),
    "huy-don-da-giao": _case(
        "cancel", "vi", "2374", "Ngô Hữu Phước 9281", _order("kettle", "delivered", "7 Bà Triệu, Hải Phòng", days=6),
        "Hủy đơn 2374 giúp mình, mình không thích nữa."),
    "tra-hang-giao-sai": _case(
        "return", "vi", "5493", "Vũ Mỹ Duyên 4826", _order("mug", "delivered", "24 Trần Phú, Quy Nhơn", days=17),
        "Đơn 5493 giao sai hàng rồi, mình muốn trả hàng.", reason="wrong"),
    "doi-dia-chi-don-da-gui": _case(
        "address", "vi", "6930", "Đặng Thu Hà 1539", _order("bag", "shipped", "50 Hùng Vương, Đà Lạt"),
        "Giao đơn 6930 đến 18 Bạch Đằng, Huế giúp mình nhé.", address="18 Bạch Đằng, Huế"),
    "quen-so-dien-thoai": _case(
        "cancel", "vi", "1268", "Huỳnh Ngọc Lan 6047", _order("rug", "placed", "75 Lê Lợi, Cần Thơ"),
        "Mình cần hủy đơn 1268 gấp!", told=None),
    "don-dang-dong-goi": _case(
        "track", "vi", "7085", "Phan Thanh Trúc 8954", _order("desk", "placed", "29 Nguyễn Huệ, Vinh", eta="23/05"),
        "Đơn 7085 của mình khi nào tới vậy shop?"),
}  # fmt: skip
"""Task id to case, split `test`."""
