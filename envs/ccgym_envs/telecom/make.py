"""Writes `state.json` and `tasks.jsonl`: `python -m ccgym_envs.telecom.make`. The same files every time."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from ccgym_envs.telecom import people, written
from ccgym_envs.telecom.cases import task_of

FOLDER = Path(__file__).parent
SEED = 20260302
LINES = 400
CARDS = 60
WRITTEN = {"train": written.TRAIN, "test": written.TEST}


def make_state() -> dict[str, Any]:
    """The rows of the written cases, and other lines up to `LINES` with their owners and bills."""
    tables: dict[str, Any] = {
        "plans": people.PLANS, "outages": _outages(), "lines": {}, "customers": {}, "bills": {}, "sim_cards": {},
        "session": {}, "tickets": {},
    }  # fmt: skip
    for cases in WRITTEN.values():
        for case in cases.values():
            for table, rows in case.rows.items():
                tables[table] |= rows
    rng = Random(SEED)
    while len(tables["lines"]) < LINES:
        _add(tables, rng)
    while len(tables["sim_cards"]) < CARDS:
        language = rng.choice(("en", "vi"))
        tables["sim_cards"][people.digits(rng, 12)] = {"shop": rng.choice(people.AREAS[language])}
    return {"tables": {name: dict(sorted(rows.items())) for name, rows in tables.items()}, "user": {}}


def _add(tables: dict[str, Any], rng: Random) -> None:
    """A line with its owner and the bills of two months."""
    phone, language = f"09{people.digits(rng, 8)}", rng.choice(("en", "en", "vi"))
    if phone in tables["lines"]:
        return
    owner, plan = f"C{phone}", rng.choice(list(people.PLANS))
    tables["customers"][owner] = {"name": people.name(rng, language), "birth": people.birth(rng), "language": language}
    row = people.line(rng, owner, plan, rng.choice(people.AREAS[language])) | {
        "roaming": plan != "P1" and rng.random() < 0.3
    }
    for month in ("2026-01", "2026-02"):
        number = f"B{20000 + len(tables['bills'])}"
        tables["bills"][number] = {
            "phone": phone, "month": month, "amount": rng.randint(10, 70), "due": f"{month}-20", "status": "paid",
            "link": False,
        }  # fmt: skip
    if rng.random() < 0.1:
        row |= {"status": "suspended", "reason": rng.choice(("holiday", "lost", "stolen"))}
    tables["lines"][phone] = row


def _outages() -> dict[str, Any]:
    areas = [area for areas in people.AREAS.values() for area in areas]
    return {
        area: people.OUTAGES.get(area, {"ongoing": False, "service": "", "hours": 0, "until": ""}) for area in areas
    }


def make_tasks() -> list[dict[str, Any]]:
    """The written cases as tasks."""
    return [
        {"id": name, "split": split, **task_of(case, own_rows=False)}
        for split, cases in WRITTEN.items()
        for name, case in cases.items()
    ]


def state_text(state: dict[str, Any]) -> str:
    """The state as JSON with a row a line, so that a changed row is a changed line."""
    tables = []
    for name, rows in state["tables"].items():
        lines = ",\n".join(f"{_json(key)}: {_json(row)}" for key, row in rows.items())
        tables.append(f"{_json(name)}: {{\n{lines}\n}}" if rows else f"{_json(name)}: {{}}")
    return '{"tables": {\n' + ",\n".join(tables) + '\n}, "user": {}}\n'


def tasks_text(tasks: list[dict[str, Any]]) -> str:
    """The tasks, one a line."""
    return "".join(_json(task) + "\n" for task in tasks)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    (FOLDER / "state.json").write_text(state_text(make_state()), encoding="utf-8")
    (FOLDER / "tasks.jsonl").write_text(tasks_text(make_tasks()), encoding="utf-8")
