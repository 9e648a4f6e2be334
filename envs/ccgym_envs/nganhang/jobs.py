"""What customers ask for: for each job what has to be read, asked and written, and the words that go with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ccgym_envs.nganhang.worlds import World, dong

Action = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One job. `why_not`: it is refused, with these words. `agreed`: what the customer answers to the question."""

    clause: str
    """Heading of the SOP that decides it."""
    facts: tuple[str, ...]
    """What the customer is asked for."""
    reads: list[Action]
    question: str
    """Names the terms and asks for agreement; empty: nothing to agree to."""
    writes: list[Action]
    done: str
    """Tells what was done."""
    say: list[str]
    """What the customer has to hear, if it is done."""
    terms: list[str]
    """What the customer hears in the question and nowhere else."""
    why_not: str = ""
    must_hear: tuple[str, ...] = ()
    """What the customer has to hear, if it is refused."""
    agreed: bool = True

    def refused(self, why: str, *must_hear: str) -> Job:
        """The same job, refused for this reason."""
        return replace(self, why_not=why, must_hear=must_hear)

    def declined(self) -> Job:
        """The same job, which the customer does not want once the terms are told."""
        return replace(self, agreed=False)


def call(name: str, **args: Any) -> Action:
    """A tool call of a reference."""
    return {"name": name, "args": args}


def unlock(world: World, last: str) -> Job:
    """Unlock a card."""
    args = {"so_tai_khoan": world.number, "so_the": last}
    return Job(
        "Mở khóa", ("so_the",), [call("tra_cuu_the", **args)], f"Anh/chị xác nhận mở khóa thẻ đuôi {last} chứ ạ?",
        [call("mo_khoa_the", **args)], f"Em đã mở khóa thẻ đuôi {last}.", ["đã mở khóa", last], ["mở khóa"],
    )  # fmt: skip


def reissue(world: World, last: str) -> Job:
    """A new card in place of a lost one."""
    args = {"so_tai_khoan": world.number, "so_the": last}
    fee = {"thuong": 50_000, "uu_tien": 25_000, "cao_cap": 0}[world.owner["phan_khuc"]]
    return Job(
        "Phát hành lại", ("so_the",), [call("tra_cuu_the", **args)],
        f"Thẻ đuôi {last} sẽ bị hủy, thẻ mới gửi đến {world.owner['dia_chi']}, "
        f"phí {dong(fee)}. Anh/chị có đồng ý không ạ?",
        [call("phat_hanh_lai_the", **args, phi=fee)], f"Em đã đặt phát hành lại thẻ thay thẻ đuôi {last}.",
        ["đã đặt phát hành lại", last], [dong(fee)],
    )  # fmt: skip


def card_limit(world: World, last: str, limit: int) -> Job:
    """Another daily limit of a card."""
    args = {"so_tai_khoan": world.number, "so_the": last}
    return Job(
        "Hạn mức thẻ", ("so_the",), [call("tra_cuu_the", **args)],
        f"Em sẽ đặt hạn mức ngày của thẻ đuôi {last} là {dong(limit)}. Anh/chị có đồng ý không ạ?",
        [call("doi_han_muc_the", **args, han_muc=limit)], f"Em đã đổi hạn mức thẻ đuôi {last}.",
        ["đã đổi hạn mức", last], [dong(limit)],
    )  # fmt: skip


def reset_pin(world: World, last: str) -> Job:
    """Forget three wrong PINs."""
    args = {"so_tai_khoan": world.number, "so_the": last}
    return Job(
        "Mã PIN", ("so_the",), [call("tra_cuu_the", **args)],
        f"Em sẽ đặt lại số lần nhập sai PIN của thẻ đuôi {last}, mã PIN giữ nguyên. Anh/chị có đồng ý không ạ?",
        [call("dat_lai_pin", **args)], f"Em đã đặt lại, thẻ đuôi {last} dùng được ngay với mã PIN cũ.",
        ["đã đặt lại", last], ["giữ nguyên"],
    )  # fmt: skip


def _transaction_reads(world: World, code: str, knows_code: bool) -> list[Action]:
    look = call("tra_cuu_giao_dich", so_tai_khoan=world.number, ma_giao_dich=code)
    return [look] if knows_code else [call("liet_ke_giao_dich", so_tai_khoan=world.number), look]


def recall(world: World, code: str, *, knows_code: bool = True) -> Job:
    """Ask for money back that went to the wrong person."""
    row = world.transactions[code]
    fee = 0 if row["cung_ngan_hang"] else 22_000
    return Job(
        "Chuyển nhầm người nhận", ("ma_giao_dich",) if knows_code else (), _transaction_reads(world, code, knows_code),
        f"Em gửi yêu cầu hoàn trả {dong(row['so_tien'])} cho giao dịch {code}, phí "
        f"{dong(fee)} không hoàn lại, và người nhận phải"
        " đồng ý trả thì tiền mới về. Anh/chị có đồng ý không ạ?",
        [call("yeu_cau_thu_hoi", so_tai_khoan=world.number, ma_giao_dich=code, phi=fee)],
        f"Em đã gửi yêu cầu hoàn trả cho giao dịch {code}; kết quả tùy người nhận, em không hứa trước được.",
        ["đã gửi yêu cầu hoàn trả", code], [dong(row["so_tien"]), dong(fee)],
    )  # fmt: skip


def cancel_scheduled(world: World, code: str, *, knows_code: bool = True) -> Job:
    """Cancel a transfer that has not run yet."""
    row = world.transactions[code]
    return Job(
        "Lệnh hẹn giờ", ("ma_giao_dich",) if knows_code else (), _transaction_reads(world, code, knows_code),
        f"Em sẽ hủy lệnh {code} chuyển {dong(row['so_tien'])}. Anh/chị có đồng ý không ạ?",
        [call("huy_lenh_hen_gio", so_tai_khoan=world.number, ma_giao_dich=code)], f"Em đã hủy lệnh {code}.",
        ["đã hủy lệnh", code], [dong(row["so_tien"])],
    )  # fmt: skip


CHANNELS = {"ung_dung": "trên ứng dụng", "atm": "tại máy rút tiền"}


def transfer_limit(world: World, channel: str, limit: int) -> Job:
    """Another daily limit of a channel."""
    return Job(
        "Hạn mức chuyển khoản theo kênh", (), [],
        f"Em sẽ đặt hạn mức chuyển khoản {CHANNELS[channel]} là {dong(limit)} một ngày. Anh/chị có đồng ý không ạ?",
        [call("doi_han_muc_chuyen_khoan", so_tai_khoan=world.number, kenh=channel, han_muc=limit)],
        f"Em đã đổi hạn mức chuyển khoản {CHANNELS[channel]}.", ["đã đổi hạn mức", CHANNELS[channel]], [dong(limit)],
    )  # fmt: skip


def dispute(
    world: World, code: str, kind: str, *, paper: str = "", credit: bool = False, knows_code: bool = True
) -> Job:
    """Dispute a card transaction, with provisional credit or without."""
    row = world.transactions[code]
    args = {"so_tai_khoan": world.number, "ma_giao_dich": code}
    amount, facts = dong(row["so_tien"]), ("ma_giao_dich",) if knows_code else ()
    writes = [call("mo_khieu_nai", **args, loai=kind, **({"ma_chung_tu": paper} if paper else {}))]
    if credit:
        writes.append(call("tam_hoan_tien", **args, so_tien=row["so_tien"]))
    more = f" Em cũng tạm hoàn {amount} trong lúc chờ, và thu lại nếu khiếu nại không được chấp nhận." if credit else ""
    return Job(
        "7. Khiếu nại giao dịch thẻ", (*facts, "ma_chung_tu") if paper else facts,
        _transaction_reads(world, code, knows_code),
        f"Em sẽ mở khiếu nại giao dịch {code}, số tiền {amount}, trả lời trong 45 ngày, khiếu nại sai chịu phí.{more}"
        " Anh/chị có đồng ý không ạ?",
        writes, f"Em đã mở khiếu nại {code}{' và đã tạm hoàn tiền' if credit else ''}.",
        [f"đã mở khiếu nại {code}", *(["đã tạm hoàn"] if credit else [])], [amount],
    )  # fmt: skip


def waive(world: World, code: str) -> Job:
    """Give a fee back."""
    amount = dong(world.fees[code]["so_tien"])
    return Job(
        "8. Phí và miễn phí", (), [call("tra_cuu_phi", so_tai_khoan=world.number)],
        f"Em sẽ hoàn khoản phí {code} số tiền {amount}, tính vào số lần miễn "
        "phí trong 12 tháng. Anh/chị có đồng ý không ạ?",
        [call("hoan_phi", so_tai_khoan=world.number, ma_phi=code)], f"Em đã hoàn khoản phí {code}.",
        ["đã hoàn khoản phí", code], [amount],
    )  # fmt: skip


def new_phone(world: World, phone: str) -> Job:
    """Another number for the codes."""
    return Job(
        "Số điện thoại", ("so_moi", "ma_otp"),
        [call("xac_thuc_otp", so_tai_khoan=world.number, ma_otp=world.owner["ma_otp"])],
        f"Em sẽ đổi số điện thoại thành {phone}. Anh/chị có đồng ý không ạ?",
        [call("doi_so_dien_thoai", so_tai_khoan=world.number, so_dien_thoai=phone)],
        f"Em đã đổi sang số {phone}.", ["đã đổi sang số", phone], [phone],
    )  # fmt: skip


def new_address(world: World, where: str) -> Job:
    """Another address."""
    return Job(
        "Địa chỉ", ("dia_chi",), [], f"Em sẽ đổi địa chỉ thành: {where}. Anh/chị có đồng ý không ạ?",
        [call("doi_dia_chi", so_tai_khoan=world.number, dia_chi=where)],
        f"Em đã cập nhật địa chỉ: {where}; trong 7 ngày tới chưa phát hành lại thẻ và chưa tăng hạn mức được.",
        ["đã cập nhật", where, "7 ngày"], [where],
    )  # fmt: skip


def asked(reads: list[Action], answer: str, *say: str, clause: str, facts: tuple[str, ...] = ()) -> Job:
    """A question that is answered from what is read."""
    return Job(clause, facts, reads, "", [], answer, list(say), [])
