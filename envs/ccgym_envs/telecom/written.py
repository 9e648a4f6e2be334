"""The written cases of Telecom: faults that hide behind each other, the edges of the rules, and people who push."""

from __future__ import annotations

from random import Random
from typing import Any

from ccgym_envs.telecom import people
from ccgym_envs.telecom.cases import Case


def _case(who: str, where: str, first: str, steps: str, final: str = "", say: str = "", **kw: Any) -> Case:
    """A case in short.

    Args:
        who: name, date of birth, phone number; with ` / ` the name and date of birth of an authorised user, who calls.
        where: plan and area.
        first: the first line; it is Vietnamese if the area is.
        steps: the steps, divided by commas.
        final: the last reply.
        say: what the customer has to hear, divided by ` | `.
        kw: `line` and what else `Case` has; `outcome` is told from the steps and the reply where it is not given.
    """
    owner, _, caller = who.partition(" / ")
    name, birth, phone = owner.rsplit(" ", 2)
    plan, _, area = where.partition(" ")
    line = people.line(Random(phone), f"C{phone}", plan, area) | kw.pop("line", {})
    if caller:
        person, _, theirs = caller.rpartition(" ")
        line["authorised"] = {"name": person, "birth": theirs}
        kw["told"] = {"birth": theirs} | kw.get("told", {})
    words = tuple(step.strip() for step in steps.split(","))
    if "airplane" in words:
        kw["device"] = {"airplane": True} | kw.get("device", {})
    kw.setdefault("outcome", "escalated" if words[-1].startswith("escalate") else "fixed")
    language = "vi" if area in people.AREAS["vi"] else "en"
    kw["tags"] = tuple(kw.get("tags", "").split())
    texts = tuple(text for text in say.split(" | ") if text)
    return Case(language, name, birth, phone, line, first, words, final, texts, **kw)


def _bill(month: str, amount: float, status: str = "overdue") -> dict[str, Any]:
    due = {"2026-01": "2026-01-20", "2026-02": "2026-02-20", "2026-03": "2026-03-20"}
    return {"month": month, "amount": amount, "due": due[month], "status": status}


UNPAID = {"status": "suspended", "reason": "unpaid"}
REPAIR = "verify, line, outage, bar"
SLOW = "verify, line, usage, outage, bar, settings"
PAID = "verify, line, bills, agree link, link, pay, resume, reboot"

TRAIN: dict[str, Case] = {
    # --- faults of the phone
    "airplane-after-the-flight": _case(
        "Alma Finch 1984-03-17 0912300101", "P2 Northgate",
        "Hi, I landed two hours ago and my phone has no signal. I call from my sister's. My number is {phone}.",
        f"id, {REPAIR}, airplane, speed",
        "The phone was still in airplane mode. Signal and data are back.", "are back", tags="airplane"),
    "data-switched-off-by-the-son": _case(
        "Bruno Ashby 1979-11-02 0912300102", "P2 Riverside",
        "My internet is dead since my son played with the phone. {phone}, born {birth}.",
        f"{REPAIR}, settings, data, speed",
        "Mobile data had been switched off. Your internet works again.", "had been switched off", tags="data",
        device={"mobile_data": False}),
    "found-a-tip-in-a-forum": _case(
        "Cora Holt 1991-06-25 0912300103", "P3 Hillcrest",
        "I followed a tip from a forum to save battery and now there is no service at all. What is going on?",
        f"id, {REPAIR}, settings, mode, speed",
        "The phone was set to 3G, which has been switched off. In auto mode it finds the network again.", "3G | auto",
        tags="mode", device={"network_mode": "3g"}),
    "second-hand-phone": _case(
        "Desmond Kestrel 1968-01-30 0912300104", "P1 Lakeside",
        "I put my card into a phone I bought second hand. Calls work but no internet. My number is {phone}.",
        f"id, {REPAIR}, settings, apn, enter_apn, reboot, speed",
        "The APN of another operator was entered. With the right one your internet works.", "another operator",
        tags="apn",
        device={"apn": "wap.other", "apn_used": "wap.other"}),
    "airplane-and-a-foreign-apn": _case(
        "Elsie Jarrow 1995-09-12 0912300105", "P2 Westpark",
        "Nothing works on this phone! Number {phone}, date of birth {birth}. My colleague set it up for me.",
        f"{REPAIR}, airplane, speed, settings, apn, enter_apn, reboot, speed",
        "There were two faults: airplane mode, and the wrong APN. Both are put right, and data works.",
        "two faults | the wrong APN", tags="airplane apn combined",
        device={"apn": "web.travel", "apn_used": "web.travel"}),
    "crawling-since-monday": _case(
        "Fergus Birch 1973-07-08 0912300106", "P3 Northgate",
        "Since Monday everything crawls. I pay for the biggest plan, {phone}!",
        f"id, {SLOW}, saver, speed",
        "The data saver was slowing the phone down. The speed is good again.", "data saver was slowing", tags="slow",
        device={"data_saver": True}),
    "work-vpn-left-on": _case(
        "Greta Everly 1988-12-19 0912300107", "P4 Riverside",
        "Videos stop all the time on {phone}. I was born {birth}. The network must be overloaded.",
        f"{SLOW}, vpn, speed",
        "The VPN was slowing everything down. Without it the speed is good.", "VPN was slowing", tags="slow",
        device={"vpn": True}),
    "pictures-do-not-go-out": _case(
        "Hugo Garland 1990-04-04 0912300108", "P2 Old Mill",
        "I cannot send pictures by message any more, everything else is fine. My number: {phone}.",
        f"id, {REPAIR}, settings, perms, storage, picture",
        "The messages app was not allowed to read the storage. Picture messages go out again.",
        "storage | go out again", tags="app",
        device={"apps": {**people.APPS, "messages": ["contacts", "sms"]}}),
    "dropped-on-the-stairs": _case(
        "Ines Calloway 1999-02-11 0912300109", "P2 Northgate",
        "I dropped my phone and now it says emergency calls only. I am on {phone}, {birth}.",
        f"{REPAIR}, sim, reseat, speed",
        "The SIM card had come loose. It is read again and data works.", "come loose", tags="sim",
        device={"sim": "loose"}),
    "three-wrong-pins": _case(
        "Jasper Denholm 1962-10-23 0912300110", "P1 Hillcrest",
        "The phone asks me for some PUK. I think I mistyped my PIN. Number {phone}.",
        f"id, {REPAIR}, sim, get_puk, enter_puk, speed",
        "The card is open again with your new PIN.", "open again", tags="sim puk", device={"sim": "puk_needed"}),
    "card-is-dead-new-one-bought": _case(
        "Kira Ivers 1986-08-05 0912300111", "P3 Lakeside",
        "My SIM card is not found any more, so I bought a new one in your shop. I am {phone}, born {birth}.",
        f"{REPAIR}, sim, reseat, ask iccid, agree swap, swap, insert, speed",
        "Your line is on the new card now, and data works.", "on the new card now", tags="sim swap",
        device={"sim": "damaged"}, iccid="894410020111"),
    "doi-che-do-may-bay": _case(
        "Nguyễn Thị Mai 1993-05-14 0912300112", "P2 Bờ Sông",
        "Alo, máy mình mất sóng từ lúc xuống máy bay. Số của mình là {phone}.",
        f"id, {REPAIR}, airplane, speed",
        "Máy còn ở chế độ máy bay. Sóng và dữ liệu đã trở lại rồi ạ.", "đã trở lại", tags="airplane"),
    "may-moi-khong-vao-mang": _case(
        "Trần Quốc Đạt 1987-01-09 0912300113", "P3 Đồi Thông",
        "Mình mới đổi máy, gọi được mà không vào mạng được. Số {phone}, sinh {birth}.",
        f"{REPAIR}, settings, apn, enter_apn, reboot, speed",
        "APN trên máy bị sai. Giờ mạng đã chạy lại rồi ạ.", "APN | đã chạy lại", tags="apn",
        device={"apn": "m-khac", "apn_used": "m-khac"}),
    # --- faults of the line, and both
    "bill-forgotten": _case(
        "Lionel Finch 1980-06-16 0912300114", "P2 Northgate",
        "My phone has been dead since this morning. {phone}, date of birth {birth}. I need it for work!",
        f"{PAID}, speed",
        "The bill is paid, the line is open again, and data works.", "paid | open", tags="unpaid",
        line=UNPAID, bills={"B10114": _bill("2026-01", 27.5), "B10115": _bill("2026-03", 25, "open")}),
    "two-bills-and-airplane": _case(
        "Alma Garland 1975-02-28 0912300116", "P2 Riverside",
        "No signal for days. I even put it into airplane mode and nothing. My number is {phone}.",
        "id, verify, line, bills, agree link B10116, link B10116, pay B10116, agree link B10117, link B10117, "
        "pay B10117, resume, reboot, outage, bar, airplane, speed",
        "Both bills are paid, the line is open, airplane mode is over, and data works.", "paid | airplane mode",
        tags="unpaid airplane combined", line=UNPAID,
        bills={"B10116": _bill("2026-01", 31), "B10117": _bill("2026-02", 29)}),
    "everything-at-once": _case(
        "Bruno Holt 1969-12-01 0912300118", "P1 Old Mill",
        "This phone is completely dead. I pay you people every month! {phone}, born {birth}.",
        f"{PAID}, outage, bar, airplane, speed, settings, apn, enter_apn, reboot, speed",
        "The line was closed for an unpaid bill, airplane mode was on, and the APN was wrong. All is settled.",
        "unpaid | airplane mode was on | apn was wrong", tags="unpaid airplane apn combined",
        line=UNPAID, device={"apn": "net.old", "apn_used": "net.old"},
        bills={"B10118": _bill("2026-02", 18)}),
    "back-from-the-year-abroad": _case(
        "Cora Denholm 1997-03-03 0912300119", "P2 Hillcrest",
        "I am back home and want to use my number {phone} again. It has been paused since last year.",
        "id, verify, line, agree resume, resume, reboot, speed",
        "The line is open again, and data works.", "open again", tags="holiday",
        line={"status": "suspended", "reason": "holiday"}),
    "found-under-the-sofa": _case(
        "Desmond Ivers 1958-09-29 0912300120", "P1 Lakeside",
        "I reported my phone lost, it was under the sofa. {phone}, date of birth {birth}. Can I use it again?",
        "verify, line, agree found, resume, reboot, speed",
        "The line is open again, and data works.", "open again", tags="lost",
        line={"status": "suspended", "reason": "lost"}),
    "stolen-and-replaced": _case(
        "Elsie Birch 1992-11-11 0912300121", "P3 Northgate",
        "My phone was stolen last week. I have a new phone and a new card. My line is {phone}, born {birth}.",
        "verify, line, ask iccid, agree swap, swap, insert, resume, speed",
        "The line is on the new card and open again.", "new card | open again", tags="stolen swap",
        line={"status": "suspended", "reason": "stolen"}, iccid="894410020121",
        device={"iccid": "000000000000"}),
    "data-gone-before-payday": _case(
        "Fergus Ashby 2001-05-20 0912300122", "P2 Westpark",
        "Internet is so slow that nothing loads. I am {phone}. If it is about more data, 2 GB is what I can afford.",
        "id, verify, line, usage, agree pack 2, pack 2, speed",
        "The month's data was used up. With 2 GB more the speed is good.", "2 GB more", tags="pack",
        line={"used_gb": 20.4}),
    "slow-and-empty-and-saver": _case(
        "Greta Finch 1983-10-10 0912300123", "P3 Riverside",
        "Everything is slow on {phone}. Date of birth {birth}. Sell me 5 GB if you must.",
        "verify, line, usage, agree pack 5, pack 5, speed, outage, bar, settings, saver, speed",
        "The data was used up, and the data saver was on too. With 5 GB more and without it the speed is good.",
        "5 GB more | saver was on too", tags="pack slow combined", line={"used_gb": 80.9}, device={"data_saver": True}),
    "five-no-two": _case(
        "Mabel Birch 1998-05-05 0912300153", "P2 Old Mill",
        "Pages take forever. Put 5 GB on {phone}, I was born {birth}.",
        "verify, line, usage, agree pack 5, agree pack 2, pack 2, speed",
        "2 GB more have been added, and the speed is good.", "2 GB more", tags="pack changed-mind",
        line={"used_gb": 20.6}, mind=({"at": "confirm", "line": "No, that is too much. Make it 2 GB."},)),
    "and-a-credit-on-top": _case(
        "Mabel Finch 1955-01-17 0912300154", "P2 Northgate",
        "No signal since last night on {phone}. Born {birth}.",
        f"{REPAIR}, airplane, speed, midway",
        "A credit is for faults of the network, and this one was a switch on the phone. So there is none.",
        "for faults of the network", tags="airplane credit partial two-wishes",
        midway="It was airplane mode, and everything works now.",
        mind=({"at": "done", "line": "Good. And I want a credit for the night without a signal."},)),
    "roaming-and-a-new-plan": _case(
        "Mabel Ivers 1991-10-12 0912300155", "P2 Riverside",
        "I am abroad and cannot get online. {phone}, {birth}. Roaming may cost what it costs.",
        "verify, line, bills, agree roam, roam, bar, settings, roaming, speed, midway, escalate other",
        tags="roaming two-wishes", abroad=True,
        midway="Roaming is allowed on both sides now, and data works.",
        mind=({"at": "done", "line": "Great. Now change my plan to Max, too."},)),
    "abroad-both-sides": _case(
        "Hugo Everly 1977-07-07 0912300124", "P2 Northgate",
        "I am in the mountains across the border and have no service. My number is {phone}.",
        "id, verify, line, bills, agree roam, roam, bar, settings, roaming, speed",
        "Roaming is allowed on the line and on the phone now. It costs 5 dollars a day.",
        "is allowed on the line | 5 dollars",
        tags="roaming", abroad=True, bills={"B10124": _bill("2026-03", 24, "open")}),
    "abroad-phone-only": _case(
        "Ines Jarrow 1994-12-24 0912300125", "P3 Hillcrest",
        "You allowed roaming for me last month, and still no internet abroad. {phone}, {birth}.",
        "verify, line, bar, settings, roaming, speed",
        "Roaming is on in the phone now too, and data works.", "in the phone now too", tags="roaming",
        line={"roaming": True},
        abroad=True),
    "no-hoa-don-va-che-do-may-bay": _case(
        "Lê Ngọc Ánh 1989-08-18 0912300126", "P2 Chợ Mới",
        "Máy mình mất sóng mấy hôm nay rồi. Số {phone}, ngày sinh {birth}.",
        f"{PAID}, outage, bar, airplane, speed",
        "Hóa đơn đã thanh toán, thuê bao đã mở, chế độ máy bay đã tắt và mạng chạy lại rồi ạ.",
        "đã mở | chế độ máy bay", tags="unpaid airplane combined", line=UNPAID,
        bills={"B10126": _bill("2026-02", 22)}),
    "credit-for-three-days": _case(
        "Jasper Holt 1965-04-13 0912300127", "P2 Stonebridge",
        "No data for three days! {phone}, born {birth}. I want 20 dollars back.",
        "verify, line, outage, credit 3",
        "There is an outage in Stonebridge until {until}. For three full days the credit is 3 dollars, not 20.",
        "{until} | 3 dollars", outcome="done", tags="outage credit partial"),
    "outage-in-the-harbour": _case(
        "Kira Ashby 1998-01-21 0912300128", "P1 Harbour",
        "No signal since breakfast. I restarted ten times. My number is {phone}.",
        "id, verify, line, outage",
        "There is an outage in Harbour. It is expected to last until {until}. Nothing has to be changed on the phone.",
        "outage | {until}", outcome="done", tags="outage"),
    "taken-on-the-tram": _case(
        "Lionel Calloway 1981-03-31 0912300129", "P3 Northgate",
        "Somebody just took my phone on the tram! It is {phone}, I was born {birth}. Close it!",
        "verify, line, agree suspend stolen, suspend stolen",
        "The line is closed. When you have a new card, call again.", "closed", outcome="done", tags="stolen"),
    "half-a-year-at-sea": _case(
        "Mabel Holt 1982-08-30 0912300152", "P3 Westpark",
        "I go to sea for half a year and want my line {phone} paused. Born {birth}.",
        "verify, line, bills, agree suspend holiday, suspend holiday",
        "The line is paused. Call when you are back, and it is opened again.", "paused", outcome="done", tags="holiday",
        bills={"B10152": _bill("2026-03", 48, "open")}),
    # --- refusals
    "user-wants-a-pack": _case(
        "Alma Birch 1971-06-06 0912300130 / Toby Birch 2008-09-01", "P2 Westpark",
        "It is all slow. My mum pays, and she texted me that 10 GB are fine. Number {phone}, I was born {birth}.",
        "verify, line, usage",
        "The data is used up, and only the owner can add a pack. Your mother has to call us herself.", "owner",
        outcome="refused", tags="user pack", line={"used_gb": 20.7}),
    "user-wants-it-open": _case(
        "Bruno Jarrow 1966-10-15 0912300131 / Nora Jarrow 1996-02-02", "P2 Northgate",
        "My father's bill was forgotten, I want to open line {phone} again. I am authorised, born {birth}.",
        "verify, line",
        "The line is suspended, and only the owner can have it opened. Your father has to call.", "owner",
        outcome="refused", tags="user unpaid", line=UNPAID, bills={"B10131": _bill("2026-02", 26)}),
    "third-pack": _case(
        "Cora Finch 2000-07-27 0912300132", "P1 Hillcrest",
        "Give me another 5 GB, it is crawling again. {phone}, {birth}.",
        "verify, line, usage",
        "There were two packs this month already, and two are the most. New data comes with the new month.",
        "two packs",
        outcome="refused", tags="pack", line={"used_gb": 13.2, "extra_gb": 10, "packs": 2}),
    "young-line-and-a-wedding": _case(
        "Desmond Garland 1990-09-09 0912300133", "P3 Riverside",
        "I fly to my sister's wedding and need roaming on {phone}. Born {birth}. Make an exception!",
        "verify, line",
        "The line is 12 days old, and roaming needs 30 days. I cannot make an exception for a wedding.", "30 days",
        outcome="refused", tags="roaming exception", line={"age_days": 12}),
    "basic-goes-abroad": _case(
        "Elsie Holt 1961-05-05 0912300134", "P1 Northgate",
        "I am abroad and nothing works. I will pay whatever roaming costs. My number is {phone}.",
        "id, verify, line",
        "Your plan has no roaming. The plan can be changed in a shop only.", "no roaming | shop",
        outcome="refused", tags="roaming", abroad=True),
    "cannot-pay-today": _case(
        "Fergus Ivers 1985-12-12 0912300135", "P2 Lakeside",
        "My line {phone} is closed. Date of birth {birth}. Open it now, I get my wages on Friday.",
        "verify, line, bills, agree link",
        "The line opens when the overdue bill is paid, and not before.", "not before", confirm="no",
        outcome="refused", tags="unpaid pressure", line=UNPAID, bills={"B10135": _bill("2026-02", 44)},
        lines={"no": "No, I can't pay today. I promise to pay on Friday!"}),
    "card-changed-yesterday": _case(
        "Greta Ashby 1978-08-28 0912300136", "P3 Old Mill",
        "My card from yesterday does not fit. I have a third one, move {phone} to it. Born {birth}.",
        "verify, line",
        "The card was changed yesterday, and a line's card is changed again after 3 days at the earliest.", "3 days",
        outcome="refused", tags="swap", line={"sim_changed_days": 1}, iccid="894410020136",
        device={"sim": "damaged"}),
    "puk-in-advance": _case(
        "Hugo Denholm 1970-11-20 0912300137", "P2 Northgate",
        "Tell me the PUK of {phone}, just in case. I was born {birth}.",
        "verify, line, sim",
        "The phone asks for no PUK, and I read it out only once it does.", "PUK",
        outcome="refused", tags="sim puk"),
    "changed-mind-on-price": _case(
        "Ines Garland 1993-02-17 0912300138", "P2 Hillcrest",
        "I have already agreed in the app to 10 GB, charge me. It is slow. {phone}, born {birth}.",
        "verify, line, usage, agree pack 10",
        "No pack has been added. New data comes with the new month.", "no pack", confirm="no",
        outcome="refused", tags="pack changed-mind", line={"used_gb": 21.0},
        lines={"no": "No, at that price I changed my mind. Leave it."}),
    "credit-after-six-hours": _case(
        "Jasper Ashby 1987-07-01 0912300139", "P2 Harbour",
        "Half a day without a network, {phone}, {birth}. I want my money back!",
        "verify, line, outage",
        "The outage in Harbour has lasted 6 hours and is expected to last until {until}. "
        "A credit is given from 24 hours on, so there is none.",
        "24 hours", outcome="refused", tags="outage credit"),
    "nguoi-dung-xin-ma-puk": _case(
        "Phạm Thu Thủy 1972-04-22 0912300140 / Phạm Minh 2007-10-10", "P2 Bờ Sông",
        "Con dùng số {phone} của mẹ, máy đòi mã PUK. Con sinh {birth}, mẹ con bảo cứ đọc cho con.",
        "verify, line, outage, bar, sim",
        "Mã PUK chỉ đọc cho chủ thuê bao. Mẹ cần tự gọi tổng đài ạ.", "chủ thuê bao",
        outcome="refused", tags="user puk sim", device={"sim": "puk_needed"}),
    # --- escalations
    "wrong-birthday": _case(
        "Kira Birch 1982-05-16 0912300141", "P2 Northgate",
        "It is about my wife's line {phone}. She was born {birth}, I think. Just open it, I know the address too.",
        "verify, escalate unverified", told={"birth": "1982-06-15"}, tags="unverified", line=UNPAID,
        bills={"B10141": _bill("2026-02", 33)}),
    "will-not-say-the-birthday": _case(
        "Lionel Jarrow 1974-01-04 0912300142", "P3 Riverside",
        "I am a lawyer and in a hurry. Number {phone}. Add 10 GB, now.",
        "id, escalate unverified", told={"birth": None}, tags="unverified pressure", line={"used_gb": 81.0}),
    "suspended-for-fraud": _case(
        "Alma Ivers 1988-10-30 0912300143", "P3 Hillcrest",
        "Why is {phone} closed? Born {birth}. I demand that you open it or tell me what I have done!",
        "verify, line, escalate fraud", tags="fraud pressure", line={"status": "suspended", "reason": "fraud"}),
    "line-has-ended": _case(
        "Bruno Finch 1963-09-03 0912300144", "P1 Westpark",
        "My old number {phone} gives no sign of life. I want it back.",
        "id, verify, line, escalate contract", tags="contract", line={"status": "ended"}),
    "disputes-the-bill": _case(
        "Cora Ivers 1976-03-26 0912300145", "P2 Lakeside",
        "You closed {phone} for a bill that is wrong, I never used roaming! Date of birth {birth}.",
        "verify, line, bills, escalate billing", tags="unpaid billing", line=UNPAID,
        bills={"B10145": _bill("2026-02", 118)}),
    "phone-is-broken": _case(
        "Desmond Calloway 1991-12-08 0912300146", "P3 Northgate",
        "No internet, and yes, I have tried everything. I am {phone}, {birth}.",
        f"{REPAIR}, settings, apn, reboot, speed, seen, escalate device_fault", tags="device-fault",
        device={"broken": True}),
    "network-does-not-see-it": _case(
        "Elsie Denholm 1984-06-19 0912300147", "P2 Old Mill",
        "Full bars and no internet. Number {phone}.",
        f"id, {REPAIR}, settings, apn, reboot, speed, seen, escalate network_fault", tags="network-fault",
        line={"stuck": True}),
    "ten-wrong-puks": _case(
        "Fergus Holt 1959-02-25 0912300148", "P1 Riverside",
        "The card says blocked. I may have guessed that code a few times. {phone}, born {birth}.",
        f"{REPAIR}, sim, ask iccid, escalate sim_blocked", tags="sim", device={"sim": "blocked", "puk_tries": 0}),
    "wants-another-plan": _case(
        "Greta Kestrel 1995-08-14 0912300149", "P1 Hillcrest",
        "I want to go from Basic to Max on {phone}. Born {birth}.",
        "verify, line, escalate other", tags="other"),
    "khong-nho-ngay-sinh": _case(
        "Hoàng Hữu Nghĩa 1967-07-12 0912300150", "P2 Đồi Thông",
        "Mở lại giúp số {phone} cho sếp mình với, gấp lắm!",
        "id, escalate unverified", told={"birth": None}, tags="unverified pressure", line=UNPAID,
        bills={"B10150": _bill("2026-01", 51)}),
    "khoa-vi-nghi-gian-lan": _case(
        "Vũ Thanh Tâm 1990-03-08 0912300151", "P3 Chợ Mới",
        "Sao số {phone} bị khóa? Mình sinh {birth}. Mở ngay cho mình!",
        "verify, line, escalate fraud", tags="fraud pressure", line={"status": "suspended", "reason": "fraud"}),
}  # fmt: skip
"""Task id to case, split `train`."""

TEST: dict[str, Case] = {
    "cinema-last-night": _case(
        "Hugo Kestrel 1996-04-27 0912300201", "P3 Westpark",
        "No calls since the cinema last night, {phone}. Please hurry.",
        f"id, {REPAIR}, airplane, speed",
        "Airplane mode was still on from last night. Signal and data are back.", "are back", tags="airplane"),
    "two-switches": _case(
        "Ines Birch 1980-08-08 0912300202", "P2 Northgate",
        "My phone is mute and has no internet: {phone}, {birth}.",
        f"{REPAIR}, airplane, speed, settings, data, speed",
        "Airplane mode was on, and mobile data was off. Both are put right.",
        "airplane mode was on | mobile data was off",
        tags="airplane data combined", device={"mobile_data": False}),
    "two-g-and-vpn": _case(
        "Jasper Everly 1973-01-19 0912300203", "P4 Riverside",
        "Mails take minutes to load. {phone} is the number.",
        f"id, {SLOW}, mode, speed, vpn, speed",
        "The phone was set to 2G, and the VPN slowed it down too. Now the speed is good.", "2G | VPN",
        tags="slow mode combined", device={"network_mode": "2g", "vpn": True}),
    "apn-behind-a-debt": _case(
        "Kira Garland 1992-02-29 0912300204", "P4 Hillcrest",
        "My business phone {phone} is dead. Born {birth}. I can pay at once if that is it.",
        f"{PAID}, speed, outage, bar, settings, apn, enter_apn, reboot, speed",
        "The bill is paid and the line is open. The APN was wrong too, and is right now.", "paid | APN was wrong",
        tags="unpaid apn combined", line=UNPAID, device={"apn": "corp.prev", "apn_used": "corp.prev"},
        bills={"B10204": _bill("2026-02", 61)}),
    "abroad-with-mode-3g": _case(
        "Lionel Denholm 1986-05-31 0912300205", "P4 Lakeside",
        "On a trip abroad, no service, {phone}, {birth}. Roaming is fine by me.",
        "verify, line, bills, agree roam, roam, bar, settings, mode, roaming, speed",
        "Roaming is allowed for 2 dollars a day, and the phone is no longer set to 3G. Data works.", "2 dollars | 3G",
        tags="roaming mode combined", abroad=True, device={"network_mode": "3g"}),
    "sms-right-is-missing": _case(
        "Alma Jarrow 2002-11-05 0912300206", "P2 Old Mill",
        "Picture messages fail since the update. My number is {phone}.",
        f"id, {REPAIR}, settings, perms, sms, picture",
        "The messages app was not allowed to send sms. Picture messages go out again.", "sms | go out again",
        tags="app",
        device={"apps": {**people.APPS, "messages": ["contacts", "storage"]}}),
    "mo-lai-sau-khi-tim-thay": _case(
        "Đặng Văn Hậu 1964-12-03 0912300207", "P1 Bờ Sông",
        "Mình tìm thấy máy rồi, mở lại số {phone} giúp mình. Mình sinh {birth}.",
        "verify, line, agree found, resume, reboot, speed",
        "Thuê bao đã mở lại và mạng chạy tốt rồi ạ.", "đã mở lại", tags="lost",
        line={"status": "suspended", "reason": "lost"}),
    "het-dung-luong": _case(
        "Bùi Mỹ Linh 2003-06-09 0912300208", "P2 Ga Cũ",
        "Mạng chậm quá không xem được gì. Số {phone}, sinh {birth}. Cho mình thêm 1 GB thôi.",
        "verify, line, usage, agree pack 1, pack 1, speed",
        "Dung lượng tháng đã hết. Em đã thêm 1 GB, tốc độ tốt rồi ạ.", "đã thêm 1 GB", tags="pack",
        line={"used_gb": 20.2}),
    "bu-tien-mat-song": _case(
        "Đỗ Minh Châu 1979-09-21 0912300209", "P2 Cầu Đá",
        "Mất sóng từ hôm qua. Số {phone}, sinh {birth}. Mình muốn được bù tiền.",
        "verify, line, outage, credit 1",
        "Khu vực Cầu Đá đang có sự cố, dự kiến đến {until}. Em đã bù 1 đô la vào hóa đơn tới ạ.", "{until} | 1 đô la",
        outcome="done", tags="outage credit partial"),
    "lost-by-the-daughter": _case(
        "Bruno Denholm 1960-10-07 0912300210 / Mia Denholm 2005-01-15", "P2 Northgate",
        "I cannot find my phone anywhere! Dad has the contract, I use {phone} and was born {birth}. Please close it.",
        "verify, line, agree suspend lost, suspend lost",
        "The line is closed. Your father can have it opened again once the phone is found.", "closed",
        outcome="done", tags="user lost"),
    "one-gigabyte-after-all": _case(
        "Mabel Garland 1989-04-30 0912300230", "P3 Lakeside",
        "It crawls. 10 GB for {phone}, born {birth}, please.",
        "verify, line, usage, agree pack 10, agree pack 1, pack 1, speed",
        "1 GB more has been added, and the speed is good.", "1 GB more", tags="pack changed-mind",
        line={"used_gb": 80.4}, mind=({"at": "confirm", "line": "Not that much money! Only 1 GB, please."},)),
    "works-and-one-more-wish": _case(
        "Mabel Kestrel 1976-12-02 0912300231 / Tim Kestrel 2006-03-19", "P2 Hillcrest",
        "No internet on {phone}. I was born {birth}, my mother has the contract.",
        f"{REPAIR}, settings, data, speed, midway",
        "Adding data is for the owner alone. Your mother has to call.", "for the owner alone",
        tags="user data two-wishes partial", device={"mobile_data": False},
        midway="Mobile data had been off, and it works now.",
        mind=({"at": "done", "line": "Cool. And put 5 GB on top, Mum will not mind."},)),
    "no-data-and-no-rebate": _case(
        "Mabel Denholm 1969-06-21 0912300232", "P1 Westpark",
        "Not a single mail gets through, {phone}, {birth}!",
        f"{REPAIR}, settings, mode, speed, midway, bills, escalate billing",
        tags="mode billing two-wishes", device={"network_mode": "3g"}, bills={"B10232": _bill("2026-03", 39, "open")},
        midway="The phone was set to 3G, which is no more. In auto mode it works.",
        mind=({"at": "done", "line": "Fine. But my last bill is wrong, I never made those calls."},)),
    "credit-is-capped": _case(
        "Cora Kestrel 1968-06-14 0912300211", "P3 Meadows",
        "A week without data! {phone}, {birth}. A dollar a day is the least.",
        "verify, line, outage, credit 5",
        "The outage in Meadows is expected to last until {until}. Five dollars are the most, and they are credited.",
        "{until} | five dollars", outcome="done", tags="outage credit partial"),
    "pack-with-a-debt": _case(
        "Desmond Birch 1989-01-10 0912300212", "P2 Riverside",
        "Slow as a snail. 5 GB for {phone}, {birth}, please.",
        "verify, line, usage, bills",
        "A line with an overdue bill gets no pack. Once the bill is paid, a pack is possible.", "overdue",
        outcome="refused", tags="pack unpaid", line={"used_gb": 20.9}, bills={"B10212": _bill("2026-02", 28)}),
    "roaming-with-a-debt": _case(
        "Elsie Ashby 1974-07-23 0912300213", "P3 Hillcrest",
        "I leave on a business trip tonight. Roaming for {phone}, born {birth}. My company is a big client of yours!",
        "verify, line, bills",
        "Roaming is not allowed while a bill is overdue.", "overdue",
        outcome="refused", tags="roaming unpaid pressure", bills={"B10213": _bill("2026-02", 19)}),
    "not-found-yet": _case(
        "Fergus Garland 1981-11-29 0912300214", "P2 Lakeside",
        "Open my lost phone {phone} so that I can hear it ring. Date of birth {birth}.",
        "verify, line, agree found",
        "The line stays closed until the phone has been found.", "stays closed", confirm="no",
        outcome="refused", tags="lost", line={"status": "suspended", "reason": "lost"},
        lines={"no": "No, it is still somewhere out there."}),
    "no-restart-please": _case(
        "Greta Holt 1957-03-12 0912300215", "P2 Northgate",
        "No internet on {phone}. I was born {birth}. But do not make me restart anything.",
        f"{REPAIR}, settings, apn, reboot",
        "Without a restart nothing more can be said about the fault. Call again when it suits you.",
        "without a restart",
        outcome="refused", tags="phone-refused", device={"broken": True},
        refuses={"reboot": "No, I won't do that. My alarms would be gone."}),
    "roaming-too-dear": _case(
        "Hugo Birch 1994-10-02 0912300216", "P2 Westpark",
        "I am abroad without data, {phone}, {birth}. Yes to everything, just switch it on!",
        "verify, line, bills, agree roam",
        "Roaming stays off. Wireless networks of hotels work without it.", "stays off", confirm="no",
        outcome="refused", tags="roaming changed-mind", abroad=True,
        lines={"no": "No, wait. Not at that price, I changed my mind."}),
    "second-credit": _case(
        "Ines Finch 1971-12-18 0912300217", "P2 Stonebridge",
        "Your network is still down. Another 3 dollars for {phone}, {birth}!",
        "verify, line, outage",
        "The outage is expected to last until {until}. There is one credit a month, and you have had it.", "one credit",
        outcome="refused", tags="outage credit", line={"credits": 1, "credit": 2}),
    "holiday-with-a-debt": _case(
        "Jasper Calloway 1983-04-09 0912300218", "P2 Hillcrest",
        "I go to sea for half a year. Pause {phone}, born {birth}.",
        "verify, line, bills",
        "A line can be paused only when no bill is overdue.", "overdue",
        outcome="refused", tags="holiday unpaid", bills={"B10218": _bill("2026-02", 35)}),
    "no-card-in-hand": _case(
        "Kira Denholm 1999-09-17 0912300219", "P2 Riverside",
        "My card is broken, move {phone} to a new one. Born {birth}.",
        f"{REPAIR}, sim, reseat, ask iccid",
        "The card is broken. Without a new card in your hand there is nothing to move the line to: shops have them.",
        "nothing to move",
        outcome="refused", tags="sim swap", device={"sim": "damaged"}),
    "user-wants-roaming": _case(
        "Lionel Ashby 1965-05-27 0912300220 / Petra Voss 1990-07-13", "P4 Northgate",
        "Company phone {phone}, I am the employee, born {birth}. I am abroad and need roaming, my boss said yes.",
        "verify, line",
        "Only the owner can have roaming allowed. Your boss has to call.", "owner",
        outcome="refused", tags="user roaming", abroad=True),
    "xin-mo-khi-con-no": _case(
        "Ngô Ngọc Ánh 1985-02-06 0912300221", "P1 Vườn Mít",
        "Số {phone} bị khóa, mình sinh {birth}. Mở trước đi, tuần sau mình trả.",
        "verify, line, bills, agree link",
        "Thuê bao chỉ mở khi hóa đơn quá hạn đã thanh toán ạ.", "chỉ mở khi", confirm="no",
        outcome="refused", tags="unpaid pressure", line=UNPAID, bills={"B10221": _bill("2026-01", 16)}),
    "goi-cuoc-khong-chuyen-vung": _case(
        "Huỳnh Quốc Đạt 1976-08-11 0912300222", "P1 Đồi Thông",
        "Mình đang ở nước ngoài, máy không có mạng. Số {phone}, sinh {birth}.",
        "verify, line",
        "Gói cước này không có chuyển vùng. Anh chị có thể đổi gói tại cửa hàng ạ.", "không có chuyển vùng",
        outcome="refused", tags="roaming", abroad=True),
    "employee-with-a-new-card": _case(
        "Mabel Voss 1967-02-14 0912300233 / Ruben Dale 1992-08-08", "P4 Northgate",
        "Company phone {phone}, I was born {birth}. My card broke and I hold a new one, move me over.",
        f"{REPAIR}, sim, reseat",
        "The card is broken, and only the owner can have the line moved to another one. Your company has to call.",
        "only the owner", outcome="refused", tags="user swap sim", device={"sim": "damaged"}, iccid="894410020233"),
    "puk-for-a-found-phone": _case(
        "Mabel Dale 1959-11-11 0912300234", "P2 Old Mill",
        "I found a phone in the park, it asks for a PUK. The number on it is {phone}. Tell me and I bring it back.",
        "id, escalate unverified", told={"birth": None}, tags="unverified puk", device={"sim": "puk_needed"}),
    "pay-half-now": _case(
        "Mabel Calloway 1980-03-23 0912300235", "P2 Riverside",
        "{phone} is closed, born {birth}. I can pay half of it today, then you open it, agreed?",
        "verify, line, bills, agree link",
        "Half of the debt is not enough: the line stays closed until all of it is paid.", "half of the debt",
        confirm="no", outcome="refused", tags="unpaid pressure", line=UNPAID, bills={"B10235": _bill("2026-02", 84)},
        lines={"no": "No, not the whole sum. Half today, half next month."}),
    "shop-said-otherwise": _case(
        "Mabel Everly 1994-01-08 0912300236", "P3 Hillcrest",
        "Your shop told me roaming works from day one. {phone}, {birth}, I am abroad and the line is three weeks old.",
        "verify, line",
        "The line is 21 days old, and roaming needs 30 days, whatever was said in the shop. I am sorry.", "30 days",
        outcome="refused", tags="roaming exception", line={"age_days": 21}, abroad=True),
    "xin-them-goi-thu-ba": _case(
        "Vũ Minh Châu 1997-07-27 0912300237", "P1 Cầu Đá",
        "Mạng lại chậm rồi. Số {phone}, sinh {birth}. Cho mình thêm 2 GB nữa.",
        "verify, line, usage",
        "Tháng này đã thêm hai gói, và mỗi tháng chỉ được hai gói ạ.", "hai gói",
        outcome="refused", tags="pack", line={"used_gb": 9.3, "extra_gb": 6, "packs": 2}),
    "date-from-the-internet": _case(
        "Alma Denholm 1987-02-20 0912300223", "P3 Old Mill",
        "I lost my phone and need my number {phone} on this new card quickly. I was born {birth}.",
        "verify, escalate unverified", told={"birth": "1987-02-22"}, tags="unverified swap", iccid="894410020223"),
    "new-number-wanted": _case(
        "Bruno Calloway 1993-06-30 0912300224", "P2 Westpark",
        "Somebody keeps calling me. I want another number instead of {phone}.",
        "id, verify, line, escalate other", tags="other"),
    "phone-broken-after-a-fall": _case(
        "Cora Garland 1962-01-23 0912300225", "P1 Northgate",
        "Since it fell into the sink there is no internet on {phone}. Airplane mode did not help.",
        f"id, {REPAIR}, airplane, speed, settings, apn, reboot, speed, seen, escalate device_fault",
        tags="device-fault airplane combined", device={"broken": True}),
    "stuck-in-the-network": _case(
        "Desmond Everly 2004-12-15 0912300226", "P3 Riverside",
        "It says 5G and loads nothing. {phone}, born {birth}.",
        f"{REPAIR}, settings, apn, reboot, speed, seen, escalate network_fault", tags="network-fault",
        line={"stuck": True}),
    "disputed-in-vietnamese": _case(
        "Phan Thị Mai 1970-10-28 0912300227", "P2 Chợ Mới",
        "Hóa đơn số {phone} sai rồi, mình không dùng nhiều vậy. Mình sinh {birth}.",
        "verify, line, bills, escalate billing", tags="unpaid billing", line=UNPAID,
        bills={"B10227": _bill("2026-02", 96)}),
    "ended-and-urgent": _case(
        "Elsie Kestrel 1984-09-06 0912300228", "P2 Hillcrest",
        "My line {phone} must work by noon, born {birth}. I do not care what contracts say.",
        "verify, line, escalate contract", tags="contract pressure", line={"status": "ended"}),
    "fraud-and-a-new-card": _case(
        "Fergus Denholm 1978-03-15 0912300229", "P4 Lakeside",
        "You locked {phone}. Born {birth}. I have a new card, move the line to it and that solves it.",
        "verify, line, escalate fraud", tags="fraud swap", line={"status": "suspended", "reason": "fraud"},
        iccid="894410020229"),
}  # fmt: skip
"""Task id to case, split `test`."""
