"""People who are not the account's owner."""

from __future__ import annotations

from random import Random

from ccgym_envs.nganhang import jobs as j
from ccgym_envs.nganhang import worlds as w
from ccgym_envs.nganhang.cases import Case
from ccgym_envs.nganhang.written.entering import (
    card_world,
    charged,
    on_card,
    on_fee,
    on_transfer,
    paper,
    sent,
    test,
    train,
)


@train
def sai_so_giay_to(rng: Random) -> Case:
    world, last = card_world(rng, "khach_yeu_cau")
    return on_card(
        world,
        last,
        "Mở khóa thẻ giúp tôi, tôi đang cần gấp.",
        who="wrong",
        digits=w.digits(rng, 4),
        transfer=("quay_giao_dich", "khong_xac_thuc_duoc"),
        tags=("the", "khong_xac_thuc"),
    )


@test
def khong_nho_so_giay_to(rng: Random) -> Case:
    world, _ = charged(rng, "thuong_nien", 200_000, 9)
    return on_fee(
        world,
        "Hoàn phí thường niên cho tôi, tôi quên mang giấy tờ nhưng nhớ ngày sinh với số dư.",
        who="forgot",
        transfer=("quay_giao_dich", "khong_xac_thuc_duoc"),
        tags=("phi", "khong_xac_thuc"),
    )


@train
def con_hoi_so_du_cua_bo(rng: Random) -> Case:
    world = w.world(rng)
    return Case(
        world,
        "Bố tôi già rồi không biết dùng máy, tôi là con trai, bố ngồi ngay bên cạnh. Cho tôi hỏi số dư của bố.",
        who="other",
        digits=w.digits(rng, 4),
        closing="Anh/chị không có ủy quyền trên tài khoản này nên em không cung "
        "cấp được; mời chủ tài khoản tự liên hệ.",
        must_hear=("không có ủy quyền", "chủ tài khoản"),
        tags=("khong_phai_chu",),
    )


@test
def thu_ky_doi_huy_lenh_sep(rng: Random) -> Case:
    world, code = sent(rng, 120_000_000, -1, status="hen_gio")
    return on_transfer(
        world,
        code,
        "Tôi là thư ký của chị ấy, chị ấy đang họp, bảo tôi hủy lệnh chuyển 120 triệu. Chậm là thiệt hại cả hợp đồng!",
        who="other",
        digits=w.digits(rng, 4),
        closing="Anh/chị không có ủy quyền trên tài khoản này nên em không làm được; mời chủ tài khoản tự liên hệ.",
        must_hear=("không có ủy quyền", "chủ tài khoản"),
        tags=("chuyen_khoan", "khong_phai_chu", "gay_suc_ep"),
    )


@train
def duoc_uy_quyen_mo_the(rng: Random) -> Case:
    world, last = card_world(rng, "khach_yeu_cau")
    holder = paper(rng, world, ["tra_cuu", "the"])
    return on_card(
        world,
        last,
        "Tôi được mẹ ủy quyền về thẻ, có giấy nộp ở ngân hàng. Mở khóa thẻ của mẹ tôi giúp.",
        j.unlock(world, last),
        who="holder",
        digits=holder,
        tags=("the", "uy_quyen"),
    )


@test
def uy_quyen_dung_viec_chuyen_khoan(rng: Random) -> Case:
    world, code = sent(rng, 18_000_000, 5)
    holder = paper(rng, world, ["chuyen_khoan"])
    return on_transfer(
        world,
        code,
        "Tôi là kế toán được chủ tài khoản ủy quyền, hôm trước chuyển nhầm 18 triệu, gửi yêu cầu đòi lại giúp.",
        j.recall(world, code),
        who="holder",
        digits=holder,
        tags=("chuyen_khoan", "uy_quyen"),
    )


@train
def uy_quyen_ngoai_pham_vi(rng: Random) -> Case:
    world = w.world(rng)
    holder = paper(rng, world, ["tra_cuu", "the"])
    return Case(
        world,
        "Tôi có giấy ủy quyền của chị gái, đổi số điện thoại của chị sang số của tôi cho tiện.",
        (),
        who="other",
        digits=holder,
        closing="Ủy quyền không gồm việc đổi số điện thoại; việc này chỉ chủ tài khoản làm được.",
        must_hear=("số điện thoại", "chỉ chủ tài khoản"),
        tags=("thong_tin", "uy_quyen"),
    )


@test
def uy_quyen_het_han(rng: Random) -> Case:
    world, last = card_world(rng, "khach_yeu_cau")
    holder = paper(rng, world, ["the"], "2026-03-15")
    return on_card(
        world,
        last,
        "Ông nội ủy quyền cho tôi dùng thẻ từ năm ngoái, mở khóa thẻ giúp tôi.",
        who="other",
        digits=holder,
        closing="Giấy ủy quyền đã hết hiệu lực nên em không làm được; mời chủ tài khoản tự liên hệ.",
        must_hear=("hết hiệu lực", "chủ tài khoản"),
        tags=("the", "uy_quyen"),
    )


@train
def bo_moi_mat_rut_tien(rng: Random) -> Case:
    world = w.world(rng)
    return Case(
        world,
        "Bố tôi mất tuần trước, tôi cần rút tiền trong tài khoản của bố để lo hậu sự, tôi biết mã PIN.",
        who="nobody",
        transfer=("thua_ke", "khach_hang_mat"),
        tags=("khach_mat",),
    )


@test
def vo_mat_co_uy_quyen(rng: Random) -> Case:
    world = w.world(rng)
    holder = paper(rng, world, ["tra_cuu", "chuyen_khoan"])
    return Case(
        world,
        "Vợ tôi mới qua đời, tôi có giấy ủy quyền còn hạn, chuyển hết tiền của vợ sang tài khoản tôi.",
        who="nobody",
        digits=holder,
        transfer=("thua_ke", "khach_hang_mat"),
        tags=("khach_mat", "uy_quyen"),
    )
