"""What people say at OrderDesk, by language. Variants of one utterance stand together; a draw takes one of them."""

from __future__ import annotations

FIRST = {
    "en": {
        "cancel": ("Please cancel order {id}.", "I want to cancel order {id}.", "Cancel my order {id}, please."),
        "return broken": (
            "Order {id} came damaged. I want to return it.",
            "My order {id} is broken. I want to return it.",
        ),
        "return wrong": (
            "Order {id} is the wrong item. I want to return it.",
            "I got the wrong item in order {id}.",
        ),
        "return other": ("I do not want order {id} any more. I want to return it.", "I want to return order {id}."),
        "address": ("Please send order {id} to {address}.", "I moved. Send order {id} to {address}."),
        "track": ("Where is order {id}?", "When does order {id} arrive?", "Please track order {id}."),
    },
    "vi": {
        "cancel": ("Hủy giúp mình đơn {id}.", "Mình muốn hủy đơn {id}.", "Cho mình hủy đơn {id} nhé."),
        "return broken": ("Đơn {id} bị hỏng. Mình muốn trả hàng.", "Hàng đơn {id} bị vỡ. Mình muốn trả hàng."),
        "return wrong": ("Đơn {id} giao sai hàng. Mình muốn trả hàng.", "Mình nhận sai hàng ở đơn {id}."),
        "return other": ("Mình không cần đơn {id} nữa. Mình muốn trả hàng.", "Mình muốn trả hàng đơn {id}."),
        "address": ("Giao đơn {id} đến {address} nhé.", "Mình chuyển nhà. Giao đơn {id} đến {address}."),
        "track": ("Đơn {id} đến đâu rồi?", "Khi nào đơn {id} đến?", "Kiểm tra giúp mình đơn {id}."),
    },
}
"""The line that opens the talk."""

FIRST_UNNAMED = {
    "en": {
        "cancel": ("I want to cancel my order.", "Please cancel my order."),
        "return broken": ("My order came damaged. I want to return it.", "My order is broken. I want to return it."),
        "return wrong": ("I got the wrong item. I want to return it.", "You sent me the wrong item."),
        "return other": ("I want to return my order.", "I do not want my order any more. I want to return it."),
        "address": ("Please send my order to {address}.", "I moved. Send my order to {address}."),
    },
    "vi": {
        "cancel": ("Mình muốn hủy đơn hàng.", "Hủy giúp mình đơn hàng nhé."),
        "return broken": ("Hàng bị hỏng. Mình muốn trả hàng.", "Hàng bị vỡ. Mình muốn trả hàng."),
        "return wrong": ("Mình nhận sai hàng. Mình muốn trả hàng.", "Shop giao sai hàng cho mình."),
        "return other": ("Mình muốn trả hàng.", "Mình không cần hàng nữa. Mình muốn trả hàng."),
        "address": ("Giao đơn hàng đến {address} nhé.", "Mình chuyển nhà. Giao đơn hàng đến {address}."),
    },
}
"""The same from a customer who forgets the order number."""

ASK = {
    "en": {
        "phone": ("What are the last 4 digits of your phone?", "Please tell me the last 4 digits of your phone."),
        "both": (
            "What are your order number and the last 4 digits of your phone?",
            "Please tell me your order number and the last 4 digits of your phone.",
        ),
        "order_id": ("What is your order number?", "Please tell me your order number."),
    },
    "vi": {
        "phone": ("Bạn cho mình xin 4 số cuối điện thoại nhé?", "4 số cuối điện thoại của bạn là gì?"),
        "both": (
            "Bạn cho mình xin mã đơn và 4 số cuối điện thoại nhé?",
            "Mã đơn và 4 số cuối điện thoại của bạn là gì?",
        ),
        "order_id": ("Bạn cho mình xin mã đơn nhé?", "Mã đơn của bạn là gì?"),
    },
}
"""The agent's questions."""

TELL = {
    "en": {
        "phone": ("It ends in {phone}.", "The digits are {phone}."),
        "order_id": ("It is order {order_id}.", "My order is {order_id}."),
    },
    "vi": {
        "phone": ("4 số cuối là {phone}.", "Số cuối là {phone}."),
        "order_id": ("Mã đơn là {order_id}.", "Đơn {order_id}."),
    },
}
"""The customer's answers, in the syntax of a script customer's `tell`."""

DONE = {
    "en": {
        "cancel": ("Order {id} is now cancelled.", "Done, order {id} has been cancelled."),
        "return": ("The return of order {id} is open.", "Done, a return for order {id} is open."),
        "address": ("The new address of order {id} is saved.", "Done, the address of order {id} is saved."),
    },
    "vi": {
        "cancel": ("Đơn {id} đã được hủy.", "Xong rồi, đơn {id} đã được hủy."),
        "return": ("Yêu cầu trả đơn {id} đã được mở.", "Xong rồi, yêu cầu trả đơn {id} đã được mở."),
        "address": ("Địa chỉ của đơn {id} đã được đổi.", "Xong rồi, địa chỉ mới của đơn {id} đã được đổi."),
    },
}
"""The agent's last words after a change."""

DONE_TOKENS = {
    "en": {"cancel": "cancelled", "return": "is open", "address": "is saved"},
    "vi": {"cancel": "đã được hủy", "return": "đã được mở", "address": "đã được đổi"},
}
"""What has to be said of a change."""

REFUSED = {
    "en": {
        "cancel": (
            "Order {id} cannot be cancelled: it {why}.",
            "Sorry, order {id} cannot be cancelled because it {why}.",
        ),
        "return": (
            "Order {id} cannot be returned: it {why}.",
            "Sorry, order {id} cannot be returned because it {why}.",
        ),
        "address": (
            "The address of order {id} cannot be changed: it {why}.",
            "Sorry, the address of order {id} cannot be changed because it {why}.",
        ),
    },
    "vi": {
        "cancel": ("Đơn {id} không thể hủy vì {why}.", "Rất tiếc, đơn {id} không thể hủy vì {why}."),
        "return": ("Đơn {id} không thể trả vì {why}.", "Rất tiếc, đơn {id} không thể trả vì {why}."),
        "address": (
            "Địa chỉ của đơn {id} không thể đổi vì {why}.",
            "Rất tiếc, địa chỉ của đơn {id} không thể đổi vì {why}.",
        ),
    },
}
"""The agent's last words when the SOP says no."""

REFUSED_TOKENS = {
    "en": {"cancel": "cannot be cancelled", "return": "cannot be returned", "address": "cannot be changed"},
    "vi": {"cancel": "không thể hủy", "return": "không thể trả", "address": "không thể đổi"},
}
"""What has to be said of a refusal, besides the reason."""

WHY = {
    "en": {
        "shipped": "has shipped",
        "delivered": "was delivered",
        "early": "is not delivered yet",
        "late": "was delivered more than 30 days ago",
    },
    "vi": {"shipped": "đã gửi đi", "delivered": "đã giao", "early": "chưa giao", "late": "đã quá 30 ngày"},
}
"""Reasons of a refusal."""

WHY_TOKENS = {
    "en": {"shipped": "shipped", "delivered": "delivered", "early": "not delivered", "late": "30 days"},
    "vi": {"shipped": "đã gửi", "delivered": "đã giao", "early": "chưa giao", "late": "30 ngày"},
}
"""What has to be said of the reason."""

ARRIVED = {"en": "delivered", "vi": "đã giao"}
"""What has to be said of a parcel that has arrived."""

TRACKED = {
    "en": {
        "placed": (
            "Order {id} is being packed and arrives on {eta}.",
            "We are packing order {id}. It arrives on {eta}.",
        ),
        "shipped": ("Order {id} has shipped and arrives on {eta}.", "Order {id} is on its way. It arrives on {eta}."),
        "delivered": ("Order {id} was delivered.", "Order {id} has been delivered."),
    },
    "vi": {
        "placed": ("Đơn {id} đang đóng gói và đến ngày {eta}.", "Shop đang đóng gói đơn {id}. Đơn đến ngày {eta}."),
        "shipped": ("Đơn {id} đã gửi đi và đến ngày {eta}.", "Đơn {id} đang trên đường. Đơn đến ngày {eta}."),
        "delivered": ("Đơn {id} đã giao.", "Đơn {id} đã giao xong."),
    },
}
"""Where a parcel is."""

GOALS = {
    "cancel": "Have order {id} cancelled.",
    "return": "Send order {id} back.",
    "address": "Have order {id} sent to {address}.",
    "track": "Learn where order {id} is.",
}
"""What the customer wants, for simulators that improvise."""
