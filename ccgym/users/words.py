"""What scripted customers say and listen for by themselves, in each language that they speak."""

from __future__ import annotations

LINES = {
    "en": {
        "yes": "Yes, please.",
        "no": "No, please don't.",
        "unknown": "I don't know that.",
        "done": "Thanks, that's all.",
        "again": "Sorry, I don't follow.",
        "wait": "OK.",
        "bye": "I give up. Goodbye.",
    },
    "vi": {
        "yes": "Vâng, đúng rồi.",
        "no": "Không, thôi ạ.",
        "unknown": "Mình không biết.",
        "done": "Cảm ơn, vậy là đủ rồi.",
        "again": "Xin lỗi, mình chưa hiểu.",
        "wait": "Vâng.",
        "bye": "Thôi, mình không cần nữa.",
    },
}
MARKERS = {
    "en": ["please", "could you", "can you", "may i", "tell me", "i need", "provide"],
    "vi": [
        *("vui lòng", "cho em", "cho mình", "cho tôi", "cho biết", "xin cho", "xin anh", "xin chị", "xin quý"),
        *("xin số", "xin mã", "xin tên", "xin địa chỉ", "xin thông tin", "xin email"),
        *("em cần", "mình cần", "tôi cần", "cần biết", "cần thêm"),
    ],
}
CONFIRM_WORDS = {
    "en": ["confirm", "shall i", "do you want", "would you like", "is that correct", "agree", "proceed"],
    "vi": ["xác nhận", "đồng ý", "có muốn", "có đúng", "phải không", "tiếp tục"],
}
CLOSING = {
    "en": ["anything else", "something else i can", "any other", "further assistance", "help with anything"],
    "vi": ["gì nữa không", "gì thêm không", "thêm gì không", "gì khác không"],
}
HOLD = {
    "en": [
        "one moment",
        "give me a moment",
        "let me check",
        "let me look",
        "please wait",
        "hold on",
        "just a second",
        "bear with me",
        "i'll check",
        "i will check",
        "i am checking",
        "i'm checking",
        "looking into",
    ],
    "vi": [
        "chờ một chút",
        "xin chờ",
        "vui lòng chờ",
        "đợi",
        "đang kiểm tra",
        "để em kiểm tra",
        "để mình kiểm tra",
        "để tôi kiểm tra",
        "em sẽ kiểm tra",
        "tôi sẽ kiểm tra",
    ],
}
ANGER = {
    "en": ["This takes long.", "I am losing my patience.", "This is the last time that I answer."],
    "vi": ["Lâu quá rồi đấy.", "Mình sắp hết kiên nhẫn rồi.", "Đây là lần cuối mình trả lời."],
}
