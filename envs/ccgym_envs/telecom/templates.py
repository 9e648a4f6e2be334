"""The endless tasks of Telecom: each draws a fresh line, a phone with a fault, and a customer.

A stream draws its templates with equal weight, so their number is the mix: of twelve, six end with a phone that
works, three in a refusal, and three with a colleague.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ccgym_envs.telecom import people
from ccgym_envs.telecom.cases import Case, task_of

Template = Callable[[Random], dict[str, Any]]
UNPAID = {"status": "suspended", "reason": "unpaid"}
FAULTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "airplane": ({"airplane": True}, ("airplane", "speed")),
    "data": ({"mobile_data": False}, ("settings", "data", "speed")),
    "mode": ({"network_mode": "3g"}, ("settings", "mode", "speed")),
    "apn": ({"apn": "wap.other", "apn_used": "wap.other"}, ("settings", "apn", "enter_apn", "reboot", "speed")),
}
"""Fault of the phone to what it changes there and the steps from the status bar on, in the order of the SOP."""
LEAD = {
    "en": [
        "My phone does not work.",
        "Hello, I need help with my phone.",
        "Something is wrong with my phone.",
        "Nothing works any more!",
    ],
    "vi": ["Máy mình bị lỗi rồi.", "Alo, giúp mình với.", "Điện thoại mình không dùng được.", "Mình cần hỗ trợ gấp."],
}
WORDS: dict[str, dict[str, list[str]]] = {
    "dead": {
        "en": ["I have no signal or no internet.", "There is no service.", "I cannot get online."],
        "vi": ["Mình không có sóng hoặc không vào mạng được.", "Máy không có mạng.", "Mình không vào mạng được."]},
    "slow": {
        "en": ["The internet is slow, a small pack is fine.", "Everything crawls. I could buy more data."],
        "vi": ["Mạng chậm quá, mình mua thêm dung lượng cũng được.", "Mạng rất chậm, mình mua thêm cũng được."]},
    "abroad": {
        "en": ["I am abroad and cannot get online.", "I am on a trip abroad and there is no service."],
        "vi": ["Mình đang ở nước ngoài, máy không có mạng.", "Mình đi công tác nước ngoài, không vào mạng được."]},
    "card": {
        "en": ["It asks for a PUK.", "The screen wants a PUK code."],
        "vi": ["Máy đòi mã PUK.", "Màn hình báo nhập mã PUK."]},
    "closed": {
        "en": ["The line seems to be closed, please open it.", "Why is my line closed? Open it."],
        "vi": ["Thuê bao bị khóa, mở giúp mình.", "Sao số của mình bị khóa? Mở lại giúp mình."]},
}  # fmt: skip
"""What is wrong to how customers say it."""
WHO = {
    "en": ["Number {phone}, born {birth}.", "I am {phone}, date of birth {birth}.", "My number is {phone}."],
    "vi": ["Số {phone}, sinh {birth}.", "Mình là {phone}, ngày sinh {birth}.", "Số của mình là {phone}."],
}
SAID: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "fixed": {
        "en": ("The fault was {fault}. Data works again.", ("{fault}", "works again")),
        "vi": ("Lỗi là do {fault}. Mạng đã chạy lại rồi ạ.", ("{fault}", "đã chạy lại"))},
    "unpaid": {
        "en": ("The bill is paid, the line is open, {fault} is settled too. Data works again.", ("is open", "{fault}")),
        "vi": ("Hóa đơn đã trả, thuê bao đã mở, {fault} cũng đã xong. Mạng đã chạy lại rồi ạ.", ("đã mở", "{fault}"))},
    "pack": {
        "en": ("With {gb} GB more the speed is good.", ("{gb} GB more",)),
        "vi": ("Em đã thêm {gb} GB, tốc độ tốt rồi ạ.", ("đã thêm {gb} GB",))},
    "roaming": {
        "en": ("Roaming is allowed now and costs {day} dollars a day.", ("is allowed now", "{day} dollars")),
        "vi": ("Chuyển vùng đã mở, giá {day} đô la một ngày ạ.", ("đã mở", "{day} đô la"))},
    "card": {"en": ("The card is open again.", ("open again",)), "vi": ("Thẻ SIM đã mở lại rồi ạ.", ("đã mở lại",))},
    "no packs": {
        "en": ("Two packs a month are the most. New data comes with the new month.", ("two packs",)),
        "vi": ("Mỗi tháng chỉ được hai gói. Tháng mới sẽ có dung lượng mới ạ.", ("hai gói",))},
    "no roaming": {
        "en": ("Roaming is not possible: the line is {age} days old, and it needs 30 days.", ("30 days", "{age}")),
        "vi": ("Chưa mở chuyển vùng được: thuê bao mới {age} ngày, cần đủ 30 ngày ạ.", ("30 ngày", "{age}"))},
    "no opening": {
        "en": ("The line opens when the overdue bill is paid, and not before.", ("overdue", "opens when")),
        "vi": ("Thuê bao chỉ mở khi hóa đơn quá hạn đã thanh toán ạ.", ("quá hạn", "chỉ mở khi"))},
}  # fmt: skip
"""Ending to the last reply, and what of it the customer has to hear."""
NAMES = {
    "airplane": {"en": "airplane mode", "vi": "chế độ máy bay"},
    "data": {"en": "mobile data", "vi": "dữ liệu di động"},
    "mode": {"en": "the network mode", "vi": "chế độ mạng"},
    "apn": {"en": "the APN", "vi": "APN"},
}


def _task(
    rng: Random, wrong: str, steps: tuple[str, ...], ending: str = "", *, plans: str = "P1 P2 P3 P4", fault: str = "",
    changes: dict[str, Any] | None = None, **kw: Any,
) -> dict[str, Any]:  # fmt: skip
    """The task around a drawn line; `changes` lie over its row."""
    language = rng.choice(("en", "en", "vi"))
    phone = f"097{people.digits(rng, 7)}"
    plan = rng.choice(plans.split())
    line = people.line(rng, f"C{phone}", plan, rng.choice(people.QUIET[language])) | (changes or {})
    if "used_up" in line:
        line["used_gb"] = people.PLANS[plan]["data_gb"] + line["extra_gb"] + line.pop("used_up")
    who = rng.choice(WHO[language])
    first = " ".join((rng.choice(LEAD[language]), rng.choice(WORDS[wrong][language]), who))
    steps = steps if "{birth}" in who else ("id", *steps)
    final, say = SAID[ending][language] if ending else ("", ())
    kw.setdefault("outcome", "fixed" if ending else "escalated")
    gb = next((step.split()[1] for step in steps if step.startswith("pack")), "")
    words = {"fault": NAMES[fault][language] if fault else "", "gb": gb, "age": str(line["age_days"])}
    for name, value in words.items():
        final = final.replace("{" + name + "}", value)
        say = tuple(text.replace("{" + name + "}", value) for text in say)
    case = Case(language, people.name(rng, language), people.birth(rng), phone, line, first, steps, final, say, **kw)
    return task_of(case, own_rows=True)


def _bills(rng: Random) -> dict[str, dict[str, Any]]:
    amount = rng.randint(12, 95)
    return {
        f"B9{people.digits(rng, 4)}": {"month": "2026-02", "amount": amount, "due": "2026-02-20", "status": "overdue"}
    }


def phone_fault(rng: Random) -> dict[str, Any]:
    """One switch or entry of the phone is wrong."""
    fault = rng.choice(list(FAULTS))
    device, steps = FAULTS[fault]
    return _task(
        rng, "dead", ("verify", "line", "outage", "bar", *steps), "fixed", fault=fault, device=device, tags=(fault,)
    )


def two_faults(rng: Random) -> dict[str, Any]:
    """Airplane mode hides another fault."""
    fault = rng.choice(("data", "mode", "apn"))
    device, steps = FAULTS[fault]
    return _task(
        rng, "dead", ("verify", "line", "outage", "bar", "airplane", "speed", *steps), "fixed", fault=fault,
        device={"airplane": True, **device}, tags=(fault, "airplane", "combined"),
    )  # fmt: skip


def unpaid_and_fault(rng: Random) -> dict[str, Any]:
    """The line is closed for a bill, and the phone has a fault of its own."""
    fault = rng.choice(list(FAULTS))
    device, steps = FAULTS[fault]
    paid = ("verify", "line", "bills", "agree link", "link", "pay", "resume", "reboot", "outage", "bar")
    # The restart that a resumed line needs brings no APN into use that is wrong itself.
    return _task(
        rng, "dead", (*paid, *steps), "unpaid", fault=fault, device=device, changes=UNPAID, bills=_bills(rng),
        tags=("unpaid", fault, "combined"),
    )  # fmt: skip


def pack(rng: Random) -> dict[str, Any]:
    """The month's data is used up."""
    gb = rng.choice((1, 2, 5, 10))
    steps = ("verify", "line", "usage", f"agree pack {gb}", f"pack {gb}", "speed")
    return _task(rng, "slow", steps, "pack", changes={"used_up": rng.choice((0.2, 0.5))}, tags=("pack",))


def abroad(rng: Random) -> dict[str, Any]:
    """Roaming is off on both sides."""
    steps = ("verify", "line", "bills", "agree roam", "roam", "bar", "settings", "roaming", "speed")
    return _task(rng, "abroad", steps, "roaming", plans="P2 P3 P4", abroad=True, tags=("roaming",))


def puk(rng: Random) -> dict[str, Any]:
    """A PIN was entered wrongly three times."""
    steps = ("verify", "line", "outage", "bar", "sim", "get_puk", "enter_puk", "speed")
    return _task(rng, "card", steps, "card", device={"sim": "puk_needed"}, tags=("sim", "puk"))


def third_pack(rng: Random) -> dict[str, Any]:
    """Two packs were added this month already."""
    changes = {"used_up": 0.3, "extra_gb": rng.choice((2, 4, 7)), "packs": 2}
    return _task(
        rng, "slow", ("verify", "line", "usage"), "no packs", changes=changes, outcome="refused", tags=("pack",)
    )


def young_line(rng: Random) -> dict[str, Any]:
    """The line is too young for roaming."""
    changes = {"age_days": rng.randint(3, 29)}
    return _task(
        rng, "abroad", ("verify", "line"), "no roaming", plans="P2 P3 P4", changes=changes, abroad=True,
        outcome="refused", tags=("roaming",),
    )  # fmt: skip


def cannot_pay(rng: Random) -> dict[str, Any]:
    """The line is closed for a bill that the customer will not pay today."""
    return _task(
        rng, "closed", ("verify", "line", "bills", "agree link"), "no opening", changes=UNPAID, bills=_bills(rng),
        confirm="no", outcome="refused", tags=("unpaid",),
    )  # fmt: skip


def unverified(rng: Random) -> dict[str, Any]:
    """The date of birth is not that of anybody who may speak for the line."""
    return _task(
        rng, "closed", ("verify", "escalate unverified"), told={"birth": people.birth(rng)}, changes=UNPAID,
        bills=_bills(rng), tags=("unverified",),
    )  # fmt: skip


def fraud(rng: Random) -> dict[str, Any]:
    """The line is suspended for fraud."""
    changes = {"status": "suspended", "reason": "fraud"}
    return _task(rng, "closed", ("verify", "line", "escalate fraud"), changes=changes, tags=("fraud",))


def hopeless(rng: Random) -> dict[str, Any]:
    """Every step was gone through and nothing helped: the phone is broken, or the network does not see it."""
    broken = rng.random() < 0.5
    reason = "device_fault" if broken else "network_fault"
    steps = ("verify", "line", "outage", "bar", "settings", "apn", "reboot", "speed", "seen", f"escalate {reason}")
    return _task(
        rng, "dead", steps, device={"broken": broken}, changes={"stuck": not broken}, tags=(reason.replace("_", "-"),)
    )


TEMPLATES: dict[str, Template] = {
    "phone-fault": phone_fault, "two-faults": two_faults, "unpaid-and-fault": unpaid_and_fault, "pack": pack,
    "abroad": abroad, "puk": puk, "third-pack": third_pack, "young-line": young_line, "cannot-pay": cannot_pay,
    "unverified": unverified, "fraud": fraud, "hopeless": hopeless,
}  # fmt: skip
"""Name to template."""
