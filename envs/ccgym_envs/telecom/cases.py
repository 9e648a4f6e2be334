"""One customer's case, and the task that it makes: the steps of the talk, and what rows it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ccgym_envs.telecom import people, phrases

Action = dict[str, Any]
CLAUSES = {
    "fixed": "7. The phone, step by step",
    "done": "3. The line comes first",
    "refused": "1. The talk",
    "escalated": "10. Reason codes",
}
"""Outcome to the clause that the rule of the case's own steps cites."""


@dataclass(frozen=True)
class Case:
    """Who calls about what, and the steps by the book.

    A step is a word and its arguments: a key of `phrases.PHONE` (the customer's), of `READS` or `WRITES` (the agent's),
    `id` or `ask FACT` (a question for facts), `agree WISH` (a question for agreement), `escalate REASON`.
    """

    language: str
    name: str
    birth: str
    """Of the owner."""
    phone_number: str
    line: dict[str, Any]
    """The row of `lines`, without its customer."""
    first: str
    """The first line, with `{phone}`, `{birth}`, `{iccid}` and `{area}` for what it tells."""
    steps: tuple[str, ...]
    final: str = ""
    """The last reply; a talk that is escalated has none."""
    say: tuple[str, ...] = ()
    """What the customer has to hear in it."""
    outcome: Literal["fixed", "done", "refused", "escalated"] = "fixed"
    tags: tuple[str, ...] = ()
    device: dict[str, Any] = field(default_factory=dict)
    """What differs from a phone on which all is well."""
    abroad: bool = False
    bills: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Bill to its row, without the phone number; those that are overdue keep the line closed, or may."""
    told: dict[str, Any] = field(default_factory=dict)
    """What the customer tells instead of the truth; None: does not know it."""
    iccid: str = ""
    """Number of the new card in the customer's hand."""
    confirm: str = "yes"
    refuses: dict[str, str] = field(default_factory=dict)
    """Step that the customer will not take to the words of the refusal."""
    lines: dict[str, str] = field(default_factory=dict)
    """Lines of the customer's own, such as `no`."""
    midway: str = ""
    """What is said in the step `midway`: the answer to the first of two wishes."""
    mind: tuple[dict[str, Any], ...] = ()
    """Changes of mind, as `user.sim.mind` has them."""

    @property
    def facts(self) -> dict[str, Any]:
        """What the customer tells; None for what they do not know."""
        true = {"phone": self.phone_number, "birth": self.birth, "iccid": self.iccid or None, "area": self.line["area"]}
        return true | self.told

    @property
    def row(self) -> dict[str, Any]:
        """The row of `lines`, with the debts that its bills make."""
        overdue = [key for key, bill in self.bills.items() if bill["status"] == "overdue"]
        return {"customer": f"C{self.phone_number}", **self.line, "unpaid": overdue}

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The rows that the case needs, by table."""
        rows: dict[str, dict[str, Any]] = {
            "lines": {self.phone_number: self.row},
            "customers": {f"C{self.phone_number}": {"name": self.name, "birth": self.birth, "language": self.language}},
            "bills": {key: {"phone": self.phone_number, **bill, "link": False} for key, bill in self.bills.items()},
        }
        return rows | ({"sim_cards": {self.iccid: {"shop": self.line["area"]}}} if self.iccid else {})

    @property
    def user(self) -> dict[str, Any]:
        """The customer's document: the phone."""
        device = people.phone(self.line) | self.device
        return {"phone": self.phone_number, "abroad": self.abroad, "paid": [], "device": device}


def task_of(case: Case, *, own_rows: bool) -> dict[str, Any]:
    """The task of a case, but for its id and split.

    `own_rows` brings the line and what belongs to it along in `init`; else the state document has to hold them.
    """
    facts = case.facts
    known = {fact: value for fact, value in facts.items() if value is not None}
    steps = [_Step(case, step) for step in case.steps]
    sim: dict[str, Any] = {"language": case.language}
    if acts := _acts(case):
        sim["acts"] = acts
    if case.confirm != "yes":
        sim["confirm"] = case.confirm
    if case.lines:
        sim["lines"] = case.lines
    if case.mind:
        sim["mind"] = list(case.mind)
    state: dict[str, Any] = {"user": case.user}
    if own_rows:
        state["tables"] = {table: rows for table, rows in case.rows.items() if rows}
    actions = [action for step in steps for action in step.actions()]
    if case.final:
        actions.append({"say": case.final.format(**_words(case))})
    task: dict[str, Any] = {
        "tags": [case.outcome, case.language, *case.tags],
        "user": {
            "persona": f"{case.name}, {'on the line' if case.language == 'en' else 'gọi tổng đài'}",
            "goal": case.first.split("{")[0].strip()[:80],
            "known": known,
            "first_message": case.first.format(**_words(case)),
            "sim": sim,
        },
        "init": {"state": state},
        "expect": {"actions": actions},
    }
    if unknown := [fact for fact, value in facts.items() if value is None]:
        task["user"]["unknown"] = unknown
    if case.say:
        task["expect"]["say"] = [text.format(**_words(case)) for text in case.say]
    if case.outcome == "refused" and not any(step.mends for step in steps):
        task["expect"]["refuse"] = True
    if parts := [part for step in steps for part in step.demands()]:
        tree = parts[0] if len(parts) == 1 else {"sequence": parts}
        task["rules"] = [{"id": "by-the-book", "clause": CLAUSES[case.outcome], "finally": tree}]
    return task


READS = {
    "line": "get_line", "usage": "get_usage", "seen": "get_registration", "bills": "list_bills", "get_puk": "get_puk",
}  # fmt: skip
"""Step to the agent's tool that reads, by phone number."""


class _Step:
    """One step of a case: what is done, and what a rule demands to have been done."""

    def __init__(self, case: Case, text: str) -> None:
        self.case, (self.kind, *self.args) = case, text.split()
        self.words = _words(case, self.args)

    @property
    def mends(self) -> bool:
        """Whether the customer changes something on the phone."""
        return self.kind in phrases.PHONE and self.kind not in phrases.LOOKS and self.kind not in self.case.refuses

    def actions(self) -> Iterator[Action]:
        """What the agent does, and the customer in answer."""
        kind, language = self.kind, self.case.language
        if kind in phrases.PHONE:
            tool, args, said = phrases.PHONE[kind]
            yield {"say": said[language].format(**self.words)}
            if kind not in self.case.refuses:
                yield {"name": tool, "args": self._filled(args), "requestor": "user"}
        elif kind == "id":
            yield {"say": phrases.ASK[_missing(self.case)][language]}
        elif kind == "midway":
            yield {"say": self.case.midway}
        elif kind == "ask":
            yield {"say": phrases.ASK[self.args[0]][language]}
        elif kind == "agree":
            why = phrases.WHY.get(self.args[-1], {}).get(language, "")
            yield {"say": phrases.AGREE[self.args[0]][language].format(**self.words, why=why)}
        else:
            yield self._call()

    def demands(self) -> Iterator[dict[str, Any]]:
        """What must have happened by the end of the talk, each after the one before."""
        kind, language = self.kind, self.case.language
        if kind in phrases.PHONE:
            yield {"said": _asked(self.case, kind).format(**self.words)}
            if kind not in self.case.refuses:
                tool, args, _ = phrases.PHONE[kind]
                yield {"call": tool, "args": self._filled(args)} if args else {"call": tool}
        elif kind == "agree" and self.args[0] in phrases.KEY:
            yield {"said": phrases.KEY[self.args[0]].format(**self.words)}
        elif kind == "agree":
            reason = self.args[1] if self.args[0] == "suspend" else self.case.line["reason"]
            yield {"any": [{"said": word} for word in phrases.NAMED[reason]]}
        elif kind == "midway":
            yield {"said": self.case.midway}
        elif kind == "ask" or (kind == "id" and self.case.outcome == "escalated"):
            yield {"said": ASKED[self.args[0] if self.args else "birth"][language]}
        elif kind not in ("id", "escalate"):
            call = self._call()
            yield {"call": call["name"], "args": call["args"]}

    def _call(self) -> Action:
        kind, phone = self.kind, self.case.facts["phone"]
        if kind in READS:
            return _call(READS[kind], phone=phone)
        if kind == "verify":
            return _call("verify_customer", phone=phone, birth=self.case.facts["birth"])
        if kind == "outage":
            return _call("check_outage", area=self.case.facts["area"])
        if kind == "link":
            return _call("send_payment_link", bill_id=self.words["bill"])
        if kind == "resume":
            return _call("resume_line", phone=phone)
        if kind == "roam":
            return _call("set_roaming", phone=phone, enabled=True)
        if kind == "pack":
            return _call("add_data", phone=phone, gb=int(self.args[0]))
        if kind == "swap":
            return _call("swap_sim", phone=phone, iccid=self.case.iccid)
        if kind == "credit":
            return _call("give_credit", phone=phone, amount=int(self.args[0]))
        if kind == "suspend":
            return _call("suspend_line", phone=phone, reason=self.args[0])
        assert kind == "escalate", kind
        return _call("escalate", phone=phone, reason=self.args[0])

    def _filled(self, args: dict[str, Any]) -> dict[str, Any]:
        return {name: value.format(**self.words) if isinstance(value, str) else value for name, value in args.items()}


ASKED = {
    "phone": {"en": "phone number", "vi": "số điện thoại"},
    "birth": {"en": "date of birth", "vi": "ngày sinh"},
    "iccid": {"en": "printed on the new card", "vi": "in trên thẻ mới"},
    "area": {"en": "which area", "vi": "khu vực nào"},
}
"""Fact to the words that ask for it, as in `domain.yaml`."""


def _asked(case: Case, kind: str) -> str:
    """The words by which the customer knows that a step on the phone is asked for."""
    special = {"enter_apn": "{apn}", "enter_puk": "{puk}", "insert": INSERT[case.language], "pay": PAY[case.language]}
    return special.get(kind) or STEPS[kind][case.language]


INSERT = {"en": "insert the new card", "vi": "lắp thẻ mới"}
PAY = {"en": "pay bill {bill}", "vi": "thanh toán hóa đơn {bill}"}
STEPS: dict[str, dict[str, str]] = {
    "bar": {"en": "status bar", "vi": "thanh trạng thái"},
    "sim": {"en": "says of the sim", "vi": "báo gì về sim"},
    "settings": {"en": "settings of mobile networks", "vi": "cài đặt mạng di động"},
    "apn": {"en": "which apn", "vi": "apn nào"},
    "speed": {"en": "speed test", "vi": "đo tốc độ"},
    "perms": {"en": "permissions of the messages app", "vi": "quyền của ứng dụng tin nhắn"},
    "picture": {"en": "send a picture message", "vi": "gửi thử một tin nhắn hình"},
    "airplane": {"en": "turn airplane mode off", "vi": "tắt chế độ máy bay"},
    "data": {"en": "turn mobile data on", "vi": "bật dữ liệu di động"},
    "roaming": {"en": "turn data roaming on", "vi": "bật chuyển vùng dữ liệu"},
    "saver": {"en": "turn the data saver off", "vi": "tắt trình tiết kiệm dữ liệu"},
    "vpn": {"en": "disconnect the vpn", "vi": "ngắt vpn"},
    "mode": {"en": "network mode to auto", "vi": "chế độ mạng thành auto"},
    "reseat": {"en": "sim card out and put it back", "vi": "tháo thẻ sim ra rồi lắp lại"},
    "reboot": {"en": "restart the phone", "vi": "khởi động lại máy"},
    "storage": {"en": "grant it storage", "vi": "cấp quyền storage"},
    "sms": {"en": "grant it sms", "vi": "cấp quyền sms"},
}
"""Step on the phone to the words that ask for it, as in `domain.yaml`."""


def _acts(case: Case) -> dict[str, Any]:
    """What the customer does that holds a number of the case's own, and what they will not do."""
    acts: dict[str, Any] = {}
    if "enter_puk" in case.steps:
        acts["enter_puk"] = {"asked": [case.line["puk"]], "args": {"puk": case.line["puk"]}}
    if case.iccid:
        acts["insert_sim"] = {"asked": [INSERT[case.language]], "args": {"iccid": case.iccid}}
    for bill in case.bills:
        acts[f"pay_{bill}"] = {
            "asked": [PAY[case.language].format(bill=bill)], "call": "pay_bill", "args": {"bill_id": bill},
        }  # fmt: skip
    tools = {step: phrases.PHONE[step][0] for step in case.refuses}
    acts |= {tools[step]: {"asked": [STEPS[step][case.language]], "refuses": no} for step, no in case.refuses.items()}
    return acts


def _missing(case: Case) -> str:
    """What the first line leaves out of phone number and date of birth."""
    if "{phone}" in case.first:
        return "birth"
    return "phone" if "{birth}" in case.first else "both"


def _words(case: Case, args: list[str] | None = None) -> dict[str, Any]:
    """What the words of a step may name. Its last argument is a bill, or the size of a pack."""
    plan = people.PLANS[case.line["plan"]]
    last = args[-1] if args else ""
    bill = last if last in case.bills else next(iter(case.bills), "")
    gb = last if last.isdigit() else ""
    return {
        **case.facts,
        "apn": plan["apn"], "puk": case.line["puk"], "day": plan["roaming_per_day"],
        "bill": bill, "amount": case.bills[bill]["amount"] if bill else "",
        "gb": gb, "cost": int(gb) * plan["price_per_gb"] if gb else "",
        "until": people.OUTAGES.get(case.line["area"], {}).get("until", ""),
    }  # fmt: skip


def _call(name: str, **args: Any) -> Action:
    return {"name": name, "args": args}
