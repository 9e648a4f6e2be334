"""The customer's side of a mobile line: the phone, which only the customer can hold in the hand.

Each function is a tool of the customer's over the document `user`. What the network lets the phone do stands in
`user["network"]`; `sync` writes it there, and carries back what the phone has done: payments, and being seen.
"""

from __future__ import annotations

from typing import Any

from ccgym.errors import ToolError

Phone = dict[str, Any]
MODES = {"auto": "5G", "4g": "4G", "3g": "none", "2g": "2G"}
"""Network mode to the network that it finds: there is no 3G any more."""


# --- what can be read ------------------------------------------------------------------------------------------------


def check_status_bar(user: Phone) -> dict[str, Any]:
    """What stands at the top of the screen."""
    device = user["device"]
    if device["airplane"]:
        return {"airplane": True, "signal": "none"}
    sim = sim_state(user)
    if sim != "ready":
        return {"airplane": False, "signal": "emergency calls only", "sim": sim}
    signal = network_found(user)
    shown = {"airplane": False, "signal": signal, "mobile_data": device["mobile_data"] and signal != "none"}
    return {**shown, "vpn": True} if device["vpn"] else shown


def check_sim(user: Phone) -> dict[str, Any]:
    """What the phone says of its SIM card."""
    return {"sim": sim_state(user), "iccid": user["device"]["iccid"]}


def check_settings(user: Phone) -> dict[str, Any]:
    """The switches of the page on mobile networks."""
    device = user["device"]
    return {name: device[name] for name in ("mobile_data", "roaming", "network_mode", "data_saver", "vpn")}


def check_apn(user: Phone) -> dict[str, Any]:
    """The access point that is entered."""
    return {"apn": user["device"]["apn"]}


def check_speed(user: Phone) -> dict[str, Any]:
    """Run a speed test over mobile data."""
    speed = mbps(user)
    return {"mbps": speed, "verdict": "no connection" if speed == 0 else "slow" if speed < 5 else "good"}


def check_app_permissions(user: Phone, app: str) -> dict[str, Any]:
    """What an app may do."""
    return {"app": app, "granted": list(_app(user, app))}


def send_picture_message(user: Phone) -> dict[str, Any]:
    """Try to send a picture message."""
    allowed = {"sms", "storage"} <= set(_app(user, "messages"))
    return {"sent": bool(allowed and mbps(user))}


def check_payment_links(user: Phone) -> dict[str, Any]:
    """The links to bills that came and wait to be paid."""
    return {"links": [{"bill_id": key, "amount": amount} for key, amount in sorted(user["network"]["links"].items())]}


# --- what can be done ------------------------------------------------------------------------------------------------


def toggle_airplane_mode(user: Phone, on: bool) -> dict[str, Any]:
    """Switch airplane mode."""
    return _switch(user, "airplane", on)


def toggle_mobile_data(user: Phone, on: bool) -> dict[str, Any]:
    """Switch mobile data."""
    return _switch(user, "mobile_data", on)


def toggle_roaming(user: Phone, on: bool) -> dict[str, Any]:
    """Switch data roaming on the phone."""
    return _switch(user, "roaming", on)


def toggle_data_saver(user: Phone, on: bool) -> dict[str, Any]:
    """Switch the data saver."""
    return _switch(user, "data_saver", on)


def toggle_vpn(user: Phone, on: bool) -> dict[str, Any]:
    """Connect the VPN, or disconnect it."""
    return _switch(user, "vpn", on)


def change_network_mode(user: Phone, mode: str) -> dict[str, Any]:
    """Choose the preferred kind of network."""
    user["device"]["network_mode"] = mode
    return {"network_mode": mode}


def set_apn(user: Phone, apn: str) -> dict[str, Any]:
    """Enter an access point; the phone uses it once it has been restarted."""
    user["device"]["apn"] = apn
    return {"apn": apn, "restart_needed": True}


def reseat_sim(user: Phone) -> dict[str, Any]:
    """Take the SIM card out and put it back in."""
    device = user["device"]
    if device["sim"] == "loose":
        device["sim"] = "ready"
    return {"sim": sim_state(user)}


def insert_sim(user: Phone, iccid: str) -> dict[str, Any]:
    """Put another SIM card in."""
    user["device"].update(iccid=iccid, sim="ready")
    return {"sim": sim_state(user)}


def enter_puk(user: Phone, puk: str) -> dict[str, Any]:
    """Type the PUK and choose a new PIN."""
    device = user["device"]
    if device["sim"] != "puk_needed":
        raise ToolError("the phone asks for no PUK", "no_puk_needed")
    if puk != user["network"]["puk"]:
        device["puk_tries"] -= 1
        if device["puk_tries"] <= 0:
            device["sim"] = "blocked"
        return {"accepted": False}
    device["sim"] = "ready"
    return {"accepted": True}


def reboot(user: Phone) -> dict[str, Any]:
    """Switch the phone off and on again: a new access point comes into use."""
    device = user["device"]
    device["apn_used"] = device["apn"]
    return {"restarted": True}


def grant_app_permission(user: Phone, app: str, permission: str) -> dict[str, Any]:
    """Allow an app something."""
    granted = _app(user, app)
    if permission not in granted:
        user["device"]["apps"][app] = sorted([*granted, permission])
    return {"app": app, "granted": list(user["device"]["apps"][app])}


def pay_bill(user: Phone, bill_id: str) -> dict[str, Any]:
    """Pay a bill with the link that came."""
    amount = user["network"]["links"].get(bill_id)
    if amount is None:
        raise ToolError(f"no payment link for {bill_id} has come", "no_link")
    user["paid"] = sorted({*user["paid"], bill_id})
    return {"paid": amount}


FUNCTIONS = {
    function.__name__: function
    for function in (
        check_status_bar, check_sim, check_settings, check_apn, check_speed, check_app_permissions,
        send_picture_message, check_payment_links, toggle_airplane_mode, toggle_mobile_data, toggle_roaming,
        toggle_data_saver, toggle_vpn, change_network_mode, set_apn, reseat_sim, insert_sim, enter_puk, reboot,
        grant_app_permission, pay_bill,
    )
}  # fmt: skip
"""Name of a customer's tool to function."""


# --- how phone and line hang together --------------------------------------------------------------------------------


def sim_state(user: Phone) -> str:
    """`ready`, `not detected`, `puk_needed`, `blocked`, or `not active`: another card than the line's."""
    state = user["device"]["sim"]
    if state in ("loose", "damaged"):
        return "not detected"
    return "not active" if state == "ready" and user["device"]["iccid"] != user["network"]["iccid"] else state


def network_found(user: Phone) -> str:
    """The network that the phone is in: `5G`, `4G`, `2G` or `none`."""
    device, network = user["device"], user["network"]
    if device["airplane"] or sim_state(user) != "ready" or network["status"] != "active" or network["outage"]:
        return "none"
    if network["abroad"] and not network["roaming"]:
        return "none"
    return MODES[device["network_mode"]]


def mbps(user: Phone) -> float:
    """What a speed test over mobile data finds; 0 is no connection."""
    device, network = user["device"], user["network"]
    found = network_found(user)
    stopped = found == "none" or network["stuck"] or device["broken"]
    stopped = stopped or not device["mobile_data"] or device["apn_used"] != network["apn"]
    if stopped or (network["abroad"] and not device["roaming"]):
        return 0
    if found == "2G" or not network["data_left"]:
        return 0.1
    return 2.5 if device["data_saver"] or device["vpn"] else {"5G": 85, "4G": 40}[found]


def sync(document: dict[str, Any]) -> None:
    """Bring phone and line to one state: bills paid on the phone, what the line allows, and what the network sees."""
    tables, user = document["tables"], document["user"]
    line = tables["lines"].get(user.get("phone", ""))
    if line is None:
        return
    for bill_id in user["paid"]:
        bill = tables["bills"][bill_id]
        if bill["status"] != "paid":
            bill.update(status="paid", link=False)
            line["unpaid"] = [each for each in line["unpaid"] if each != bill_id]
    network = allowed(tables, user)
    if user.get("network") != network:
        user["network"] = network
    registered = network_found(user) != "none" and not network["stuck"]
    seen = {"registered": registered, "apn": user["device"]["apn_used"], "abroad": user["abroad"]}
    if line["seen"] != seen:
        line["seen"] = seen


def allowed(tables: dict[str, Any], user: Phone) -> dict[str, Any]:
    """What the line's state means for the phone."""
    line = tables["lines"][user["phone"]]
    plan = tables["plans"][line["plan"]]
    links = {
        key: bill["amount"]
        for key in line["unpaid"]
        if (bill := tables["bills"][key])["link"] and bill["status"] != "paid"
    }
    return {
        "status": line["status"],
        "roaming": line["roaming"],
        "abroad": user["abroad"],
        "outage": tables["outages"][line["area"]]["ongoing"] and not user["abroad"],
        "data_left": plan["data_gb"] + line["extra_gb"] > line["used_gb"],
        "apn": plan["apn"],
        "iccid": line["iccid"],
        "puk": line["puk"],
        "stuck": line["stuck"],
        "links": links,
    }


def _switch(user: Phone, name: str, on: bool) -> dict[str, Any]:
    user["device"][name] = on
    return {name: on}


def _app(user: Phone, app: str) -> list[str]:
    apps = user["device"]["apps"]
    if app not in apps:
        raise ToolError(f"there is no app {app}", "not_found")
    return apps[app]
