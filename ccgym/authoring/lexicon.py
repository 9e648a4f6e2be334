"""What words in the names of tools and arguments mean: verbs to what they do, nouns in both languages.

Vietnamese words stand without their marks, as they do in identifiers.
"""

from __future__ import annotations

from typing import NamedTuple

from ccgym.authoring.words import word_set


class Verb(NamedTuple):
    """What a verb in a tool's name says that the tool does."""

    words: tuple[str, ...]
    role: str
    """`read, list, verify, create, update, delete, status`, or `` where nothing is known."""
    outcome: str = ""
    """For `status`: the status that a row has afterwards."""


_EN = {
    "read": "get find check track lookup view show read fetch query calculate compute count retrieve describe inspect "
            "estimate preview compare browse determine detect locate see quote explain summarize convert translate "
            "recommend suggest predict analyze evaluate download export monitor ask is has can know tell identify "
            "consult obtain pull",
    "list": "list search enumerate filter",
    "verify": "verify authenticate validate login log_in sign_in signin",
    "create": "create add insert new open register place make submit issue send schedule log report request apply file "
              "raise record generate start post enqueue notify email message charge pay transfer deposit withdraw "
              "purchase buy donate save store write upload enroll enrol subscribe invite assign grant award give "
              "redeem rate review leave set_up draft dispatch use credit debit top_up topup "
              "recharge appeal tip vote upsert",
    "update": "update change set modify edit reschedule rename correct adjust move switch replace extend renew upgrade "
              "downgrade amend increase decrease reset put patch link attach apply_discount toggle configure enable "
              "disable reassign reroute redirect rebook logout log_out sign_out signout swap merge split sync declare",
    "delete": "delete remove drop erase purge clear unlink detach",
}  # fmt: skip
_EN_STATUS = {
    "cancel": "cancelled", "close": "closed", "suspend": "suspended", "block": "blocked", "freeze": "frozen",
    "unfreeze": "active", "unblock": "active", "lock": "locked", "unlock": "active", "activate": "active",
    "deactivate": "inactive", "approve": "approved", "reject": "rejected", "deny": "denied", "confirm": "confirmed",
    "complete": "completed", "finish": "finished", "refund": "refunded", "return": "returned", "ship": "shipped",
    "deliver": "delivered", "pause": "paused", "resume": "active", "terminate": "terminated", "archive": "archived",
    "reopen": "open", "escalate": "escalated", "expire": "expired", "void": "void", "hold": "on_hold",
    "release": "released", "resolve": "resolved", "reserve": "reserved", "book": "booked", "rent": "rented",
    "borrow": "borrowed", "lend": "lent", "exchange": "exchanged", "expedite": "expedited", "stop": "stopped",
    "restore": "active", "accept": "accepted", "decline": "declined", "check_in": "checked_in",
    "check_out": "checked_out", "checkin": "checked_in", "checkout": "checked_out", "waive": "waived",
    "dispute": "disputed", "flag": "flagged", "mark": "marked", "unsubscribe": "unsubscribed", "withdraw": "withdrawn",
    "process": "processed", "order": "ordered", "acknowledge": "acknowledged", "reactivate": "active",
    "revoke": "revoked", "end": "ended",
    "skip": "skipped", "mute": "muted", "unmute": "active", "ban": "banned", "unban": "active", "retire": "retired",
}  # fmt: skip
_VI = {
    "read": "xem tra_cuu tra lay tim tim_kiem kiem_tra doc hien_thi tinh tinh_toan uoc_tinh dem truy_van theo_doi "
            "so_sanh thong_ke de_xuat goi_y hoi chi_tiet thong_tin tra_thong_tin kiem_tra_thong_tin lay_thong_tin "
            "xem_thong_tin tinh_phi bao_gia",
    "list": "liet_ke danh_sach lay_danh_sach xem_danh_sach tim_danh_sach",
    "verify": "xac_minh xac_thuc dinh_danh",
    "create": "tao tao_moi them them_moi dat mo dang_ky gui lap phat_hanh cap cap_lai ghi ghi_nhan bao nop mua "
              "len_lich chuyen_tien chuyen_khoan nap nap_tien rut_tien thong_bao yeu_cau "
              "tiep_nhan khieu_nai tang luu nhap tra_gop",
    "update": "cap_nhat sua doi thay_doi chinh_sua dieu_chinh gia_han nang_cap ha_cap bo_sung hen_lai chuyen "
              "dat_lai chuyen_doi cai_dat thay",
    "delete": "xoa go go_bo loai_bo bo",
}  # fmt: skip
_VI_STATUS = {
    "huy": "đã hủy", "huy_bo": "đã hủy", "huy_dang_ky": "đã hủy", "khoa": "đã khóa", "mo_khoa": "hoạt động",
    "tam_khoa": "tạm khóa", "tam_ngung": "tạm ngưng", "tam_dung": "tạm dừng", "ngung": "đã ngừng", "dong": "đã đóng",
    "kich_hoat": "hoạt động", "duyet": "đã duyệt", "phe_duyet": "đã duyệt", "tu_choi": "từ chối",
    "hoan_tien": "đã hoàn tiền", "hoan": "đã hoàn", "doi_tra": "đổi trả", "tra_hang": "trả hàng",
    "xac_nhan": "đã xác nhận", "thanh_toan": "đã thanh toán", "khoi_phuc": "hoạt động", "ket_thuc": "kết thúc",
    "cat": "đã cắt", "giao_lai": "giao lại", "hoan_thanh": "hoàn thành", "muon": "đã mượn", "thue": "đã thuê",
    "giao": "đang giao", "cham_dut": "chấm dứt", "mien_phi": "được miễn", "tra_sach": "đã trả", "dong_y": "đã đồng ý",
}  # fmt: skip


def _verbs() -> dict[tuple[str, ...], Verb]:
    found: dict[tuple[str, ...], Verb] = {}
    for table in (_EN, _VI):
        for role, names in table.items():
            for name in names.split():
                words = tuple(name.split("_"))
                found[words] = Verb(words, role)
    for statuses in (_EN_STATUS, _VI_STATUS):
        for name, outcome in statuses.items():
            words = tuple(name.split("_"))
            found[words] = Verb(words, "status", outcome)
    found["look", "up"] = Verb(("look", "up"), "read")
    return found


VERBS = _verbs()
"""Words of a verb to what it does."""
ON_A_ROW = word_set("buy purchase redeem pay charge mua")
"""Verbs of `create` that do something to a row where they are given its key."""
ANSWERS = word_set(
    "calculate compute convert estimate translate predict explain summarize recommend suggest analyze ask quote "
    "compare tinh tinh_toan tinh_phi uoc_tinh so_sanh de_xuat goi_y bao_gia hoi"
)
"""Verbs of tools that work an answer out and show no row."""
NOUN_LIKE = word_set(
    "order book return report request message email record file rate review check quote count log issue charge "
    "transfer post purchase store set put mark hold process flag tra dat bao cap mo bo doi hoi go nap dong khoa giao "
    "cat"
)
"""Verbs that are as often nouns, or parts of longer words: they count as verbs in the first place of a name only."""

PREPOSITIONS = word_set(
    "by for from of to with in on via at into using per as theo cho cua tu den bang vao tren trong ve"
)
FILLERS = word_set(
    "all my the a an details detail info information data record existing current our your available full thong tin "
    "chi tiet danh sach moi"
)

ID_LAST = word_set("id ids number no num code ref reference key uuid guid")
"""Last words of the names of arguments that name a row."""
ID_ALONE = {
    "pnr": "booking", "isbn": "book", "imei": "device", "iban": "account", "sku": "product", "vin": "vehicle",
    "msisdn": "subscriber", "awb": "shipment", "mrn": "patient", "ticker": "stock",
}  # fmt: skip
"""Names of arguments that name a row by themselves, and what row."""
NO_ENTITY = word_set(
    "phone mobile telephone zip postal post country currency language lang pin otp verification security cvv cvc "
    "licence license driver_licence driver_license "
    "error area house street fax page seat line reason locale passcode access auth authorization confirmation_code "
    "sms tax ssn social passport license national identity document routing swift bic sort version api state region "
    "city airport iata promo discount coupon dien_thoai luong tien ngay nguoi dem thang nam lan gio dem_luu tuoi lo "
    "phut otp_code xac_nhan xac_thuc pin_code giam_gia khuyen_mai buu_dien buu_chinh vung quoc_gia loi cccd cmnd "
    "can_cuoc nha ghe trang dt sdt mat_khau bao_mat kg can du dong phong_ngu cuoi tin trang_thai loai ly_do "
    "luong_hang session request trace correlation message conversation call client_request idempotency "
    "transaction_pin"
)
"""What a number, code or id may be of that is no row of a table."""
ENDS = word_set("from to source destination target sender receiver recipient nguon dich gui nhan chuyen")
"""Words of arguments that tell one end of two."""
SYLLABLES = word_set("nguoi gio nam lan lo du can nha dong tin trang thang luong loi tuoi dem ngay tien vung")
"""Those of them that are as often parts of longer Vietnamese words: `ma_nguoi_dung`, `ma_gio_hang`, `ma_du_an`."""
QUALIFIERS = word_set("new old from to source target destination original current parent related this other")

IDENTITY = word_set(
    "phone mobile telephone email mail dob birth birthday birthdate last4 ssn pin otp passcode password surname "
    "lastname postcode zip postal cccd cmnd dien_thoai ngay_sinh so_dien_thoai sdt mat_khau ho_ten otp_code can_cuoc "
    "last_name full_name first_name passport identity"
)
"""Words of arguments that show who somebody is."""
FREE_TEXT = word_set(
    "note notes message comment comments description reason summary details detail text body content explanation "
    "feedback remarks remark subject query question thought thoughts issue context justification instructions "
    "noi_dung ghi_chu ly_do mo_ta tom_tat loi_nhan cau_hoi y_kien van_de"
)
"""Words of text arguments that everybody would fill in with other words."""
CONTROL = word_set(
    "limit offset page size sort order_by sort_by per_page cursor language locale format verbose include fields top "
    "max min count num_results gioi_han trang so_luong_ket_qua"
)
"""Words of arguments that say how to answer, and not what to find."""
FREE_SEARCH = word_set("query keyword keywords q search term terms text question tu_khoa cau_hoi")

PROVEN = word_set("verified isverified valid isvalid authenticated matched match success da_xac_minh hop_le khop dung")
"""Members of a result that say, by true, that a check went well."""
PEOPLE = word_set(
    "customer user member patient passenger guest employee client subscriber student driver reader borrower caller "
    "agent traveler visitor policyholder tenant khach khach_hang nguoi_dung thanh_vien benh_nhan hanh_khach nhan_vien "
    "doc_gia thue_bao sinh_vien hoc_vien nguoi_gui nguoi_nhan bac_si doctor"
)

NOUNS_VI = {
    "order": ["đơn hàng", "đơn"], "booking": ["đặt chỗ", "đặt phòng", "đặt vé"],
    "reservation": ["đặt chỗ", "đặt phòng"],
    "customer": ["khách hàng", "khách"], "user": ["khách hàng", "người dùng", "khách"], "account": ["tài khoản"],
    "card": ["thẻ"], "flight": ["chuyến bay"], "ticket": ["phiếu hỗ trợ", "vé", "phiếu"],
    "appointment": ["lịch hẹn", "lịch khám", "cuộc hẹn"], "patient": ["bệnh nhân"], "loan": ["khoản vay"],
    "book": ["sách"], "room": ["phòng"], "payment": ["thanh toán"], "invoice": ["hóa đơn"], "bill": ["hóa đơn", "cước"],
    "subscription": ["gói đăng ký", "thuê bao"], "package": ["gói cước", "kiện hàng", "gói"],
    "plan": ["gói cước", "gói"],
    "shipment": ["vận đơn", "lô hàng"], "parcel": ["bưu kiện", "kiện hàng"], "address": ["địa chỉ"],
    "delivery": ["giao hàng", "đơn giao"], "product": ["sản phẩm"], "refund": ["hoàn tiền"], "return": ["trả hàng"],
    "complaint": ["khiếu nại"], "contract": ["hợp đồng"], "phone": ["điện thoại"], "reason": ["lý do"],
    "date": ["ngày"], "time": ["giờ"], "amount": ["số tiền"], "status": ["trạng thái", "tình trạng"],
    "balance": ["số dư"], "identity": ["danh tính", "thông tin"], "transaction": ["giao dịch"], "voucher": ["voucher"],
    "policy": ["hợp đồng", "chính sách"], "claim": ["yêu cầu bồi thường", "bồi thường"], "sim": ["sim"],
    "money": ["tiền"], "member": ["thành viên", "hội viên"], "passenger": ["hành khách"], "seat": ["ghế", "chỗ ngồi"],
    "subscriber": ["thuê bao"], "service": ["dịch vụ"], "store": ["cửa hàng"], "request": ["yêu cầu"],
    "name": ["tên"], "quantity": ["số lượng"], "number": ["số"], "id": ["mã"], "code": ["mã"], "email": ["email"],
    "city": ["thành phố"], "price": ["giá"], "fee": ["phí"], "note": ["ghi chú"], "schedule": ["lịch"],
    "type": ["loại"], "kind": ["loại"], "method": ["phương thức"], "new": ["mới"], "old": ["cũ"], "total": ["tổng"],
    "sender": ["người gửi"], "recipient": ["người nhận"], "receiver": ["người nhận"], "weight": ["khối lượng"],
    "tracking": ["vận đơn"], "shipping": ["vận chuyển"], "province": ["tỉnh"], "district": ["quận"],
    "from": ["đi"], "to": ["đến"], "start": ["bắt đầu"], "end": ["kết thúc"], "birth": ["sinh"], "pin": ["PIN"],
    "otp": ["OTP"], "day": ["ngày"], "month": ["tháng"], "year": ["năm"], "limit": ["hạn mức"], "device": ["thiết bị"],
    "customer_name": ["tên khách hàng"], "message": ["tin nhắn"], "branch": ["chi nhánh"], "doctor": ["bác sĩ"],
    "ticket_type": ["loại vé"], "coupon": ["mã giảm giá"], "cart": ["giỏ hàng"], "item": ["món hàng"],
}  # fmt: skip
"""English nouns to what Vietnamese prose calls the same, the usual word first."""
VERBS_VI = {
    "cancel": ["hủy"], "refund": ["hoàn tiền"], "return": ["trả hàng", "đổi trả"], "update": ["cập nhật", "sửa", "đổi"],
    "change": ["đổi", "thay đổi"], "create": ["tạo", "lập"], "open": ["mở"], "close": ["đóng"], "book": ["đặt"],
    "issue": ["cấp", "phát hành"], "send": ["gửi"], "get": ["tra cứu", "xem", "kiểm tra"], "check": ["kiểm tra"],
    "find": ["tìm", "tra cứu"], "search": ["tìm", "tra cứu"], "track": ["theo dõi", "tra cứu"],
    "verify": ["xác minh", "xác thực"], "authenticate": ["xác thực", "xác minh"], "block": ["khóa"], "lock": ["khóa"],
    "unlock": ["mở khóa"], "freeze": ["khóa", "đóng băng"], "activate": ["kích hoạt"],
    "suspend": ["tạm ngưng", "tạm khóa"],
    "transfer": ["chuyển"], "pay": ["thanh toán"], "extend": ["gia hạn"], "renew": ["gia hạn"], "delete": ["xóa"],
    "remove": ["xóa", "gỡ"], "add": ["thêm"], "register": ["đăng ký"], "reschedule": ["đổi lịch", "dời lịch"],
    "schedule": ["đặt lịch", "lên lịch"], "modify": ["sửa", "thay đổi"], "list": ["xem", "liệt kê"],
    "lookup": ["tra cứu"], "exchange": ["đổi"], "apply": ["áp dụng"], "approve": ["duyệt"], "reset": ["đặt lại"],
    "upgrade": ["nâng cấp"], "place": ["đặt"], "make": ["tạo"], "submit": ["gửi"], "calculate": ["tính"],
    "confirm": ["xác nhận"], "log": ["ghi nhận"], "report": ["báo"], "request": ["yêu cầu"], "view": ["xem"],
}  # fmt: skip
"""English verbs to what Vietnamese prose says, the usual word first."""
