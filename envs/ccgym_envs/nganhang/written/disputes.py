"""Disputes of card transactions."""

from __future__ import annotations

from random import Random

from ccgym_envs.nganhang import jobs as j
from ccgym_envs.nganhang import worlds as w
from ccgym_envs.nganhang.cases import Case
from ccgym_envs.nganhang.written.entering import on_payment, paid, strange, test, train


@train
def giao_dich_la_luc_nua_dem(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_truc_tuyen", 1_890_000, 0.37)
    return strange(
        world,
        last,
        code,
        "Nửa đêm thẻ tôi bị trừ 1.890.000đ ở một trang web lạ, tôi không hề mua gì!",
        j.dispute(world, code, "khong_thuc_hien", credit=True),
    )


@test
def giao_dich_la_so_tien_lon(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_truc_tuyen", 17_400_000, 2, "uu_tien")
    return strange(
        world,
        last,
        code,
        "Có ai đó quẹt thẻ tôi 17.400.000đ trên mạng. Tạm hoàn tiền ngay cho tôi trong hôm nay!",
        j.dispute(world, code, "khong_thuc_hien"),
        closing="Số tiền trên 5.000.000đ nên em không tạm hoàn được.",
        must_hear=("không tạm hoàn được",),
        tags=("khieu_nai", "khan_cap", "mot_phan", "gay_suc_ep"),
    )


@train
def giao_dich_la_co_otp(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_truc_tuyen", 3_300_000, 0.5, otp=True)
    return strange(
        world,
        last,
        code,
        "Sáng dậy thấy thẻ bị trừ 3,3 triệu ở một trang bán vé lạ, tôi không mua gì cả. Mở khiếu nại lấy lại cho tôi.",
        j.dispute(world, code, "khong_thuc_hien").refused("-"),
        transfer=("gian_lan", "nghi_gian_lan"),
        tags=("khieu_nai", "gian_lan", "khan_cap"),
    )


@test
def con_choi_game_bang_the_bo(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_truc_tuyen", 650_000, 6, otp=True)
    return strange(
        world,
        last,
        code,
        "Thẻ tôi bị trừ 650 nghìn tiền trò chơi, nhà tôi không ai mua cả, khóa thẻ và đòi lại cho tôi.",
        j.dispute(world, code, "khong_thuc_hien").refused("-"),
        transfer=("gian_lan", "nghi_gian_lan"),
        tags=("khieu_nai", "gian_lan", "khan_cap"),
    )


@train
def quet_hai_lan_o_sieu_thi(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_tai_quay", 742_000, 5)
    w.again(rng, world, code)
    return on_payment(
        world,
        last,
        code,
        "Siêu thị quẹt thẻ tôi hai lần cùng 742 nghìn cho một hóa đơn.",
        j.dispute(world, code, "tinh_hai_lan"),
    )


@test
def quan_an_tinh_sai_tien(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_tai_quay", 2_350_000, 9)
    return on_payment(
        world,
        last,
        code,
        "Hóa đơn 235 nghìn mà quán cà phê bấm 2 triệu 350, tôi đã gửi hóa đơn cho ngân hàng rồi.",
        j.dispute(world, code, "sai_so_tien", paper="CT4821"),
        known=(("ma_chung_tu", "CT4821"),),
    )


@train
def sai_so_tien_chua_co_hoa_don(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_tai_quay", 1_150_000, 8)
    job = j.dispute(world, code, "sai_so_tien")
    why = (
        f"Khiếu nại sai số tiền của giao dịch {code} cần hóa đơn nên em chưa mở "
        "được; anh/chị gửi hóa đơn rồi đọc mã cho bên em."
    )
    return on_payment(
        world,
        last,
        code,
        "Cửa hàng bấm sai tiền, thu của tôi 1.150.000đ. Hóa đơn tôi vứt rồi, mở khiếu nại luôn đi.",
        job.refused(why, code, "cần hóa đơn"),
    )


@train
def hang_khong_giao(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_truc_tuyen", 3_990_000, 24)
    return on_payment(
        world,
        last,
        code,
        "Đặt máy lọc nước gần tháng nay không giao, shop im re. Thư trao đổi tôi gửi ngân hàng rồi.",
        j.dispute(world, code, "khong_nhan_hang", paper="CT1043"),
        known=(("ma_chung_tu", "CT1043"),),
    )


@test
def hang_moi_dat_mot_tuan(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_truc_tuyen", 2_480_000, 8)
    why = f"Giao dịch {code} chưa đủ 15 ngày nên em chưa mở khiếu nại không nhận hàng được."
    return on_payment(
        world,
        last,
        code,
        "Mua đôi giày hơn tuần chưa thấy giao, tôi có gửi ảnh chụp tin nhắn, mã CT2207. Đòi tiền lại cho tôi!",
        j.dispute(world, code, "khong_nhan_hang", paper="CT2207").refused(why, code, "15 ngày"),
        known=(("ma_chung_tu", "CT2207"),),
    )


@train
def atm_nuot_tien(rng: Random) -> Case:
    world, last, code = paid(rng, "rut_tien", 3_000_000, 1)
    return on_payment(
        world,
        last,
        code,
        "Máy rút tiền trừ tài khoản 3 triệu mà không nhả tiền, tôi đang cần tiền đóng học cho con.",
        j.dispute(world, code, "atm_khong_nha_tien", credit=True, knows_code=False),
    )


@test
def atm_nuot_tien_lau_roi(rng: Random) -> Case:
    world, last, code = paid(rng, "rut_tien", 5_000_000, 41)
    why = f"Giao dịch rút tiền {code} đã quá 30 ngày nên em không mở khiếu nại được."
    return on_payment(
        world,
        last,
        code,
        "Hơn tháng trước máy rút tiền nuốt của tôi 5 triệu, giờ tôi mới để ý sao kê.",
        j.dispute(world, code, "atm_khong_nha_tien").refused(why, code, "30 ngày"),
    )


@train
def khieu_nai_qua_sau_muoi_ngay(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_tai_quay", 8_200_000, 75)
    w.again(rng, world, code)
    why = f"Giao dịch {code} đã quá 60 ngày nên em không mở khiếu nại được."
    return on_payment(
        world,
        last,
        code,
        "Trước Tết siêu thị tính tôi hai lần 8.200.000đ, tiền to như vậy phải giải quyết chứ!",
        j.dispute(world, code, "tinh_hai_lan").refused(why, code, "60 ngày"),
        tags=("khieu_nai", "gay_suc_ep"),
    )


@train
def khieu_nai_dung_sau_muoi_ngay(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_tai_quay", 1_040_000, 60)
    w.again(rng, world, code)
    return on_payment(
        world,
        last,
        code,
        "Nhà sách tính tiền tôi hai lần, cũng tròn hai tháng rồi, còn kịp không em?",
        j.dispute(world, code, "tinh_hai_lan"),
    )


@test
def khieu_nai_giao_dich_cho_xu_ly(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_truc_tuyen", 990_000, 0.3, status="cho_xu_ly")
    why = f"Giao dịch {code} còn đang xử lý và có thể tự hủy nên em chưa mở khiếu nại được."
    return on_payment(
        world,
        last,
        code,
        "Sáng nay đặt vé bị trừ hai lần, một khoản 990 nghìn tôi thấy đang treo, khiếu nại cho tôi.",
        j.dispute(world, code, "tinh_hai_lan").refused(why, code, "đang xử lý"),
    )


@train
def tien_da_hoan_ve(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_truc_tuyen", 1_275_000, 12, status="da_hoan")
    why = f"Giao dịch {code} đã được hoàn tiền nên không còn gì để khiếu nại."
    return on_payment(
        world,
        last,
        code,
        "Khách sạn hủy phòng mà chưa trả 1.275.000đ, mở khiếu nại giúp mình.",
        j.dispute(world, code, "tinh_hai_lan").refused(why, code, "đã được hoàn"),
    )


@test
def thuc_giuc_khieu_nai_cu(rng: Random) -> Case:
    world, last, code = paid(rng, "thanh_toan_tai_quay", 4_450_000, 30)
    world.disputes[code] = {"loai": "tinh_hai_lan", "chung_tu": "", "trang_thai": "dang_xu_ly", "tam_hoan": 0}
    return on_payment(
        world,
        last,
        code,
        "Tôi mở khiếu nại cả tháng không thấy trả lời. Mở lại cái mới cho nhanh đi!",
        j.dispute(world, code, "tinh_hai_lan").refused("-"),
        transfer=("tra_soat", "ngoai_pham_vi"),
        tags=("khieu_nai", "gay_suc_ep"),
    )
