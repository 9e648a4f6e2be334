"""The back office of a shop, as permissive as real ones: it books what it is told.

Whether a booking is allowed is the agent's business, and the rules of the SOP tell whether it was. Money is
in whole dollars.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ccgym.errors import ToolError

Tables = dict[str, Any]
SHOWN = ("name", "tier", "points", "points_expire", "last_goodwill", "under_review", "orders")
"""What of a customer the agent sees: neither email nor postcode."""


def verify_customer(state: Tables, email: str, postcode: str) -> dict[str, Any]:
    """Compare both with the account, and remember for this talk that they agreed."""
    account = state["emails"].get(email.strip().lower())
    if account is None or _squeezed(state["customers"][account["customer"]]["postcode"]) != _squeezed(postcode):
        return {"verified": False}
    state["session"][account["customer"]] = {"verified": True}
    return {"verified": True, "customer_id": account["customer"]}


def get_customer(state: Tables, customer_id: str) -> dict[str, Any]:
    """Tier, points, last goodwill and orders of an account."""
    row = _row(state, "customers", customer_id)
    return {name: row[name] for name in SHOWN}


def get_order(state: Tables, order_id: str, *, ctx: Any) -> dict[str, Any]:
    """Status, dates, items and payments of an order; `days` since delivery once it is delivered."""
    order = _row(state, "orders", order_id)
    items = [{"item_id": key, **state["items"][key]} for key in order["items"]]
    shown = {name: value for name, value in order.items() if name not in ("items", "customer")}
    if order["delivered"]:
        shown["days"] = _days(ctx.now, order["delivered"])
    return {**shown, "items": [{k: v for k, v in item.items() if k != "order"} for item in items]}


def get_product(state: Tables, sku: str) -> dict[str, Any]:
    """Price, stock and variant of a product, and the other variants of the same model."""
    product = _row(state, "products", sku)
    others = [key for key in state["models"][product["model"]]["skus"] if key != sku]
    return {**product, "variants": [{"sku": key, **_variant(state["products"][key])} for key in others]}


def get_voucher(state: Tables, code: str, *, ctx: Any) -> dict[str, Any]:
    """Value, expiry and use of a voucher; `days_expired` once it has expired."""
    voucher = _row(state, "vouchers", code)
    days = _days(ctx.now, voucher["expires"])
    return {**voucher, "days_expired": days} if days > 0 else dict(voucher)


def get_gift_card(state: Tables, code: str) -> dict[str, Any]:
    """Balance, buyer and expiry of a gift card."""
    return dict(_row(state, "gift_cards", code))


def cancel_order(state: Tables, order_id: str, reason: str) -> dict[str, Any]:
    """Cancel the whole order, and pay everything back the way it was paid."""
    order = _row(state, "orders", order_id)
    back = {"card": order["paid_card"] - order["back_card"], "gift_card": order["paid_gift"] - order["back_gift"]}
    if back["gift_card"]:
        state["gift_cards"][order["gift_card"]]["balance"] += back["gift_card"]
    order.update(status="cancelled", reason=reason, back_card=order["paid_card"], back_gift=order["paid_gift"])
    return {"status": "cancelled", "refunded": back}


def change_address(state: Tables, order_id: str, address: str) -> dict[str, Any]:
    """Write the new address, even on a parcel that has left."""
    _row(state, "orders", order_id)["address"] = address
    return {"saved": True}


def create_return(
    state: Tables, order_id: str, item_id: str, reason: str, condition: str, fee: int, refund: int
) -> dict[str, Any]:
    """Open the return of one item. No money moves: see `issue_refund`."""
    item = _item(state, order_id, item_id)
    item["status"] = "returning"
    state["returns"][item_id] = {"reason": reason, "condition": condition, "fee": fee, "refund": refund}
    return {"status": "returning", "label": f"RL-{item_id}"}


def issue_refund(state: Tables, order_id: str, item_id: str, method: str, amount: int, *, ctx: Any) -> dict[str, Any]:
    """Pay money back for an item, to the card or the gift card of its order."""
    _item(state, order_id, item_id)
    order = state["orders"][order_id]
    if method == "gift_card":
        if not order["gift_card"]:
            raise ToolError(f"order {order_id} was not paid with a gift card", "no_gift_card")
        state["gift_cards"][order["gift_card"]]["balance"] += amount
        order["back_gift"] += amount
    else:
        order["back_card"] += amount
    refund = ctx.new_id("F", digits=6)
    state["refunds"][refund] = {"item": item_id, "method": method, "amount": amount}
    return {"refund_id": refund}


def create_exchange(
    state: Tables, order_id: str, item_id: str, sku: str, condition: str, difference: int
) -> dict[str, Any]:
    """Exchange one item for another product; the difference is charged (above 0) or paid back (below 0)."""
    item = _item(state, order_id, item_id)
    _row(state, "products", sku)["stock"] -= 1
    item["status"] = "exchanging"
    state["exchanges"][item_id] = {"sku": sku, "condition": condition, "difference": difference}
    return {"status": "exchanging", "label": f"RL-{item_id}"}


def send_replacement(state: Tables, order_id: str, item_id: str, reason: str) -> dict[str, Any]:
    """Send the same product again, free of charge."""
    item = _item(state, order_id, item_id)
    state["products"][item["sku"]]["stock"] -= 1
    item["status"] = "replacing"
    state["replacements"][item_id] = {"reason": reason}
    return {"status": "replacing"}


def redeem_points(state: Tables, customer_id: str, points: int, *, ctx: Any) -> dict[str, Any]:
    """Turn points into a voucher: 100 points are 5 dollars."""
    _row(state, "customers", customer_id)["points"] -= points
    return _voucher(state, ctx, customer_id, points // 20)


def credit_points(state: Tables, order_id: str, points: int) -> dict[str, Any]:
    """Book the points of an order that were never booked."""
    order = _row(state, "orders", order_id)
    customer = state["customers"][order["customer"]]
    customer["points"] += points
    order["points_booked"] = True
    return {"points": customer["points"]}


def extend_voucher(state: Tables, code: str, *, ctx: Any) -> dict[str, Any]:
    """Let a voucher live for 30 more days from today."""
    voucher = _row(state, "vouchers", code)
    voucher.update(expires=_stamp(ctx.now, 30), extended=True)
    return {"expires": voucher["expires"]}


def grant_goodwill(
    state: Tables, customer_id: str, order_id: str, amount: int, reason: str, *, ctx: Any
) -> dict[str, Any]:
    """Give a voucher as an apology."""
    _row(state, "customers", customer_id)["last_goodwill"] = _stamp(ctx.now, 0)
    state["goodwill"][order_id] = {"customer": customer_id, "amount": amount, "reason": reason}
    return _voucher(state, ctx, customer_id, amount)


def replace_gift_card(state: Tables, code: str, *, ctx: Any) -> dict[str, Any]:
    """Block a lost gift card, and move its balance to a new one."""
    old = _row(state, "gift_cards", code)
    new = ctx.new_id("G", digits=6)
    state["gift_cards"][new] = {**old}
    old.update(balance=0, blocked=True)
    return {"code": new, "balance": state["gift_cards"][new]["balance"]}


def escalate(state: Tables, reason: str, about: str) -> dict[str, Any]:
    """Hand the customer over to a colleague. The talk with this agent ends."""
    state["tickets"][str(len(state["tickets"]) + 1)] = {"reason": reason, "about": about}
    return {"handed_over": True}


FUNCTIONS = {
    function.__name__: function
    for function in (
        verify_customer,
        get_customer,
        get_order,
        get_product,
        get_voucher,
        get_gift_card,
        cancel_order,
        change_address,
        create_return,
        issue_refund,
        create_exchange,
        send_replacement,
        redeem_points,
        credit_points,
        extend_voucher,
        grant_goodwill,
        replace_gift_card,
        escalate,
    )
}
"""Tool name to function."""


def _row(state: Tables, table: str, key: str) -> dict[str, Any]:
    row = state[table].get(key)
    if row is None:
        raise ToolError(f"{table} has no {key}", "not_found")
    return row


def _item(state: Tables, order_id: str, item_id: str) -> dict[str, Any]:
    item = _row(state, "items", item_id)
    if item["order"] != order_id:
        raise ToolError(f"order {order_id} has no item {item_id}", "not_found")
    return item


def _variant(product: dict[str, Any]) -> dict[str, Any]:
    return {name: product[name] for name in ("variant", "price", "stock")}


def _voucher(state: Tables, ctx: Any, customer_id: str, value: int) -> dict[str, Any]:
    code = ctx.new_id("V", digits=6)
    row = {"customer": customer_id, "value": value, "expires": _stamp(ctx.now, 180), "used": False, "extended": False}
    state["vouchers"][code] = row
    return {"voucher": code, "value": value, "expires": row["expires"]}


def _stamp(now: str, days: int) -> str:
    return f"{(datetime.fromisoformat(now) + timedelta(days=days)).date().isoformat()}T00:00:00Z"


def _days(now: str, since: str) -> int:
    return (datetime.fromisoformat(now).date() - datetime.fromisoformat(since).date()).days


def _squeezed(postcode: str) -> str:
    return postcode.replace(" ", "").upper()
