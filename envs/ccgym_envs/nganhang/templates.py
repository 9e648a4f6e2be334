"""The endless tasks of NganHang: each draws a fresh customer with rows of their own, which the task brings along.

A stream draws its templates with equal weight: half of them end in a refusal, with a colleague, or with a lock alone.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ccgym_envs.nganhang import jobs as j
from ccgym_envs.nganhang import worlds as w
from ccgym_envs.nganhang.cases import Case, task_of
from ccgym_envs.nganhang.jobs import call

Template = Callable[[Random], dict[str, Any]]


def _task(draw: Callable[[Random], Case]) -> Template:
    def template(rng: Random) -> dict[str, Any]:
        case = draw(rng)
        tables = {name: rows for name, rows in case.world.tables().items() if rows}
        return {**task_of(case), "init": {"state": {"tables": tables}}}

    return template


def _greet(rng: Random, *lines: str) -> str:
    return rng.choice(("Chào em, ", "Em ơi, ", "Alo, ", "Cho tôi hỏi, ", "")) + rng.choice(lines)


def _amount(rng: Random, low: int = 100_000, high: int = 40_000_000) -> int:
    return rng.randrange(low, high, 10_000)


def unlock(rng: Random) -> Case:
    """A card that the customer had locked."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    last = w.card(rng, world, "khach_yeu_cau")
    first = _greet(rng, "mở khóa thẻ giúp tôi, trước tôi nhờ khóa.", "thẻ tôi tự khóa, giờ mở lại nhé.")
    return Case(world, first, (j.unlock(world, last),), known=(("so_the", last),), tags=("the",))


def unlock_lost(rng: Random) -> Case:
    """A card that was reported lost stays locked."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    last = w.card(rng, world, "mat_the")
    first = _greet(
        rng, "tôi tìm thấy thẻ báo mất rồi, mở khóa lại nhé.", "thẻ báo mất hóa ra còn trong cặp, mở giúp tôi."
    )
    why = f"Thẻ đuôi {last} đã báo mất nên em không mở lại được; chỉ có thể phát hành lại."
    job = j.unlock(world, last).refused(why, last, "báo mất", "phát hành lại")
    return Case(world, first, (job,), known=(("so_the", last),), tags=("the",))


def lost(rng: Random) -> Case:
    """Lock at once, then a new card for its fee."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    last = w.card(rng, world)
    first = _greet(rng, "tôi mất thẻ rồi, khóa và làm thẻ mới gấp!", "thẻ bị giật mất, khóa ngay rồi cấp lại cho tôi.")
    lock = call("tam_khoa_the", so_tai_khoan=world.number, so_the=last, ly_do="mat_the")
    return Case(
        world, first, (j.reissue(world, last),), locks=(lock,), locked_facts=("so_the",), known=(("so_the", last),),
        tags=("the", "khan_cap", "hai_viec"),
    )  # fmt: skip


def reissue_too_soon(rng: Random) -> Case:
    """Phone or address changed within 7 days."""
    world = w.world(rng, rng.choice(w.SEGMENTS), changed=rng.randint(1, 6))
    last = w.card(rng, world, "mat_the")
    first = _greet(rng, "cấp lại thẻ tôi báo mất hôm trước.", "phát hành lại giúp tôi cái thẻ đã báo mất.")
    why = (
        "Thông tin vừa thay đổi chưa đủ 7 ngày nên em chưa phát hành lại thẻ "
        f"đuôi {last} được; nếu gấp, mời anh/chị đến quầy."
    )
    job = j.reissue(world, last).refused(why, last, "7 ngày", "quầy")
    return Case(world, first, (job,), known=(("so_the", last),), tags=("the",))


def pins(rng: Random) -> Case:
    """Wrong PINs: three are forgotten, more are not."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    count = rng.choice((3, 3, 4, 5, 6, 8))
    last = w.card(rng, world, "sai_pin", wrong_pins=count)
    job = j.reset_pin(world, last)
    if count > 3:
        why = f"Thẻ đuôi {last} đã bị nhập sai PIN {count} lần nên em không đặt lại được; mời anh/chị đến quầy."
        job = job.refused(why, last, f"{count} lần", "quầy")
    first = _greet(rng, "tôi nhập sai PIN nên thẻ bị khóa.", "thẻ khóa vì sai mã PIN, đặt lại giúp tôi.")
    return Case(world, first, (job,), known=(("so_the", last),), tags=("the",))


def card_limit(rng: Random) -> Case:
    """A daily limit within the segment's, or beyond it."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    top = w.CARD_TOP[world.owner["phan_khuc"]]
    last = w.card(rng, world)
    limit = top + rng.choice((-15, -5, 0, 5, 20, 50)) * 1_000_000
    job = j.card_limit(world, last, limit)
    if limit > top:
        why = f"Hạn mức cao nhất của phân khúc là {w.dong(top)} nên em không nâng thẻ đuôi {last} hơn được."
        job = job.refused(why, last, w.dong(top))
    first = _greet(rng, f"nâng hạn mức thẻ lên {limit // 1_000_000} triệu một ngày giúp tôi.")
    return Case(world, first, (job,), known=(("so_the", last),), tags=("the",))


def recall(rng: Random) -> Case:
    """A transfer to the wrong person, in time or too late."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    amount, days = _amount(rng), rng.choice((1, 4, 12, 29, 31, 40, 60))
    code = w.transaction(rng, world, "chuyen_khoan", amount, days, to=w.name(rng), same_bank=rng.random() < 0.5)
    job = j.recall(world, code, knows_code=rng.random() < 0.5)
    if days > 30:
        why = (
            f"Giao dịch {code} đã quá 30 ngày nên em không gửi yêu cầu hoàn trả được; anh/chị có thể trình báo công an."
        )
        job = job.refused(why, code, "quá 30 ngày", "công an")
    first = _greet(
        rng,
        f"tôi chuyển nhầm {w.dong(amount)} cho người khác, đòi lại giúp.",
        f"lấy lại {w.dong(amount)} tôi chuyển nhầm với.",
    )
    return Case(world, first, (job,), known=(("ma_giao_dich", code),), tags=("chuyen_khoan",))


def scheduled(rng: Random) -> Case:
    """A transfer of the future, to be cancelled in time or too late."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    amount, hours = _amount(rng), rng.choice((0.5, 1, 1.5, 2, 3, 24, 50))
    code = w.transaction(rng, world, "chuyen_khoan", amount, -hours / 24, to=w.name(rng), status="hen_gio")
    job = j.cancel_scheduled(world, code)
    if hours < 2:
        job = job.refused(f"Lệnh {code} còn chưa đến 2 giờ là chạy nên em không hủy được.", code, "2 giờ")
    first = _greet(
        rng, f"hủy lệnh hẹn giờ {w.dong(amount)} giúp tôi.", f"tôi muốn hủy lệnh chuyển {w.dong(amount)} đã hẹn."
    )
    return Case(world, first, (job,), known=(("ma_giao_dich", code),), tags=("chuyen_khoan",))


def charged_twice(rng: Random) -> Case:
    """A double charge, in time or too late."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    amount, days = _amount(rng, high=9_000_000), rng.choice((2, 20, 45, 59, 61, 80))
    kind = rng.choice(("thanh_toan_tai_quay", "thanh_toan_truc_tuyen"))
    code = w.transaction(rng, world, kind, amount, days, last=w.card(rng, world))
    w.again(rng, world, code)
    job = j.dispute(world, code, "tinh_hai_lan")
    if days > 60:
        job = job.refused(f"Giao dịch {code} đã quá 60 ngày nên em không mở khiếu nại được.", code, "60 ngày")
    first = _greet(
        rng, f"tôi bị tính hai lần {w.dong(amount)} ở cùng một nơi.", f"cửa hàng trừ thẻ tôi hai lần {w.dong(amount)}."
    )
    return Case(world, first, (job,), known=(("ma_giao_dich", code),), tags=("khieu_nai",))


def stolen_data(rng: Random) -> Case:
    """A payment that the customer did not make: lock, then a dispute, or the fraud desk where a code was entered."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    amount, otp = _amount(rng, high=9_000_000), rng.random() < 0.5
    last = w.card(rng, world)
    code = w.transaction(rng, world, "thanh_toan_truc_tuyen", amount, rng.randint(1, 20), last=last, otp=otp)
    lock = call("tam_khoa_the", so_tai_khoan=world.number, so_the=last, ly_do="nghi_gian_lan")
    job = j.dispute(world, code, "khong_thuc_hien", credit=amount <= 5_000_000 and not otp)
    first = _greet(
        rng, f"thẻ tôi bị trừ {w.dong(amount)} mà tôi không mua gì!", f"ai đó lấy {w.dong(amount)} từ thẻ của tôi!"
    )
    return Case(
        world, first, (job.refused("-") if otp else job,), locks=(lock,), locked_facts=("so_the",),
        known=(("so_the", last), ("ma_giao_dich", code)), transfer=("gian_lan", "nghi_gian_lan") if otp else None,
        tags=("khieu_nai", "khan_cap"),
    )  # fmt: skip


def waiver(rng: Random) -> Case:
    """A fee that may be given back, or one for which the year's waivers are used up."""
    segment = rng.choice(w.SEGMENTS)
    limit = {"thuong": 1, "uu_tien": 2, "cao_cap": 3}[segment]
    used = rng.choice((0, limit - 1, limit))
    world = w.world(rng, segment, waived=used)
    amount = rng.randrange(11_000, 495_000, 11_000)
    code = w.fee(rng, world, rng.choice(("thuong_nien", "tin_nhan", "chuyen_tien")), amount, rng.randint(1, 89))
    job = j.waive(world, code)
    if used >= limit:
        why = f"Trong 12 tháng anh/chị đã được miễn phí {used} lần, là mức tối đa, nên em không hoàn khoản {code} được."
        job = job.refused(why, code, f"{used} lần")
    first = _greet(
        rng, f"hoàn cho tôi khoản phí {w.dong(amount)}.", f"tôi bị thu {w.dong(amount)} tiền phí, xem xét giúp tôi."
    )
    return Case(world, first, (job,), tags=("phi",))


def new_address(rng: Random) -> Case:
    """Another address, with its marks."""
    world, where = w.world(rng, rng.choice(w.SEGMENTS)), w.address(rng)
    first = _greet(rng, "tôi chuyển nhà, cập nhật địa chỉ giúp.", "đổi địa chỉ liên hệ cho tôi.")
    return Case(world, first, (j.new_address(world, where),), known=(("dia_chi", where),), tags=("thong_tin",))


def stranger(rng: Random) -> Case:
    """Somebody whose digits are not the owner's."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    last = w.card(rng, world, "khach_yeu_cau")
    other = next(found for found in iter(lambda: w.digits(rng, 4), None) if found != world.owner["so_giay_to"])
    first = _greet(rng, "mở khóa thẻ cho tôi nhanh lên.", "cho tôi biết số dư.", "đổi địa chỉ giúp tôi.")
    return Case(
        world, first, who="wrong", digits=other, known=(("so_the", last),),
        transfer=("quay_giao_dich", "khong_xac_thuc_duoc"), tags=("khong_xac_thuc",),
    )  # fmt: skip


def relative(rng: Random) -> Case:
    """Somebody who says that they are not the owner, and has no power of attorney."""
    world = w.world(rng, rng.choice(w.SEGMENTS))
    who = rng.choice(("vợ", "chồng", "con gái", "con trai", "em trai", "thư ký", "mẹ"))
    first = _greet(
        rng, f"tôi là {who} của chủ tài khoản, cho tôi hỏi số dư.", f"tôi là {who} của chủ tài khoản, mở thẻ giúp."
    )
    closing = "Anh/chị không có ủy quyền trên tài khoản này nên em không làm được; mời chủ tài khoản tự liên hệ."
    other = next(found for found in iter(lambda: w.digits(rng, 4), None) if found != world.owner["so_giay_to"])
    return Case(
        world, first, who="other", digits=other, closing=closing, must_hear=("không có ủy quyền", "chủ tài khoản"),
        tags=("khong_phai_chu",),
    )  # fmt: skip


TEMPLATES: dict[str, Template] = {
    "mo-khoa": _task(unlock),
    "mo-khoa-the-bao-mat": _task(unlock_lost),
    "mat-the": _task(lost),
    "cap-lai-qua-som": _task(reissue_too_soon),
    "sai-pin": _task(pins),
    "han-muc-the": _task(card_limit),
    "chuyen-nham": _task(recall),
    "lenh-hen-gio": _task(scheduled),
    "tinh-hai-lan": _task(charged_twice),
    "giao-dich-la": _task(stolen_data),
    "hoan-phi": _task(waiver),
    "doi-dia-chi": _task(new_address),
    "sai-giay-to": _task(stranger),
    "nguoi-than": _task(relative),
}
"""Template name to `fn(rng) -> task`."""
