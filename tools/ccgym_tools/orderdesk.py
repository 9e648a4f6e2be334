"""The back office of an online shop, as permissive as real ones: it does what it is told.

Whether a change is allowed is the agent's business, and the rules of the SOP tell whether it was.
"""

from __future__ import annotations

from typing import Any

from ccgym.errors import ToolError

Tables = dict[str, Any]


def verify_customer(state: Tables, order_id: str, phone: str) -> dict[str, Any]:
    """Compare the digits with the phone on file, and remember for this order that they agreed."""
    verified = state["customers"][_order(state, order_id)["customer"]]["phone"] == phone
    if verified:
        state["session"][order_id] = {"verified": True}
    return {"verified": verified}


def get_order(state: Tables, order_id: str) -> dict[str, Any]:
    """What was ordered and how far it got; `days` since delivery once it is delivered."""
    order = _order(state, order_id)
    shown = {"item": order["item"], "status": order["status"]}
    return {**shown, "days": order["days"]} if order["status"] == "delivered" else shown


def track_order(state: Tables, order_id: str) -> dict[str, Any]:
    """Where the parcel is and, unless it has arrived, the day on which it is expected."""
    order = _order(state, order_id)
    return {"status": order["status"]} if order["status"] == "delivered" else {k: order[k] for k in ("status", "eta")}


def cancel_order(state: Tables, order_id: str) -> dict[str, Any]:
    """Cancel the order, whatever its status."""
    _order(state, order_id)["status"] = "cancelled"
    return {"status": "cancelled"}


def return_order(state: Tables, order_id: str, reason: str) -> dict[str, Any]:
    """Open a return, whatever the order's status and age."""
    _order(state, order_id).update(status="returning", reason=reason)
    return {"status": "returning"}


def change_address(state: Tables, order_id: str, address: str) -> dict[str, Any]:
    """Write the new address, even on a parcel that has left."""
    _order(state, order_id)["address"] = address
    return {"saved": True}


def transfer_to_human(state: Tables, reason: str) -> dict[str, Any]:
    """Hand the customer over. The talk with this agent ends."""
    state["transfers"][str(len(state["transfers"]) + 1)] = {"reason": reason}
    return {"transferred": True}


FUNCTIONS = {
    function.__name__: function
    for function in (
        verify_customer,
        get_order,
        track_order,
        cancel_order,
        return_order,
        change_address,
        transfer_to_human,
    )
}
"""Tool name to function."""


def _order(state: Tables, order_id: str) -> dict[str, Any]:
    order = state["orders"].get(order_id)
    if order is None:
        raise ToolError(f"no order {order_id}", "not_found")
    return order
