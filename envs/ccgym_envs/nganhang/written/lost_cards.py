"""Cards that are gone, and those in their place."""

from __future__ import annotations

from random import Random

from ccgym_envs.nganhang import jobs as j
from ccgym_envs.nganhang import worlds as w
from ccgym_envs.nganhang.cases import Case
from ccgym_envs.nganhang.written.entering import card_world, lost, on_card, test, train


@train
def mat_vi_tren_xe_buyt(rng: Random) -> Case:
    world, last = card_world(rng)
    return lost(
        world,
        last,
        "Tôi vừa bị móc túi trên xe buýt, mất cả ví lẫn thẻ! Khóa thẻ và làm thẻ mới cho tôi.",
        j.reissue(world, last),
        tags=("the", "khan_cap", "hai_viec"),
    )


@test
def mat_the_khach_uu_tien(rng: Random) -> Case:
    world, last = card_world(rng, "", "uu_tien")
    return lost(
        world,
        last,
        "Chị bị rơi thẻ ở sân bay, khóa gấp rồi cấp lại thẻ cho chị nhé.",
        j.reissue(world, last),
        tags=("the", "khan_cap", "hai_viec"),
    )


@train
def mat_the_chi_khoa(rng: Random) -> Case:
    world, last = card_world(rng)
    return lost(
        world,
        last,
        "Rớt thẻ đâu mất rồi, khóa liền giùm tôi, khi nào rảnh tôi tính tiếp.",
        who="nobody",
        closing=f"Em đã tạm khóa thẻ đuôi {last}.",
        must_hear=("đã tạm khóa", last),
        tags=("the", "khan_cap"),
    )


@test
def vo_bao_chong_mat_the(rng: Random) -> Case:
    world, last = card_world(rng)
    return lost(
        world,
        last,
        "Chồng tôi bị cướp ví, anh ấy đang ở đồn công an. Tôi có ảnh chụp thẻ của anh ấy, khóa ngay được không?",
        who="nobody",
        closing=f"Em đã tạm khóa thẻ đuôi {last}, cảm ơn anh/chị đã báo; chủ tài khoản liên hệ lại khi tiện.",
        must_hear=("đã tạm khóa", last, "chủ tài khoản"),
        tags=("the", "khan_cap", "khong_phai_chu"),
    )


@train
def vo_khoa_ho_va_hoi_so_du(rng: Random) -> Case:
    world, last = card_world(rng)
    papers = w.digits(rng, 4)
    return lost(
        world,
        last,
        "Chồng tôi đánh rơi thẻ, tôi là vợ anh ấy. Khóa thẻ lại rồi cho tôi biết trong tài khoản còn bao nhiêu.",
        who="other",
        digits=papers,
        closing=f"Em đã tạm khóa thẻ đuôi {last}. Anh/chị không có ủy quyền nên em "
        "không cung cấp thông tin tài khoản được.",
        must_hear=("đã tạm khóa", last, "không có ủy quyền"),
        tags=("the", "khan_cap", "khong_phai_chu", "hai_viec"),
    )


@train
def cap_lai_the_da_bao_mat(rng: Random) -> Case:
    world, last = card_world(rng, "mat_the", "cao_cap")
    return on_card(
        world,
        last,
        "Tuần trước tôi báo mất thẻ, giờ làm lại thẻ mới cho tôi. Hạng của tôi miễn phí đúng không?",
        j.reissue(world, last),
    )


@test
def cap_lai_the_sau_khi_doi_dia_chi(rng: Random) -> Case:
    world, last = card_world(rng, "mat_the", changed=3)
    why = (
        "Thông tin của anh/chị vừa thay đổi chưa đủ 7 ngày nên em chưa phát hành lại "
        f"thẻ đuôi {last} được; nếu gấp, mời anh/chị đến quầy."
    )
    return on_card(
        world,
        last,
        "Tôi mất thẻ, vừa chuyển nhà xong nên đã đổi địa chỉ, gửi thẻ mới về đó giúp tôi.",
        j.reissue(world, last).refused(why, last, "7 ngày", "quầy"),
    )


@train
def cap_lai_the_dung_bay_ngay(rng: Random) -> Case:
    world, last = card_world(rng, "mat_the", changed=7)
    return on_card(
        world,
        last,
        "Đúng một tuần trước tôi đổi số điện thoại, giờ tôi xin cấp lại thẻ đã báo mất.",
        j.reissue(world, last),
    )


@test
def cap_lai_che_phi_cao(rng: Random) -> Case:
    world, last = card_world(rng, "mat_the")
    return on_card(
        world,
        last,
        "Phát hành lại thẻ tôi báo mất thì hết bao nhiêu? Đắt thì tôi không làm.",
        j.reissue(world, last).declined(),
        tags=("the", "doi_y"),
    )


@train
def doi_the_con_dung_duoc(rng: Random) -> Case:
    world, last = card_world(rng)
    why = f"Thẻ đuôi {last} đang hoạt động và không báo mất nên em không phát hành lại được."
    return on_card(
        world,
        last,
        "Thẻ của tôi trầy xước xấu quá, phát hành lại cái mới cho đẹp.",
        j.reissue(world, last).refused(why, last, "đang hoạt động"),
    )


@test
def doi_y_sau_khi_dong_y_cap_lai(rng: Random) -> Case:
    world, last = card_world(rng, "mat_the")
    line = "Ừ, đồng ý em. À mà khoan, đừng làm vội, để tôi tìm thêm trong xe đã, hôm khác tính."
    return on_card(
        world,
        last,
        "Cấp lại thẻ tôi đã báo mất.",
        j.reissue(world, last).declined(),
        sim={"mind": [{"at": "confirm", "line": line}]},
        tags=("the", "doi_y"),
    )
