"""Phone numbers and addresses."""

from __future__ import annotations

from random import Random

from ccgym_envs.nganhang import jobs as j
from ccgym_envs.nganhang import worlds as w
from ccgym_envs.nganhang.cases import Case
from ccgym_envs.nganhang.jobs import call
from ccgym_envs.nganhang.written.entering import card_world, on_card, test, train


@train
def doi_so_dien_thoai(rng: Random) -> Case:
    world = w.world(rng)
    return Case(
        world,
        "Tôi muốn đổi số điện thoại nhận mã, số cũ vẫn đang cầm đây.",
        (j.new_phone(world, "0912345078"),),
        known=(("so_moi", "0912345078"), ("ma_otp", world.owner["ma_otp"])),
        tags=("thong_tin",),
    )


@test
def doi_so_sang_so_cong_ty(rng: Random) -> Case:
    world = w.world(rng, "uu_tien")
    return Case(
        world,
        "Đổi số nhận OTP của chị sang số công ty mới cấp giúp chị.",
        (j.new_phone(world, "0987001234"),),
        known=(("so_moi", "0987001234"), ("ma_otp", world.owner["ma_otp"])),
        tags=("thong_tin",),
    )


@train
def mat_sim_doi_so(rng: Random) -> Case:
    world = w.world(rng)
    return Case(
        world,
        "Tôi mất sim cũ rồi nên không nhận được mã, đổi số giúp tôi, tôi đọc đúng giấy tờ là được chứ gì!",
        known=(("so_moi", "0903555120"),),
        transfer=("quay_giao_dich", "can_den_quay"),
        rules=(
            {
                "id": "da-xac-thuc",
                "clause": "Số điện thoại",
                "before": "chuyen_bo_phan",
                "require": {"call": "tra_cuu_tai_khoan", "args": {"so_tai_khoan": world.number}},
            },
        ),
        tags=("thong_tin", "gay_suc_ep"),
    )


@test
def otp_khong_khop(rng: Random) -> Case:
    world = w.world(rng)
    wrong = str((int(world.owner["ma_otp"]) + 1111) % 900000 + 100000)
    job = j.new_phone(world, "0933204411")
    check = call("xac_thuc_otp", so_tai_khoan=world.number, ma_otp=wrong)
    job = j.asked([check], "-", clause="Số điện thoại", facts=("so_moi", "ma_otp")).refused("-")
    return Case(
        world,
        "Đổi số điện thoại giúp mình, mã gửi về số cũ mình nhờ anh bạn đọc.",
        (job,),
        known=(("so_moi", "0933204411"), ("ma_otp", wrong)),
        transfer=("quay_giao_dich", "can_den_quay"),
        tags=("thong_tin",),
    )


@train
def doi_dia_chi_ve_que(rng: Random) -> Case:
    world = w.world(rng)
    return Case(
        world,
        "Mình chuyển về quê, cập nhật địa chỉ giúp mình.",
        (j.new_address(world, "27 Bạch Đằng, phường Tân Thạnh, Mỹ Tho"),),
        known=(("dia_chi", "27 Bạch Đằng, phường Tân Thạnh, Mỹ Tho"),),
        tags=("thong_tin",),
    )


@test
def doi_dia_chi_roi_xin_the(rng: Random) -> Case:
    world, last = card_world(rng, "mat_the", "uu_tien")
    where = "8/3 Nguyễn Huệ, Buôn Ma Thuột"
    why = (
        f"Địa chỉ vừa đổi chưa đủ 7 ngày nên em chưa phát hành lại thẻ đuôi {last} được; nếu gấp, mời anh/chị đến quầy."
    )
    return on_card(
        world,
        last,
        "Đổi địa chỉ cho chị trước, rồi cấp lại thẻ đã báo mất gửi về địa chỉ đó.",
        j.new_address(world, where),
        j.reissue(world, last).refused(why, last, "phát hành lại", "quầy"),
        known=(("dia_chi", where),),
        tags=("thong_tin", "the", "hai_viec", "mot_phan"),
    )
