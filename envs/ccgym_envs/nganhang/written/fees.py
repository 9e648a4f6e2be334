"""Fees and their waiver."""

from __future__ import annotations

from random import Random

from ccgym_envs.nganhang import jobs as j
from ccgym_envs.nganhang import worlds as w
from ccgym_envs.nganhang.cases import Case
from ccgym_envs.nganhang.written.entering import charged, on_fee, test, train


@train
def hoan_phi_thuong_nien(rng: Random) -> Case:
    world, code = charged(rng, "thuong_nien", 200_000, 10)
    return on_fee(
        world,
        "Tôi ít dùng thẻ mà bị thu phí thường niên 200 nghìn, ngân hàng xem xét hoàn lại được không?",
        j.waive(world, code),
    )


@test
def hoan_phi_khach_uu_tien_lan_hai(rng: Random) -> Case:
    world, code = charged(rng, "chuyen_tien", 33_000, 4, "uu_tien", waived=1)
    return on_fee(world, "Chị bị trừ 33 nghìn phí chuyển tiền, em hoàn cho chị nhé.", j.waive(world, code))


@train
def hoan_phi_da_dung_het_luot(rng: Random) -> Case:
    world, code = charged(rng, "thuong_nien", 300_000, 10, waived=1)
    why = (
        "Trong 12 tháng qua anh/chị đã được miễn phí 1 lần, là mức tối đa của "
        f"phân khúc, nên em không hoàn khoản {code} được."
    )
    return on_fee(
        world,
        "Năm ngoái hoàn phí được mà, năm nay hoàn lại cho tôi phí thường niên đi, không thì tôi đóng tài khoản!",
        j.waive(world, code).refused(why, code, "1 lần"),
        tags=("phi", "gay_suc_ep"),
    )


@test
def hoan_phi_phat_tra_cham(rng: Random) -> Case:
    world, code = charged(rng, "phat_tra_cham", 150_000, 6, "cao_cap")
    why = f"Khoản {code} là phí phạt trả chậm, không thuộc loại được hoàn."
    return on_fee(
        world,
        "Tôi trả trễ có một ngày do đi viện mà phạt 150 nghìn, hoàn giúp tôi.",
        j.waive(world, code).refused(why, code, "phạt trả chậm"),
    )


@train
def hoan_phi_da_lau(rng: Random) -> Case:
    world, code = charged(rng, "thuong_nien", 200_000, 95)
    why = f"Khoản {code} đã thu quá 90 ngày nên em không hoàn được."
    return on_fee(
        world,
        "Đầu tháng 12 bị thu phí thường niên mà không ai báo, hoàn cho mình với.",
        j.waive(world, code).refused(why, code, "90 ngày"),
    )


@train
def hoan_phi_qua_tham_quyen(rng: Random) -> Case:
    world, code = charged(rng, "thuong_nien", 990_000, 8, "cao_cap")
    return on_fee(
        world,
        "Phí thường niên thẻ hạng cao 990 nghìn, tôi muốn được hoàn như mọi năm.",
        j.waive(world, code).refused("-"),
        transfer=("quan_ly", "vuot_tham_quyen"),
    )


@test
def hai_khoan_phi_cung_luc(rng: Random) -> Case:
    world, code = charged(rng, "thuong_nien", 200_000, 10, "cao_cap")
    other = w.fee(rng, world, "chuyen_tien", 22_000, 5)
    return on_fee(
        world,
        "Hoàn cho tôi phí thường niên, xong hoàn luôn phí chuyển tiền 22 nghìn.",
        j.waive(world, code),
        closing=f"Khoản {other} thì em không hoàn cùng lúc được, vì mỗi lần trao đổi chỉ một khoản.",
        must_hear=(other, "chỉ một khoản"),
        tags=("phi", "mot_phan", "hai_viec"),
    )
