"""Talks at invented desks, in the shape that the environments have: system prompt, turns, calls and answers."""

from __future__ import annotations

import random
from typing import Any

from ccgym.models.desks import ACTIONS, FIELDS, KEYS, Action, Desk, draw_desk, value
from ccgym.models.words import CORPUS
from ccgym.turns import render_call, render_response

Messages = list[dict[str, str]]

_LINES: dict[str, dict[str, list[str]]] = CORPUS["lines"]


def talk(rng: random.Random, odd: float = 0.33) -> Messages:
    """A whole talk at a fresh desk: `system`, `user`, `assistant` and `tool` messages. `odd`: see `draw_desk`."""
    return _Talk(rng, draw_desk(rng, odd)).play()


class _Talk:
    """One talk while it is being written."""

    def __init__(self, rng: random.Random, desk: Desk) -> None:
        self.rng, self.desk = rng, desk
        self.id, self.status = self.desk.new_id(rng), rng.choice(self.desk.statuses)
        self.secret_told = self.told_id = False
        self.record = {field: value(rng, field, self.desk.language) for field in self.desk.fields}
        self.prefix, self.count = rng.choice(("c", "c", "call_", "t", "")), 0
        self.messages: Messages = []

    def play(self) -> Messages:
        rng, desk = self.rng, self.desk
        if rng.random() < 0.93:
            self._add("system", system_prompt(rng, desk))
        asks = rng.random() < 0.3
        action = None if asks else rng.choice(desk.actions)
        if action and rng.random() < 0.6:
            self.status = rng.choice(action.allowed)
        # The new value is named in the first line or asked for later: both must be copied from where they stand.
        given = value(rng, action.field, desk.language) if action and action.field else None
        early = given is not None and rng.random() < 0.4
        self._open(action, given if early else None)
        secret = str(value(rng, desk.secret, desk.language))
        self._learn_id(secret)
        if desk.must_verify and not self._verify(secret):
            return self._finish()
        if action and action.field and not early:
            self._ask(FIELDS[action.field][desk.language], str(given))
        if action is None:
            self._look_up()
            facts = "".join(f" {FIELDS[f][desk.language].capitalize()}: {v}." for f, v in self.record.items())
            self._say("assistant", "status", facts=facts if rng.random() < 0.8 else "")
        else:
            self._act(action, given)
        return self._finish()

    def _open(self, action: Action | None, given: object) -> None:
        key = "open" if action else "ask_status"
        line = self.rng.choice(_LINES[key][self.desk.language])
        self.told_id = "{id}" in line
        field = FIELDS[self.rng.choice(self.desk.fields)][self.desk.language]
        self._line("user", line, action=action, given=given, field=field)

    def _learn_id(self, secret: str) -> None:
        """Get the id; sometimes the first one is wrong and is asked for again."""
        rng, desk = self.rng, self.desk
        if not self.told_id:
            if desk.must_verify and rng.random() < 0.5:
                what = KEYS[desk.secret][desk.language]
                joint = f"{desk.word()} & {what}" if rng.random() < 0.5 else f"{desk.word()}, {what}"
                self._say("assistant", "want", what=joint)
                self._say("user", "both", what=what, it=secret)
                self.secret_told = True
            else:
                self._ask(desk.word(), self.id)
        if not desk.must_verify and rng.random() < 0.12:
            error = {"code": "not_found", "message": f"no {desk.noun} {self.id}"}
            self._call(desk.lookup, {desk.id_field: self.id}, error=error)
            self._say("assistant", "missing")
            self.id = desk.new_id(rng)
            self._say("user", "tell", what=desk.word(), it=self.id)

    def _verify(self, secret: str) -> bool:
        rng, desk = self.rng, self.desk
        what = KEYS[desk.secret][desk.language]
        if not self.secret_told:
            self._ask(what, secret)
        good = rng.random() < 0.88
        self._call(desk.verify, {desk.id_field: self.id, desk.secret: secret}, {rng.choice(("verified", "ok")): good})
        if not good:
            if rng.random() < 0.4:
                self._call(desk.handover, {"reason": desk.verify}, {"ok": True})
            self._say("assistant", "wrong", what=what)
        return good

    def _look_up(self) -> None:
        record: dict[str, Any] = {"status": self.status, **self.record}
        if self.rng.random() < 0.3:
            record = {self.desk.id_field: self.id, **record}
        self._call(self.desk.lookup, {self.desk.id_field: self.id}, record)

    def _act(self, action: Action, given: object) -> None:
        rng = self.rng
        if rng.random() < 0.7:
            self._look_up()
            if self.status not in action.allowed:
                self._say("assistant", "refuse", action=action)
                return
            if action.limit and int(self.record["days"]) > action.limit:
                self._say("assistant", "late", action=action, days=self.record["days"], limit=action.limit)
                return
        if self.desk.must_confirm:
            self._say("assistant", "confirm", action=action, given=given)
            if rng.random() < 0.15:
                self._say("user", "no")
                self._say("assistant", "left")
                return
            self._say("user", "yes")
        arguments = {self.desk.id_field: self.id} | ({action.field: given} if action.field else {})
        self.status = action.becomes
        named = {self.desk.id_field: self.id} if rng.random() < 0.4 else {}
        self._call(action.tool, arguments, {**named, "status": self.status} if rng.random() < 0.8 else {"ok": True})
        self._say("assistant", "done", action=action, given=given)

    def _finish(self) -> Messages:
        if self.rng.random() < 0.15:
            self._say("user", "thanks")
            self._say("assistant", "bye")
        return self.messages

    def _ask(self, what: str, answer: str) -> None:
        self._say("assistant", "want", what=what)
        self._say("user", "tell", what=what, it=answer)

    def _say(self, role: str, key: str, **slots: Any) -> None:
        self._line(role, self.rng.choice(_LINES[key][self.desk.language]), **slots)

    def _line(self, role: str, line: str, action: Action | None = None, given: object = None, **slots: Any) -> None:
        desk = self.desk
        tail = ""
        if given is not None:
            tail = (": " if self.rng.random() < 0.3 else {"en": " to ", "vi": " thành "}[desk.language]) + str(given)
        filled = {"noun": desk.word(), "id": self.id, "status": self.status, "tail": tail, **slots}
        filled["do"] = ACTIONS[action.verb][desk.language] if action else ""
        for name, text in filled.items():
            line = line.replace("{" + name + "}", str(text))
        self._add(role, line[0].upper() + line[1:])

    def _call(
        self, tool: str, arguments: dict[str, Any], result: Any = None, error: dict[str, str] | None = None
    ) -> None:
        self._add("assistant", render_call(tool, arguments))
        self.count += 1
        self._add("tool", render_response(f"{self.prefix}{self.count}", tool, result=result, error=error))

    def _add(self, role: str, content: str) -> None:
        self.messages.append({"role": role, "content": content})


def system_prompt(rng: random.Random, desk: Desk) -> str:
    """A short procedure and the tools' names, in one of several layouts."""
    noun, secret = desk.word(), KEYS[desk.secret][desk.language]
    vi = desk.language == "vi"
    rules = []
    if desk.must_verify:
        rules.append(
            f"Xác minh {secret} bằng {desk.verify} trước." if vi else f"Check the {secret} with {desk.verify} first."
        )
    for action in desk.actions:
        states = (" hoặc " if vi else " or ").join(action.allowed)
        verb = ACTIONS[action.verb][desk.language]
        most = (f", tối đa {action.limit} ngày" if vi else f", at most {action.limit} days") if action.limit else ""
        rules.append(f"Chỉ {verb} khi {states}{most}." if vi else f"{verb.capitalize()} only if {states}{most}.")
    if desk.must_confirm:
        rules.append("Hỏi lại trước khi làm." if vi else "Ask before you act.")
    if rng.random() < 0.5:
        rules.append(f"Ngoài ra: {desk.handover}." if vi else f"Anything else: {desk.handover}.")
    rules += rng.sample(CORPUS["procedure"][desk.language], rng.choice((0, 0, 1, 1, 2, 3)))
    rng.shuffle(rules)
    signatures = [f"{desk.lookup}({desk.id_field})", f"{desk.handover}(reason)"]
    if desk.must_verify:
        signatures.append(f"{desk.verify}({desk.id_field}, {desk.secret})")
    for action in desk.actions:
        signatures.append(f"{action.tool}({desk.id_field}{', ' + action.field if action.field else ''})")
    rng.shuffle(signatures)
    if rng.random() < 0.3:
        signatures = [signature.partition("(")[0] for signature in signatures]
    head = f"Bạn trực quầy {noun}." if vi else f"You run the {noun} desk."
    numbered = rng.random() < 0.3
    body = "\n".join(f"{i}. {rule}" for i, rule in enumerate(rules, 1)) if numbered else " ".join(rules)
    tools = rng.choice((", ", "\n", "; ", "\n- ")).join(signatures)
    return f"{head} {body}\n{rng.choice(('Tools', 'Tools', 'Công cụ'))}: {tools}"
