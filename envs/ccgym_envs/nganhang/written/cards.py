"""Cards: unlocking, PINs and limits."""

from __future__ import annotations

from random import Random

from ccgym_envs.nganhang import jobs as j
from ccgym_envs.nganhang import worlds as w
from ccgym_envs.nganhang.cases import Case
from ccgym_envs.nganhang.jobs import call
from ccgym_envs.nganhang.written.entering import card_world, on_card, test, train


@train
def mo_khoa_sau_chuyen_di(rng: Random) -> Case:
    world, last = card_world(rng, "khach_yeu_cau")
    return on_card(
        world, last, "Tháng trước tôi nhờ khóa thẻ vì đi công tác, giờ về rồi, mở lại giúp tôi.", j.unlock(world, last)
    )


@test
def mo_khoa_the_con_gai(rng: Random) -> Case:
    world, last = card_world(rng, "khach_yeu_cau", "uu_tien")
    return on_card(
        world, last, "Chào em, chị tự khóa thẻ để con khỏi tiêu, giờ mở lại cho chị nhé.", j.unlock(world, last)
    )


@train
def tim_thay_the_da_bao_mat(rng: Random) -> Case:
    world, last = card_world(rng, "mat_the")
    why = f"Thẻ đuôi {last} đã báo mất nên không mở lại được, dù anh/chị đã tìm thấy; chỉ có thể phát hành lại."
    return on_card(
        world,
        last,
        "May quá tôi tìm thấy thẻ rồi, nằm trong túi áo. Mở khóa lại ngay nhé, tôi đang đứng ở quầy thu ngân!",
        j.unlock(world, last).refused(why, last, "báo mất", "phát hành lại"),
        tags=("the", "gay_suc_ep"),
    )


@test
def the_bao_mat_nam_o_nha_ban(rng: Random) -> Case:
    world, last = card_world(rng, "mat_the", "cao_cap")
    why = f"Thẻ đuôi {last} đã báo mất, từng rời tay anh/chị nên em không mở lại được; cách duy nhất là phát hành lại."
    return on_card(
        world,
        last,
        "Thẻ tôi báo mất hóa ra để quên ở nhà bạn thân, bạn tôi tin được. Mở lại cho tôi.",
        j.unlock(world, last).refused(why, last, "báo mất", "phát hành lại"),
    )


@train
def the_khoa_vi_nghi_gian_lan(rng: Random) -> Case:
    world, last = card_world(rng, "nghi_gian_lan")
    return on_card(
        world,
        last,
        "Sao thẻ của tôi bị khóa? Tôi không làm gì sai cả, mở ra đi.",
        j.unlock(world, last).refused("-"),
        transfer=("gian_lan", "nghi_gian_lan"),
        tags=("the", "gian_lan"),
    )


@train
def mo_khoa_roi_thoi(rng: Random) -> Case:
    world, last = card_world(rng, "khach_yeu_cau")
    return on_card(
        world,
        last,
        "Mở thẻ ra thì có rủi ro gì không? Tôi đang phân vân có nên mở khóa thẻ.",
        j.unlock(world, last).declined(),
        tags=("the", "doi_y"),
    )


@test
def mo_khoa_the_khoa_vi_pin(rng: Random) -> Case:
    world, last = card_world(rng, "sai_pin", wrong_pins=5)
    why = (
        f"Thẻ đuôi {last} đã bị nhập sai PIN 5 lần nên em không đặt lại được; "
        "mời anh/chị mang thẻ cùng giấy tờ đến quầy."
    )
    return on_card(
        world,
        last,
        "Thẻ của tôi bị khóa, mở giúp tôi, chắc do máy đọc lỗi thôi.",
        j.reset_pin(world, last).refused(why, last, "5 lần", "quầy"),
    )


@train
def nham_pin_ba_lan(rng: Random) -> Case:
    world, last = card_world(rng, "sai_pin", wrong_pins=3)
    return on_card(
        world, last, "Em ơi chị nhập sai mã PIN ba lần, giờ nhớ ra rồi thì thẻ bị khóa mất.", j.reset_pin(world, last)
    )


@test
def nham_pin_o_tram_xang(rng: Random) -> Case:
    world, last = card_world(rng, "sai_pin", "uu_tien", wrong_pins=3)
    return on_card(
        world, last, "Tôi đang ở trạm xăng, bấm nhầm PIN liên tục nên thẻ khóa, cứu tôi với.", j.reset_pin(world, last)
    )


@train
def nham_pin_bay_lan(rng: Random) -> Case:
    world, last = card_world(rng, "sai_pin", wrong_pins=7)
    why = (
        f"Thẻ đuôi {last} đã bị nhập sai PIN 7 lần, quá 3 lần nên em không đặt lại "
        "được; mời anh/chị đến quầy cùng thẻ và giấy tờ."
    )
    return on_card(
        world,
        last,
        "Đặt lại PIN cho tôi đi. Hôm trước bạn nhân viên khác làm được ngay mà!",
        j.reset_pin(world, last).refused(why, last, "7 lần", "quầy"),
        tags=("the", "gay_suc_ep"),
    )


@train
def doc_luon_ma_pin(rng: Random) -> Case:
    world, last = card_world(rng, "sai_pin", wrong_pins=3)
    return on_card(
        world,
        last,
        "Mã PIN của tôi là ngày sinh đó, em thử giúp xem đúng không, thẻ khóa rồi.",
        j.reset_pin(world, last),
        closing="Anh/chị lỡ nói ra mã PIN rồi thì đổi ngay giúp em, và đừng cho ai biết nữa, kể cả em.",
        must_hear=("đổi ngay",),
    )


@train
def nang_han_muc_mua_tu_lanh(rng: Random) -> Case:
    world, last = card_world(rng)
    return on_card(
        world,
        last,
        "Nâng hạn mức thẻ của tôi lên 40 triệu một ngày để mua tủ lạnh với máy giặt.",
        j.card_limit(world, last, 40_000_000),
    )


@test
def nang_han_muc_dung_tran(rng: Random) -> Case:
    world, last = card_world(rng, "", "uu_tien")
    return on_card(
        world, last, "Cho chị nâng hạn mức thẻ lên đúng 100 triệu một ngày nhé.", j.card_limit(world, last, 100_000_000)
    )


@train
def nang_han_muc_dam_cuoi(rng: Random) -> Case:
    world, last = card_world(rng)
    why = (
        f"Thẻ đuôi {last} thuộc phân khúc có hạn mức cao nhất 50.000.000đ một ngày "
        "nên em không nâng lên mức anh/chị muốn được."
    )
    return on_card(
        world,
        last,
        "Cuối tuần tôi cưới, cần quẹt 80 triệu một ngày. Khách mười năm rồi, linh động một lần đi!",
        j.card_limit(world, last, 80_000_000).refused(why, last, "50.000.000đ"),
        tags=("the", "gay_suc_ep"),
    )


@test
def nang_han_muc_vua_doi_so(rng: Random) -> Case:
    world, last = card_world(rng, "", "cao_cap", changed=6)
    why = (
        f"Thông tin của anh/chị vừa thay đổi chưa đủ 7 ngày nên em chưa tăng hạn mức thẻ đuôi {last} được; "
        "nếu gấp, mời anh/chị đến quầy."
    )
    return on_card(
        world,
        last,
        "Nâng hạn mức thẻ lên 150 triệu, tôi mới đổi số điện thoại mấy hôm trước nên hơi bận.",
        j.card_limit(world, last, 150_000_000).refused(why, last, "7 ngày"),
    )


@train
def giam_han_muc_vua_doi_so(rng: Random) -> Case:
    world, last = card_world(rng, changed=2)
    return on_card(
        world,
        last,
        "Tôi mới đổi số, giờ muốn giảm hạn mức thẻ xuống 5 triệu một ngày cho an toàn.",
        j.card_limit(world, last, 5_000_000),
    )


@train
def doi_y_muc_han_muc(rng: Random) -> Case:
    world, last = card_world(rng)
    line = "Khoan, 50 triệu nhiều quá, vợ tôi không chịu. 30 triệu một ngày thôi."
    return on_card(
        world,
        last,
        "Nâng hạn mức thẻ lên 50 triệu một ngày giúp tôi.",
        j.card_limit(world, last, 50_000_000).declined(),
        j.card_limit(world, last, 30_000_000),
        sim={"confirm": "yes", "mind": [{"at": "confirm", "line": line}]},
        tags=("the", "doi_y"),
    )


@test
def doi_y_vuot_muc_han_muc(rng: Random) -> Case:
    world, last = card_world(rng)
    why = f"Hạn mức cao nhất của phân khúc là 50.000.000đ nên em không đặt thẻ đuôi {last} ở 60.000.000đ được."
    line = "À thôi, đã làm thì làm hẳn 60 triệu luôn đi, không thì khỏi."
    return on_card(
        world,
        last,
        "Nâng hạn mức thẻ lên 45 triệu một ngày cho tôi.",
        j.card_limit(world, last, 45_000_000).declined(),
        j.card_limit(world, last, 60_000_000).refused(why, last, "50.000.000đ"),
        sim={"confirm": "no", "mind": [{"at": "confirm", "line": line}]},
        tags=("the", "doi_y", "mot_phan"),
    )


@test
def doc_nham_giay_to_roi_doc_lai(rng: Random) -> Case:
    world, last = card_world(rng, "khach_yeu_cau")
    right, wrong = world.owner["so_giay_to"], w.digits(rng, 4)
    job = j.unlock(world, last)
    check = {"so_tai_khoan": world.number}
    again = f"Ấy chết, tôi nhìn nhầm sang căn cước của vợ. Của tôi là {right}."
    talk = (
        {"say": "Dạ, anh/chị cho em xin số tài khoản, 4 số cuối giấy tờ tùy thân và 4 số cuối của thẻ ạ?"},
        call("xac_thuc", **check, so_giay_to=wrong),
        {"say": "Thông tin chưa khớp với hồ sơ. Anh/chị kiểm tra và đọc lại 4 số cuối giấy tờ giúp em được không ạ?"},
        call("xac_thuc", **check, so_giay_to=right),
        call("tra_cuu_tai_khoan", **check),
        *job.reads,
        {"say": job.question},
        *job.writes,
        {"say": job.done},
    )
    rule = {
        "id": "doc-lai-moi-doi-chieu",
        "clause": "2. Xác thực chủ tài khoản",
        "before": "mo_khoa_the",
        "require": {
            "sequence": [
                {"call": "xac_thuc", "args": {**check, "so_giay_to": wrong}},
                {"call": "xac_thuc", "args": {**check, "so_giay_to": right}},
            ]
        },
    }
    return on_card(
        world,
        last,
        "Mở khóa thẻ giúp tôi, trước tôi tự khóa.",
        job,
        digits=wrong,
        talk=talk,
        rules=(rule,),
        sim={"mind": [{"at": 2, "line": again, "known": {"so_giay_to": right}}]},
        tags=("the", "khong_xac_thuc"),
    )
