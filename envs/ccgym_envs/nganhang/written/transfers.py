"""Transfers: to the wrong person, of the future, and how much a day."""

from __future__ import annotations

from random import Random

from ccgym_envs.nganhang import jobs as j
from ccgym_envs.nganhang import worlds as w
from ccgym_envs.nganhang.cases import Case
from ccgym_envs.nganhang.jobs import call
from ccgym_envs.nganhang.written.entering import on_transfer, sent, test, train


@train
def chuyen_nham_mot_so(rng: Random) -> Case:
    world, code = sent(rng, 3_200_000, 2)
    return on_transfer(
        world,
        code,
        "Tôi chuyển nhầm 3,2 triệu cho người lạ vì gõ sai một số tài khoản. Lấy lại giúp tôi!",
        j.recall(world, code),
    )


@test
def chuyen_nham_cung_ngan_hang(rng: Random) -> Case:
    world, code = sent(rng, 12_750_000, 11, same_bank=True)
    return on_transfer(
        world,
        code,
        "Hôm trước chị chuyển tiền nhầm cho khách cũ trùng tên, cũng ở ngân hàng mình, đòi lại sao em?",
        j.recall(world, code, knows_code=False),
    )


@train
def chuyen_nham_khong_nho_ma(rng: Random) -> Case:
    world, code = sent(rng, 890_000, 1)
    return on_transfer(
        world,
        code,
        "Hôm qua tôi trả tiền điện cho bà chủ trọ mà nhầm sang người khác, 890 nghìn.",
        j.recall(world, code, knows_code=False),
    )


@train
def chuyen_nham_dung_ba_muoi_ngay(rng: Random) -> Case:
    world, code = sent(rng, 7_000_000, 30, "uu_tien")
    return on_transfer(world, code, "Chuyển nhầm 7 triệu tròn một tháng rồi, có kịp đòi không?", j.recall(world, code))


@test
def chuyen_nham_qua_han(rng: Random) -> Case:
    world, code = sent(rng, 25_000_000, 33)
    why = (
        f"Giao dịch {code} đã quá 30 ngày nên em không gửi yêu cầu hoàn trả "
        "được; anh/chị có thể trình báo cơ quan công an."
    )
    return on_transfer(
        world,
        code,
        "25 triệu của tôi chuyển nhầm hơn tháng trước, người ta hứa trả rồi lặn mất. Đòi lại cho tôi!",
        j.recall(world, code).refused(why, code, "quá 30 ngày", "công an"),
    )


@train
def chuyen_nham_nhung_tiec_phi(rng: Random) -> Case:
    world, code = sent(rng, 60_000, 3)
    return on_transfer(
        world,
        code,
        "Chuyển nhầm 60 nghìn, đòi lại thì phí bao nhiêu, có chắc về không?",
        j.recall(world, code).declined(),
        tags=("chuyen_khoan", "doi_y"),
    )


@test
def bi_lua_dat_coc_phong(rng: Random) -> Case:
    world, code = sent(rng, 4_000_000, 0.2)
    lock = (call("khoa_ngan_hang_so", so_tai_khoan=world.number),)
    return on_transfer(
        world,
        code,
        "Tôi bị lừa đặt cọc phòng khách sạn 4 triệu, rồi họ bắt tôi cài phần mềm, điện thoại đang tự chạy!",
        locks=lock,
        who="nobody",
        transfer=("gian_lan", "nghi_gian_lan"),
        tags=("chuyen_khoan", "gian_lan", "khan_cap"),
    )


@train
def gia_danh_cong_an(rng: Random) -> Case:
    world, code = sent(rng, 38_000_000, 0.1)
    lock = (call("khoa_ngan_hang_so", so_tai_khoan=world.number),)
    return on_transfer(
        world,
        code,
        "Có người xưng công an bắt tôi chuyển 38 triệu để chứng minh trong sạch, chuyển xong tôi mới biết bị lừa.",
        locks=lock,
        who="nobody",
        transfer=("gian_lan", "nghi_gian_lan"),
        tags=("chuyen_khoan", "gian_lan", "khan_cap"),
    )


@train
def doi_ten_nguoi_nhan(rng: Random) -> Case:
    world, code = sent(rng, 5_500_000, 4)
    look = [call("tra_cuu_giao_dich", so_tai_khoan=world.number, ma_giao_dich=code)]
    why = (
        f"Em không cung cấp thông tin người nhận của giao dịch {code} được; nếu "
        "chuyển nhầm, em có thể gửi yêu cầu hoàn trả."
    )
    job = j.asked(look, why, code, "không cung cấp", clause="Chuyển nhầm người nhận", facts=("ma_giao_dich",)).refused(
        why, code, "không cung cấp"
    )
    return on_transfer(
        world,
        code,
        "Cho tôi tên đầy đủ với số điện thoại của người nhận tiền nhầm để tôi tự đến nhà đòi.",
        job,
        tags=("chuyen_khoan", "gay_suc_ep"),
    )


@train
def huy_lenh_tien_nha(rng: Random) -> Case:
    world, code = sent(rng, 6_500_000, -2, status="hen_gio")
    return on_transfer(
        world,
        code,
        "Tôi hẹn chuyển tiền nhà 6,5 triệu mà chủ nhà đổi tài khoản rồi, hủy lệnh giúp.",
        j.cancel_scheduled(world, code, knows_code=False),
    )


@test
def huy_lenh_con_dung_hai_gio(rng: Random) -> Case:
    world, code = sent(rng, 15_000_000, -2 / 24, status="hen_gio")
    return on_transfer(
        world,
        code,
        "Lệnh hẹn 11 giờ trưa nay chuyển 15 triệu, tôi cần hủy trước khi nó chạy.",
        j.cancel_scheduled(world, code),
    )


@train
def huy_lenh_qua_sat_gio(rng: Random) -> Case:
    world, code = sent(rng, 9_900_000, -1 / 24, status="hen_gio")
    why = f"Lệnh {code} còn chưa đến 2 giờ nữa là chạy nên hệ thống đã khóa, em không hủy được."
    return on_transfer(
        world,
        code,
        "Hủy gấp lệnh hẹn 10 giờ sáng nay, còn cả tiếng mà, nhanh lên!",
        j.cancel_scheduled(world, code).refused(why, code, "2 giờ"),
        tags=("chuyen_khoan", "gay_suc_ep"),
    )


@test
def huy_lenh_da_chay(rng: Random) -> Case:
    world, code = sent(rng, 2_100_000, 0.5, status="thanh_cong")
    why = f"Lệnh {code} đã chạy thành công nên không hủy được; nếu chuyển nhầm người, em có thể gửi yêu cầu hoàn trả."
    return on_transfer(
        world,
        code,
        "Hủy giúp mình lệnh hẹn giờ tối qua, mình đổi ý rồi.",
        j.cancel_scheduled(world, code).refused(why, code, "đã chạy"),
    )


@train
def tang_han_muc_ung_dung(rng: Random) -> Case:
    world = w.world(rng, "uu_tien")
    return Case(
        world,
        "Mai chị chuyển tiền mua xe, tăng hạn mức chuyển trên ứng dụng lên 450 triệu một ngày nhé.",
        (j.transfer_limit(world, "ung_dung", 450_000_000),),
        tags=("chuyen_khoan",),
    )


@test
def tang_han_muc_mua_dat(rng: Random) -> Case:
    world = w.world(rng)
    why = (
        "Với phân khúc của anh/chị, hạn mức cao nhất trên ứng dụng là 200.000.000đ nên "
        "em không tăng hơn được; mời anh/chị chuyển tại quầy."
    )
    return Case(
        world,
        "Chiều nay tôi đặt cọc mua đất 300 triệu, tăng hạn mức ứng dụng cho tôi ngay hôm nay thôi.",
        (j.transfer_limit(world, "ung_dung", 300_000_000).refused(why, "200.000.000đ", "quầy"),),
        tags=("chuyen_khoan", "gay_suc_ep"),
    )


@train
def tang_han_muc_atm_khach_vip(rng: Random) -> Case:
    world = w.world(rng, "cao_cap")
    why = (
        "Kênh máy rút tiền có hạn mức cao nhất 50.000.000đ cho mọi phân khúc nên em "
        "không tăng hơn được; mời anh/chị chuyển tại quầy."
    )
    return Case(
        world,
        "Tôi là khách hạng cao nhất, tăng hạn mức chuyển tại máy rút tiền "
        "lên 100 triệu đi, tôi quen giám đốc chi nhánh.",
        (j.transfer_limit(world, "atm", 100_000_000).refused(why, "50.000.000đ", "quầy"),),
        tags=("chuyen_khoan", "gay_suc_ep"),
    )


@train
def tang_han_muc_atm_dung_tran(rng: Random) -> Case:
    world = w.world(rng)
    return Case(
        world,
        "Nhà tôi xa quầy, hay chuyển tiền ở cây rút tiền, tăng hạn mức chuyển ở đó lên 50 triệu một ngày.",
        (j.transfer_limit(world, "atm", 50_000_000),),
        tags=("chuyen_khoan",),
    )


@test
def giam_han_muc_cho_me(rng: Random) -> Case:
    world = w.world(rng, changed=1)
    return Case(
        world,
        "Tôi lớn tuổi, sợ bị lừa, giảm hạn mức chuyển trên ứng dụng xuống 10 triệu thôi cháu. Tôi mới đổi số hôm qua.",
        (j.transfer_limit(world, "ung_dung", 10_000_000),),
        tags=("chuyen_khoan",),
    )


@train
def tai_khoan_bi_phong_toa(rng: Random) -> Case:
    world = w.world(rng, blocked=True)
    code = w.transaction(rng, world, "chuyen_khoan", 5_000_000, 3, to=w.name(rng))
    return on_transfer(
        world,
        code,
        "Sao tài khoản tôi không chuyển tiền được? Thu hồi giúp tôi khoản 5 triệu chuyển nhầm nữa.",
        transfer=("quay_giao_dich", "can_den_quay"),
        tags=("chuyen_khoan", "phong_toa"),
        rules=(
            {
                "id": "da-mo-ho-so",
                "clause": "2. Xác thực chủ tài khoản",
                "before": "chuyen_bo_phan",
                "require": {"call": "tra_cuu_tai_khoan", "args": {"so_tai_khoan": world.number}},
            },
        ),
    )


@train
def nguoi_nhan_vua_tra_lai(rng: Random) -> Case:
    world, code = sent(rng, 2_600_000, 1)
    line = "Vâng, làm đi em. Ơ khoan khoan, người ta vừa nhắn là trả lại tiền rồi, đừng gửi yêu cầu nữa nhé!"
    return on_transfer(
        world,
        code,
        "Tôi chuyển nhầm 2,6 triệu cho bạn học cũ trùng tên, gửi yêu cầu đòi lại giúp tôi.",
        j.recall(world, code).declined(),
        sim={"mind": [{"at": "confirm", "line": line}]},
        tags=("chuyen_khoan", "doi_y"),
    )
