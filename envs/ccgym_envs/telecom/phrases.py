"""What the agent says, in both languages: each request names the step in words that the customers know."""

from __future__ import annotations

from typing import Any

Said = dict[str, str]

PHONE: dict[str, tuple[str, dict[str, Any], Said]] = {
    "bar": ("check_status_bar", {}, {
        "en": "What does the status bar show, please?",
        "vi": "Anh chị xem giúp em thanh trạng thái hiện gì ạ?"}),
    "sim": ("check_sim", {}, {
        "en": "Please look what the phone says of the SIM card.",
        "vi": "Anh chị xem giúp em máy báo gì về SIM ạ."}),
    "settings": ("check_settings", {}, {
        "en": "Please open the settings of mobile networks and read them to me.",
        "vi": "Anh chị mở giúp em phần cài đặt mạng di động và đọc cho em ạ."}),
    "apn": ("check_apn", {}, {
        "en": "Which APN is entered, please?",
        "vi": "Máy đang dùng APN nào ạ?"}),
    "speed": ("check_speed", {}, {
        "en": "Please run a speed test over mobile data.",
        "vi": "Anh chị đo tốc độ qua dữ liệu di động giúp em ạ."}),
    "perms": ("check_app_permissions", {"app": "messages"}, {
        "en": "Please read me the permissions of the messages app.",
        "vi": "Anh chị đọc giúp em các quyền của ứng dụng tin nhắn ạ."}),
    "picture": ("send_picture_message", {}, {
        "en": "Please send a picture message to try it.",
        "vi": "Anh chị gửi thử một tin nhắn hình giúp em ạ."}),
    "airplane": ("toggle_airplane_mode", {"on": False}, {
        "en": "Please turn airplane mode off.",
        "vi": "Anh chị tắt chế độ máy bay giúp em ạ."}),
    "data": ("toggle_mobile_data", {"on": True}, {
        "en": "Please turn mobile data on.",
        "vi": "Anh chị bật dữ liệu di động giúp em ạ."}),
    "roaming": ("toggle_roaming", {"on": True}, {
        "en": "Please turn data roaming on.",
        "vi": "Anh chị bật chuyển vùng dữ liệu giúp em ạ."}),
    "saver": ("toggle_data_saver", {"on": False}, {
        "en": "Please turn the data saver off.",
        "vi": "Anh chị tắt trình tiết kiệm dữ liệu giúp em ạ."}),
    "vpn": ("toggle_vpn", {"on": False}, {
        "en": "Please disconnect the VPN.",
        "vi": "Anh chị ngắt VPN giúp em ạ."}),
    "mode": ("change_network_mode", {"mode": "auto"}, {
        "en": "Please set the network mode to auto.",
        "vi": "Anh chị chuyển chế độ mạng thành auto giúp em ạ."}),
    "enter_apn": ("set_apn", {"apn": "{apn}"}, {
        "en": "Please enter {apn} as the APN.",
        "vi": "Anh chị nhập APN là {apn} giúp em ạ."}),
    "reseat": ("reseat_sim", {}, {
        "en": "Please take the SIM card out and put it back in.",
        "vi": "Anh chị tháo thẻ SIM ra rồi lắp lại giúp em ạ."}),
    "insert": ("insert_sim", {"iccid": "{iccid}"}, {
        "en": "Please insert the new card now.",
        "vi": "Anh chị lắp thẻ mới vào máy giúp em ạ."}),
    "enter_puk": ("enter_puk", {"puk": "{puk}"}, {
        "en": "The PUK is {puk}. Please type it in and choose a new PIN.",
        "vi": "Mã PUK là {puk}. Anh chị nhập mã và chọn PIN mới ạ."}),
    "reboot": ("reboot", {}, {
        "en": "Please restart the phone.",
        "vi": "Anh chị khởi động lại máy giúp em ạ."}),
    "storage": ("grant_app_permission", {"app": "messages", "permission": "storage"}, {
        "en": "Please grant it storage.",
        "vi": "Anh chị cấp quyền storage cho ứng dụng giúp em ạ."}),
    "sms": ("grant_app_permission", {"app": "messages", "permission": "sms"}, {
        "en": "Please grant it sms.",
        "vi": "Anh chị cấp quyền sms cho ứng dụng giúp em ạ."}),
    "pay": ("pay_bill", {"bill_id": "{bill}"}, {
        "en": "Please pay bill {bill} with the link that has come.",
        "vi": "Anh chị thanh toán hóa đơn {bill} bằng liên kết vừa gửi giúp em ạ."}),
}  # fmt: skip
"""Step on the phone to the customer's tool, its arguments, and how the agent asks for it."""

LOOKS = ("bar", "sim", "settings", "apn", "speed", "perms", "picture")
"""Steps that change nothing on the phone."""
ASK: dict[str, Said] = {
    "phone": {"en": "What is the phone number of the line, please?",
              "vi": "Cho em xin số điện thoại của thuê bao ạ?"},
    "birth": {"en": "What is your date of birth, please?",
              "vi": "Cho em xin ngày sinh của anh chị ạ?"},
    "both": {"en": "What are the phone number of the line and your date of birth, please?",
             "vi": "Cho em xin số điện thoại của thuê bao và ngày sinh của anh chị ạ?"},
    "iccid": {"en": "What is the number printed on the new card, please?",
              "vi": "Cho em xin dãy số in trên thẻ mới ạ?"},
    "area": {"en": "Which area are you in, please?",
             "vi": "Anh chị đang ở khu vực nào ạ?"},
}  # fmt: skip
"""Fact to the question for it."""

AGREE: dict[str, Said] = {
    "pack": {"en": "A pack of {gb} GB costs {cost} dollars. Do you agree?",
             "vi": "Gói {gb} GB giá {cost} đô la. Anh chị có đồng ý không ạ?"},
    "link": {"en": "Bill {bill} of {amount} dollars is overdue. Shall I send you a payment link for it?",
             "vi": "Hóa đơn {bill} {amount} đô la đã quá hạn. Anh chị có muốn em gửi liên kết thanh toán không ạ?"},
    "resume": {"en": "The line is suspended for a holiday. Shall I open it again?",
               "vi": "Thuê bao đang tạm ngưng theo yêu cầu. Anh chị có muốn em mở lại không ạ?"},
    "found": {"en": "The line was reported lost. Do you confirm that you have the phone again and want it open?",
              "vi": "Thuê bao đã báo mất máy. Anh chị xác nhận đã tìm thấy máy và muốn mở lại thuê bao không ạ?"},
    "suspend": {"en": "I have it down as {why}. Shall I close the line for calls and data now?",
                "vi": "Em ghi nhận lý do là {why}. Anh chị có muốn em khóa thuê bao ngay bây giờ không ạ?"},
    "roam": {"en": "Roaming costs {day} dollars a day. Do you agree that I allow it on the line?",
             "vi": "Chuyển vùng giá {day} đô la một ngày. Anh chị có đồng ý để em mở cho thuê bao không ạ?"},
    "swap": {"en": "Your line moves to the card {iccid}, and the old card goes dead at once. Do you agree?",
             "vi": "Thuê bao sẽ chuyển sang thẻ {iccid}, thẻ cũ ngừng hoạt động ngay. Anh chị có đồng ý không ạ?"},
}  # fmt: skip
"""Wish to the question that asks for agreement."""

KEY = {"pack": "{cost}", "link": "{bill}", "roam": "{day}", "swap": "{iccid}"}
"""What the customer must hear in that question."""

WHY: dict[str, Said] = {
    "lost": {"en": "a lost phone", "vi": "mất máy"},
    "stolen": {"en": "a stolen phone", "vi": "máy bị lấy trộm"},
    "holiday": {"en": "a holiday", "vi": "tạm ngưng theo yêu cầu"},
}
"""Reason for which a line is closed, as the agent names it."""

NAMED = {
    "lost": ("lost", "found", "mất", "tìm"),
    "stolen": ("stolen", "taken", "trộm", "cướp", "lấy"),
    "holiday": ("holiday", "away", "nghỉ", "tạm ngưng"),
}
"""The words of the rules by which the customer knows the reason: one of them is enough."""
