"""A first set of tasks: for each tool what it is there for, and what must be refused; each proven by playing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ccgym.authoring import phrases, stock
from ccgym.authoring.fields import Argument
from ccgym.authoring.phrases import say
from ccgym.authoring.plans import Plan
from ccgym.authoring.references import Reference, References
from ccgym.authoring.words import identifier
from ccgym.authoring.world import ROWS, Entity
from ccgym.turns import fold

_SLOTS = ("train", "test", "train")
_TELLING = (
    "status",
    "state",
    "trang_thai",
    "tinh_trang",
    "amount",
    "total",
    "balance",
    "so_du",
    "date",
    "ngay",
    "price",
)
_HOLLOW = ("ok", "success", "true", "false", "none", "yes", "no")


class Cases:
    """Writes tasks as JSON.

    Args:
        references: what makes the calls.
        play: plays a task, given as JSON, and returns the results of its calls, None for each that failed.
    """

    def __init__(self, references: References, play: Any) -> None:
        self.references, self.play = references, play
        self.world, self.language = references.world, references.world.language
        self._greeting = 0
        self._slugs: set[str] = set()
        self._openings: set[str] = set()

    def all(self) -> Iterator[dict[str, Any]]:
        """All tasks, tool by tool; those of one tool differ in their customers."""
        for place, plan in enumerate(self.references.plans):
            if not plan.job.playable or plan.role == "think":  # no customer asks for a thought
                continue
            slug = self._slug(plan.name)
            forbidden = any(p.kind == "never" and plan in p.targets for p in self.references.proposals)
            for number, split in enumerate(_SLOTS):
                task = None if forbidden else self._done(plan, place + number * 2, number)
                if task is not None:
                    yield {"id": f"{slug}-{number + 1}", "split": split, **task}
            split = ("train", "test")[place % 2]
            for kind, task in self._refusals(plan, place):
                yield {"id": f"{slug}-{kind}", "split": split, **task}

    def _slug(self, name: str) -> str:
        stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "tool"
        slug, number = stem, 1
        while slug in self._slugs:
            number += 1
            slug = f"{stem}.{number}"
        self._slugs.add(slug)
        return slug

    # --- what is done -----------------------------------------------------------------------------------------------

    def _done(self, plan: Plan, number: int, slot: int) -> dict[str, Any] | None:
        """The tool does what it is there for."""
        made = self.references.make(plan, number)
        if made is None:
            return None
        calls = [{"name": step.name, "args": arguments} for step, arguments in made.calls]
        if plan.job.terminal:
            return self._handed_over(made, calls)
        results = self.play({"user": {"first_message": "."}, "expect": {"actions": calls}})
        if results is None:
            return None
        told = self._telling(results, made) if plan.role != "verify" else None
        name = stock.NAMES[self.language][(number + slot) % 12]
        goal = phrases.request(plan.job, self.language)
        key = made.key
        if told is not None and plan.job.effect == "read":
            label, words = told
            opening = say("know", self.language, what=label)
            last = say("is", self.language, label=label, value=words)
            wanted = [words]
        elif key is not None and str(key).strip():
            opening = say("want", self.language, request=goal)
            last, wanted = say("done", self.language, request=goal, facts=f"({key})"), [str(key)]
        elif told is not None:
            opening = say("want", self.language, request=goal)
            last, wanted = say("done", self.language, request=goal, facts=f"({told[0]}: {told[1]})"), [told[1]]
        else:
            opening = f"{say('named', self.language, name=name)} {say('want', self.language, request=goal)}"
            last, wanted = say("finish", self.language, name=name), [name]
        withheld = [n for n, (a, v) in made.facts.items() if a is plan.key or a in plan.checks] if slot else []
        if made.confirm:
            withheld = []
        actions: list[dict[str, Any]] = []
        if withheld:
            actions.append({"say": phrases.question([self._label(made.facts[n][0]) for n in withheld], self.language)})
        agree = ""
        if made.confirm:
            values = ", ".join(phrases.shown(v, self.language) for v in made.arguments.values())
            agree = say("agree", self.language, request=goal, facts=values or goal)
            actions += [*calls[:-1], {"say": agree}, calls[-1]]
        else:
            actions += calls
        actions.append({"say": last})
        task: dict[str, Any] = {"tags": self._tags(plan), "user": self._user(made, goal, opening, withheld, agree),
                                "expect": {"actions": actions, "say": wanted}}  # fmt: skip
        if (plan.job.effect == "read" and told is None) or plan.role in ("think", "verify"):
            task["reward_basis"] = ["state", "say", "actions", "sop"]
        elif plan.job.effect == "read":
            answer = {"call": plan.name, **({"args": made.arguments} if made.arguments else {})}
            task["rules"] = [{"finally": answer, "note": "The answer is the tool's, not a guess."}]
        return task

    def _handed_over(self, made: Reference, calls: list[dict[str, Any]]) -> dict[str, Any]:
        """The customer is handed to a person, with a word before."""
        name = stock.NAMES[self.language][made.number % 12]
        opening = say("person", self.language, name=name)
        actions = [*calls[:-1], {"say": say("hand", self.language, name=name)}, calls[-1]]
        user = self._user(made, phrases.request(made.plan.job, self.language), opening, [])
        return {"tags": self._tags(made.plan), "user": user, "expect": {"actions": actions, "say": [name]}}

    # --- what is refused --------------------------------------------------------------------------------------------

    def _refusals(self, plan: Plan, place: int) -> Iterator[tuple[str, dict[str, Any]]]:
        entity = plan.entity
        if entity is None or plan.key is None or not plan.key.required or plan.kind == "insert" or plan.job.terminal:
            return
        look = (
            plan if plan.job.effect == "read" and not self.references.before(plan) else self.references.lookup(entity)
        )
        if look is not None and not self.references.before(look):
            task = self._unknown(plan, look, entity, place)
            if task is not None:
                yield "unknown", task
        if look is not None and plan.job.effect == "write":
            task = self._not_now(plan, look, entity, place)
            if task is not None:
                yield "not-now", task
        task = self._unproven(plan, place)
        if task is not None:
            yield "unproven", task

    def _unknown(self, plan: Plan, look: Plan, entity: Entity, place: int) -> dict[str, Any] | None:
        """The customer names a row that there is not."""
        spare = [key for key in entity.keys[ROWS:] if str(key) not in entity.rows]
        made = self.references.make(look, place)
        if not spare or made is None or look.key is None or plan.key is None:
            return None
        key = self.world.convert(spare[place % len(spare)], look.key)
        arguments = {**made.arguments, look.key.name: key}
        text = say("none", self.language, noun=phrases.noun_words(entity.noun, self.language), key=key)
        facts = {name: (look.job.argument(name), value) for name, value in arguments.items()}
        return self._refused(
            plan, [(look, arguments)], {n: f for n, f in facts.items() if f[0]}, text, [str(key)], made
        )

    def _not_now(self, plan: Plan, look: Plan, entity: Entity, place: int) -> dict[str, Any] | None:
        """The row is in a status in which the SOP, or the tool itself, does not allow it."""
        allowed = self.references.eligible(plan)
        barred = [key for key in entity.rows if key not in allowed]
        columns = [column for column, _ in self.references.conditions(plan)]
        column = columns[0] if columns else plan.outcome[0] if plan.outcome is not None else ""
        if not barred or not column or look.aspect not in (None, column):
            return None
        row = entity.rows[barred[place % len(barred)]]
        key = self.world.convert(row[entity.key], look.key) if look.key is not None else row[entity.key]
        made = self.references.make(look, list(entity.rows).index(str(row[entity.key])))
        if made is None or look.key is None or made.arguments.get(look.key.name) != key:
            return None
        status = phrases.shown(row.get(column), self.language)
        text = say("not_now", self.language, key=key, label=phrases.name_words(column, self.language), value=status)
        facts = {look.key.name: (look.key, key)}
        return self._refused(plan, made.calls, facts, text, [str(key), status], made)

    def _unproven(self, plan: Plan, place: int) -> dict[str, Any] | None:
        """The customer cannot show who they are, where the SOP wants it shown before this call."""
        if plan.job.effect != "write":
            return None
        proof = next((step for step in self.references.before(plan) if step.role == "verify" and step.checks), None)
        if proof is None or self.references.before(proof):
            return None
        made = self.references.make(plan, place)
        if made is None:
            return None
        right = next(arguments for step, arguments in made.calls if step is proof)
        check = next((c for c in proof.checks if c.required), None)
        if check is None:
            return None
        maker = self.world.maker
        others = [maker.make(check.name, check.schema, check.root, place + n) for n in range(7, 12)]
        wrong = next((value for value in others if value != right.get(check.name)), None)
        if wrong is None:
            return None
        arguments = {**right, check.name: wrong}
        key = made.key
        facts: dict[str, Any] = {name: (proof.job.argument(name), value) for name, value in arguments.items()}
        if plan.key is not None:
            facts[plan.key.name] = (plan.key, key)
        return self._refused(
            plan, [(proof, arguments)], facts, say("unproven", self.language, key=key), [str(key)], made
        )

    def _refused(
        self, plan: Plan, steps: list[tuple[Plan, dict[str, Any]]], facts: dict[str, Any], text: str, wanted: list[str],
        made: Reference,
    ) -> dict[str, Any]:  # fmt: skip
        """A task in which the right thing is to say no, after having looked."""
        goal = phrases.request(plan.job, self.language)
        asked = Reference(plan, made.number, made.rows, steps, False, facts)
        user = self._user(asked, goal, say("want", self.language, request=goal), list(facts))
        question = phrases.question([self._label(argument) for argument, _ in facts.values()], self.language)
        calls = [{"name": step.name, "args": arguments} for step, arguments in steps]
        step, arguments = steps[-1]
        note = "The refusal rests on what this call answers."
        rules = [{"finally": {"tried": step.name, "args": arguments}, "note": note}]
        return {
            "tags": ["refuse", *self._tags(plan)[1:]],
            "user": user,
            "expect": {"actions": [{"say": question}, *calls, {"say": text}], "say": wanted, "refuse": True},
            "rules": rules,
        }

    # --- their parts ------------------------------------------------------------------------------------------------

    def _user(self, made: Reference, goal: str, opening: str, withheld: list[str], agree: str = "") -> dict[str, Any]:
        """The customer; the words of `agree`, a question for a yes, ask for no fact."""
        language, facts = self.language, made.facts
        told = [(self._label(argument), value) for name, (argument, value) in facts.items() if name not in withheld]
        wish = f"{opening} {phrases.facts(told, language)}".strip()
        asks, tell = {}, {}
        for name, (argument, _) in facts.items():
            label = self._label(argument)
            words = [f"the {label}", f"your {label}"] if language == "en" else [
                f"biết {label}", f"{label} của", f"{label} là gì", f"xin {label}", f"cung cấp {label}"]  # fmt: skip
            asks[name] = [text for text in words if fold(text) not in fold(agree)]
            tell[name] = say("tell", language, label=label, hole="{" + name + "}")
        known = {name: phrases.shown(value, language) for name, (_, value) in facts.items()}
        first = self._greeted(wish)
        user: dict[str, Any] = {"goal": phrases.capital(goal) + ".", "known": known, "first_message": first}
        if facts:
            user["sim"] = {"asks": asks, "tell": tell}
        return user

    def _greeted(self, wish: str) -> str:
        """The wish behind a greeting; no two customers begin alike."""
        for extra in range(40):
            self._greeting += 1
            name = f" {say('named', self.language, name=stock.NAMES[self.language][extra % 12])}" if extra > 7 else ""
            first = f"{phrases.hello(self.language, self._greeting)}{name} {wish}"
            if first not in self._openings:
                break
        self._openings.add(first)
        return first

    def _label(self, argument: Argument) -> str:
        return phrases.label(argument, self.language)

    def _tags(self, plan: Plan) -> list[str]:
        tags: list[str] = [plan.job.effect if not plan.job.terminal else "handover"]
        return [*tags, plan.entity.table] if plan.entity is not None else tags

    def _telling(self, results: list[Any], made: Reference) -> tuple[str, str] | None:
        """The label and words of something in the last result that only the tool could tell."""
        known = {
            fold(phrases.shown(value, self.language)) for _, arguments in made.calls for value in arguments.values()
        }
        found = []
        for order, (path, value) in enumerate(_leaves(results[-1], ())):
            words = phrases.shown(value, self.language)
            if isinstance(value, bool) or value is None or not _sayable(words) or fold(words) in known:
                continue
            if isinstance(value, int | float) and abs(value) < 13:
                continue
            column = identifier(path[-1]) if path else "result"
            rank = next((i for i, name in enumerate(_TELLING) if column.endswith(name)), len(_TELLING))
            wanted = made.plan.aspect is not None and column == made.plan.aspect
            rank += len(_TELLING) * bool(
                {*column.split("_")} & {"dob", "birth", "sinh", "pin", "otp", "cccd", "password"}
            )
            found.append((not wanted, rank, order, path[-1] if path else "result", words))
        if not found:
            return None
        _, _, _, column, words = min(found)
        return phrases.name_words(column, self.language), words


def _sayable(words: str) -> bool:
    """Whether a reply can be expected to hold this very text."""
    return (
        2 <= len(words) <= 60 and "\n" not in words and bool(re.search(r"\w", words)) and words.lower() not in _HOLLOW
    )


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for item in value[:1]:
            yield from _leaves(item, path)
    else:
        yield path, value
