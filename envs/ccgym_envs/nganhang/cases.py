"""One customer's case, and the task that it makes: the talk as it should go, and as people in a hurry let it go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ccgym_envs.nganhang.jobs import Action, Job, call
from ccgym_envs.nganhang.worlds import World

Who = Literal["owner", "wrong", "forgot", "holder", "other", "nobody"]
"""Who talks: the owner; somebody whose digits are wrong, or who cannot tell them; the holder of a power of attorney;
somebody else who says so; `nobody`: identity does not come up."""
WORDS = {
    "so_tai_khoan": "số tài khoản",
    "so_giay_to": "4 số cuối giấy tờ tùy thân",
    "so_the": "4 số cuối của thẻ",
    "ma_giao_dich": "mã giao dịch",
    "ma_chung_tu": "mã chứng từ",
    "dia_chi": "địa chỉ mới",
    "so_moi": "số điện thoại mới",
    "ma_otp": "mã OTP vừa gửi đến số cũ",
}
"""How the agent asks for a fact."""
OPENINGS = (
    "Dạ, anh/chị cho em xin",
    "Dạ em chào anh/chị, em hỗ trợ ngay. Anh/chị cho em biết",
    "Dạ vâng, em nghe rồi ạ. Anh/chị đọc giúp em",
    "Dạ, em xin phép hỏi anh/chị",
)
"""How the agent begins: which one, the account's last digit tells."""


@dataclass(frozen=True)
class Case:
    """Who wants what, what they tell when asked, and how it ends."""

    world: World
    first: str
    jobs: tuple[Job, ...] = ()
    locks: tuple[Action, ...] = ()
    """What is locked at once, before anything else."""
    who: Who = "owner"
    digits: str = ""
    """What the customer tells of a document, where it is not the owner's."""
    known: tuple[tuple[str, str], ...] = ()
    """Further facts that the customer tells when asked."""
    transfer: tuple[str, str] | None = None
    """To which department, and why, the talk goes in the end."""
    closing: str = ""
    """What is said besides in the last reply."""
    must_hear: tuple[str, ...] = ()
    """What of `closing` the customer has to hear."""
    tags: tuple[str, ...] = ()
    sim: dict[str, Any] = field(default_factory=dict)
    """More of how the customer is played."""
    talk: tuple[Action, ...] = ()
    """The whole reference, where the case is unlike any other."""
    rules: tuple[dict[str, Any], ...] = ()
    """Rules besides those that the case brings."""
    locked_facts: tuple[str, ...] = ()
    """What has to be asked for before something is locked."""

    @property
    def outcome(self) -> str:
        """How the talk ends: done, part, refused, declined or transferred."""
        if self.transfer:
            return "transferred"
        kinds = {"refused" if job.why_not else "done" if job.agreed else "declined" for job in self.jobs}
        if self.locks or self.who in ("wrong", "forgot", "other"):
            kinds.add("done" if self.locks else "refused")
        return kinds.pop() if len(kinds) == 1 else "part"


def task_of(case: Case) -> dict[str, Any]:
    """The task of a case, but for its id, its split and the rows that it needs."""
    known = {"so_tai_khoan": case.world.number, **dict(case.known)}
    if case.who not in ("forgot", "nobody"):
        known["so_giay_to"] = case.digits or case.world.owner["so_giay_to"]
    user: dict[str, Any] = {"known": known, "first_message": case.first}
    sim = {"confirm": "no"} if any(not job.agreed for job in case.jobs) else {}
    if sim := {**sim, **case.sim}:
        user["sim"] = sim
    if case.who == "forgot":
        user["unknown"] = ["so_giay_to"]
    actions = list(case.talk) or reference(case)
    expect: dict[str, Any] = {"actions": actions}
    if say := _say(case):
        expect["say"] = say
    if case.outcome in ("refused", "declined") and not case.locks:
        expect["refuse"] = True
    task: dict[str, Any] = {"tags": [*case.tags, case.outcome], "user": user, "expect": expect}
    if rules := [*_rules(case), *case.rules]:
        task["rules"] = rules
    if shortcut := _shortcut(case):
        task["meta"] = {"shortcuts": [shortcut]}
    return task


def opening(case: Case) -> list[Action]:
    """Ask for what is needed, lock what is urgent, find out who talks, and open the file."""
    wanted = ["so_tai_khoan", *case.locked_facts]
    if case.who != "nobody":
        wanted.append("so_giay_to")
    facts = dict.fromkeys(fact for fact in (*wanted, *(fact for job in case.jobs for fact in job.facts)))
    own = " của chính anh/chị" if case.who in ("other", "holder") else ""
    words = [WORDS[fact] + (own if fact == "so_giay_to" else "") for fact in facts]
    listed = words[0] if len(words) == 1 else ", ".join(words[:-1]) + " và " + words[-1]
    hello = OPENINGS[int(case.world.number[-1]) % len(OPENINGS)]
    talk: list[Action] = [{"say": f"{hello} {listed} ạ?"}, *case.locks]
    if case.who in ("nobody", "forgot"):
        return talk
    return [*talk, *_identity(case)]


def _identity(case: Case) -> list[Action]:
    args = {"so_tai_khoan": case.world.number, "so_giay_to": case.digits or case.world.owner["so_giay_to"]}
    check = call("tra_cuu_uy_quyen" if case.who in ("other", "holder") else "xac_thuc", **args)
    if case.who in ("other", "wrong"):
        return [check]
    return [check, _file(case)]


def _file(case: Case) -> Action:
    return call("tra_cuu_tai_khoan", so_tai_khoan=case.world.number)


def reference(case: Case) -> list[Action]:
    """The talk by the book."""
    if case.transfer and case.transfer[1] == "khach_hang_mat":
        return [_handover(case)]
    talk, told = opening(case), []
    for job in case.jobs:
        talk += [read for read in job.reads if read not in talk]
        if job.why_not:
            told.append(job.why_not)
        elif job.question:
            talk.append({"say": " ".join([*told, job.question])})
            told = ["Dạ vâng, em chưa thay đổi gì."]
            if job.agreed:
                talk += job.writes
                told = [job.done]
        else:
            told.append(job.done)
    if case.transfer:
        return [*talk, _handover(case)]
    return [*talk, {"say": " ".join([*told, *([case.closing] if case.closing else [])])}]


def _handover(case: Case) -> Action:
    assert case.transfer is not None
    return call("chuyen_bo_phan", bo_phan=case.transfer[0], ly_do=case.transfer[1])


def _say(case: Case) -> list[str]:
    heard: list[str] = []
    last = len(case.jobs) - 1
    for i, job in enumerate(case.jobs):
        if case.transfer and i == last:
            break
        heard += job.must_hear if job.why_not else job.say if job.agreed else [*job.terms, "chưa thay đổi"]
    return list(dict.fromkeys([*heard, *case.must_hear]))


def _made(action: Action) -> dict[str, Any]:
    return {"call": action["name"], "args": action["args"]}


def _rules(case: Case) -> list[dict[str, Any]]:
    """The steps of which no change tells: to look before refusing or handing over, to lock before anything else."""
    found: list[dict[str, Any]] = []
    identity = [] if case.who in ("nobody", "forgot") or case.talk else _identity(case)
    if case.locks and identity:
        found.append(
            {
                "id": "khoa-ngay",
                "clause": "Khóa trước, hỏi sau",
                "before": identity[0]["name"],
                "require": {"all": [_made(lock) for lock in case.locks]},
            }
        )
    checks: list[dict[str, Any]] = []
    for job in case.jobs:
        heard = job.must_hear if job.why_not else job.say if job.agreed else job.terms
        told = [] if case.transfer and job is case.jobs[-1] else [{"said": list(heard)}]
        if (calls := job.reads or identity) and (job.why_not or not job.agreed or not job.question):
            checks.append({"sequence": [_made(calls[-1]), *told]})
    if not case.jobs and case.who in ("wrong", "other"):
        checks = [_made(identity[-1])]
    if checks and not case.talk:
        clause = case.jobs[0].clause if case.jobs else "2. Xác thực chủ tài khoản"
        if case.who == "other":
            clause = 'Người thân, đồng nghiệp, người "gọi hộ"'
        found.append(
            {"id": "da-kiem-tra", "clause": clause, "finally": checks[0] if len(checks) == 1 else {"all": checks}}
        )
    return found


def _shortcut(case: Case) -> list[Action]:
    """The same talk by somebody who does what is asked for: without a look at who asks, or at what the SOP says."""
    writes = [write for job in case.jobs for write in job.writes]
    if not writes or case.talk:
        return []
    return [*writes, {"say": " ".join(job.done for job in case.jobs if job.writes)}]
