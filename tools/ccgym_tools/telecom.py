"""The line's side of a mobile operator, as permissive as real consoles: it does what it is told.

Whether a change is allowed is the agent's business, and the rules of the SOP tell whether it was. What the customer's
phone makes of the line stands in `telecom_device`; `telecom_device.sync` keeps the two sides together.
"""

from __future__ import annotations

from typing import Any

from ccgym.errors import ToolError

Tables = dict[str, Any]


def verify_customer(state: Tables, phone: str, birth: str) -> dict[str, Any]:
    """Whose date of birth this is, and remember it for this line: the owner's, an authorised user's, or nobody's."""
    line = _line(state, phone)
    owner = state["customers"][line["customer"]]
    authorised = line.get("authorised")
    if owner["birth"] == birth:
        found = {"role": "owner", "name": owner["name"]}
    elif authorised is not None and authorised["birth"] == birth:
        found = {"role": "user", "name": authorised["name"]}
    else:
        return {"verified": False}
    state["session"][phone] = {"role": found["role"]}
    return {"verified": True, **found}


def get_line(state: Tables, phone: str) -> dict[str, Any]:
    """How the line stands, and why it is suspended if it is."""
    line = _line(state, phone)
    plan = state["plans"][line["plan"]]
    shown = {
        "status": line["status"], "plan": plan["name"], "area": line["area"], "line_roaming": line["roaming"],
        "plan_roaming": plan["roaming"], "age_days": line["age_days"], "sim_changed_days": line["sim_changed_days"],
        "roaming_per_day": plan["roaming_per_day"], "apn": plan["apn"],
    }  # fmt: skip
    return {**shown, "reason": line["reason"]} if line["status"] == "suspended" else shown


def get_usage(state: Tables, phone: str) -> dict[str, Any]:
    """Data used and left this month, the packs added so far, and what a GB more costs."""
    line = _line(state, phone)
    plan = state["plans"][line["plan"]]
    left = round(plan["data_gb"] + line["extra_gb"] - line["used_gb"], 2)
    return {
        "used_gb": line["used_gb"], "left_gb": max(left, 0), "packs": line["packs"],
        "price_per_gb": plan["price_per_gb"],
    }  # fmt: skip


def get_registration(state: Tables, phone: str) -> dict[str, Any]:
    """What the network sees of the phone right now: whether it is there, and the APN it asks for."""
    seen = _line(state, phone)["seen"]
    return dict(seen) if seen["registered"] else {"registered": False}


def list_bills(state: Tables, phone: str) -> dict[str, Any]:
    """The bills of a line, the newest first."""
    _line(state, phone)
    bills = [{"bill_id": key, **bill} for key, bill in state["bills"].items() if bill["phone"] == phone]
    shown = ("bill_id", "month", "amount", "due", "status")
    return {"bills": [{name: bill[name] for name in shown} for bill in reversed(bills)]}


def check_outage(state: Tables, area: str) -> dict[str, Any]:
    """Whether the network has a fault in an area."""
    outage = state["outages"].get(area)
    if outage is None:
        raise ToolError(f"no area {area}", "not_found")
    return dict(outage) if outage["ongoing"] else {"ongoing": False}


def send_payment_link(state: Tables, bill_id: str) -> dict[str, Any]:
    """Send the customer's phone a link with which this bill can be paid."""
    bill = state["bills"].get(bill_id)
    if bill is None:
        raise ToolError(f"no bill {bill_id}", "not_found")
    if bill["status"] == "paid":
        raise ToolError(f"{bill_id} is paid", "already_paid")
    bill["link"] = True
    return {"sent": True, "amount": bill["amount"]}


def resume_line(state: Tables, phone: str) -> dict[str, Any]:
    """Open a suspended line, whatever it was suspended for."""
    line = _line(state, phone)
    if line["status"] != "suspended":
        raise ToolError(f"{phone} is {line['status']}", "not_suspended")
    line.update(status="active", reason="")
    return {"status": "active"}


def suspend_line(state: Tables, phone: str, reason: str) -> dict[str, Any]:
    """Close a line for calls and data."""
    line = _line(state, phone)
    if line["status"] != "active":
        raise ToolError(f"{phone} is {line['status']}", "not_active")
    line.update(status="suspended", reason=reason)
    return {"status": "suspended"}


def set_roaming(state: Tables, phone: str, enabled: bool) -> dict[str, Any]:
    """Let the line be used abroad, or no longer."""
    _line(state, phone)["roaming"] = enabled
    return {"line_roaming": enabled}


def add_data(state: Tables, phone: str, gb: int) -> dict[str, Any]:
    """Add a pack of data to this month and charge it with the next bill."""
    line = _line(state, phone)
    cost = round(gb * state["plans"][line["plan"]]["price_per_gb"], 2)
    line["extra_gb"] += gb
    line["packs"] += 1
    line["charges"] = round(line["charges"] + cost, 2)
    return {"added_gb": gb, "charged": cost}


def swap_sim(state: Tables, phone: str, iccid: str) -> dict[str, Any]:
    """Move the line to another SIM card; the old one goes dead at once."""
    line = _line(state, phone)
    if iccid not in state["sim_cards"]:
        raise ToolError(f"no SIM card {iccid}", "not_found")
    line.update(iccid=iccid, sim_changed_days=0)
    return {"iccid": iccid}


def get_puk(state: Tables, phone: str) -> dict[str, Any]:
    """The code that opens a SIM card whose PIN was entered wrongly three times."""
    return {"puk": _line(state, phone)["puk"]}


def give_credit(state: Tables, phone: str, amount: int) -> dict[str, Any]:
    """Take an amount off the next bill."""
    line = _line(state, phone)
    line["credit"] += amount
    line["credits"] += 1
    return {"credited": amount}


def escalate(state: Tables, phone: str, reason: str) -> dict[str, Any]:
    """Hand the case over with a reason code. The talk with this agent ends."""
    state["tickets"][str(len(state["tickets"]) + 1)] = {"phone": phone, "reason": reason}
    return {"escalated": True}


FUNCTIONS = {
    function.__name__: function
    for function in (
        verify_customer, get_line, get_usage, get_registration, list_bills, check_outage, send_payment_link,
        resume_line, suspend_line, set_roaming, add_data, swap_sim, get_puk, give_credit, escalate,
    )
}  # fmt: skip
"""Name of an agent's tool to function."""


def _line(state: Tables, phone: str) -> dict[str, Any]:
    line = state["lines"].get(phone)
    if line is None:
        raise ToolError(f"no line {phone}", "not_found")
    return line
