"""A domain that an audit finds nothing wrong with, to plant loopholes in."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from domains import TOOLS, write_domain

YAML: dict[str, Any] = {
    "name": "Orders",
    "version": "1.0.0",
    "license": "MIT",
    "limits": {"max_steps": 10, "max_errors": 3},
    "rewards": {
        "weights": {
            "correctness": 1.0,
            "format": 0.2,
            "efficiency": 0.2,
            "style": 0.2,
            "sop": 0.2,
            "diversity": 0.05,
        },
        "gates": {"efficiency": "correctness", "style": "correctness", "sop": "correctness"},
    },
}
SOP = """# Orders

Look an order up before you cancel it, and before you say anything about it.

```rules
- id: look-first
  before: cancel_order
  require: {call: get_order, same: [order_id]}
- id: look-at-all
  finally: {tried: get_order}
```

Name the order and ask the customer to agree before you cancel it.

```rules
- id: agree
  before: cancel_order
  confirm: {terms: [order_id]}
```

Only open orders can be cancelled. Any other one is refused: say that it is too late.
"""


def _cancel(number: int, order: str, language: str = "en") -> dict[str, Any]:
    asks = {
        "en": f"Thank you. Order {order} is open. Do you confirm that I cancel it?",
        "vi": f"Cảm ơn bạn. Đơn {order} đang mở. Bạn xác nhận hủy đơn này phải không?",
    }
    told = {"en": f"Thank you. Order {order} is cancelled.", "vi": f"Cảm ơn bạn. Đơn {order} đã hủy xong."}
    first = {"en": f"Please cancel order {order}.", "vi": f"Hủy giúp mình đơn {order}."}
    return {
        "id": f"cancel-{number}",
        "user": {"first_message": first[language], "known": {"order_id": order}, "sim": {"language": language}},
        "expect": {
            "actions": [
                {"name": "get_order", "args": {"order_id": order}},
                {"say": asks[language]},
                {"name": "cancel_order", "args": {"order_id": order}},
                {"say": told[language]},
            ],
            "say": [{"en": "cancelled", "vi": "đã hủy"}[language]],
        },
    }


def _look(number: int, order: str, say: str, ask: str, **expect: Any) -> dict[str, Any]:
    read = {"name": "get_order", "args": {"order_id": order}}
    told = {"say": f"Thank you for asking. Order {order}: {say}."}
    return {
        "id": f"look-{number}",
        "user": {"first_message": ask.format(order=order), "known": {"order_id": order}},
        "expect": {"actions": [read, told], "say": [order, say], **expect},
    }


TASKS = [
    _cancel(1, "W1000"),
    _cancel(2, "W1003", "vi"),
    _cancel(3, "W1006"),
    _look(1, "W1001", "shipped", "Where is order {order}?"),
    _look(2, "W1002", "delivered", "Where is order {order}?"),
    _look(3, "W1004", "too late", "Cancel order {order}.", refuse=True),
]


def write_audited(folder: Path, change: Any = None, **files: Any) -> Path:
    """Write the domain. `change(parts)` edits `yaml`, `sop`, `tools`, `tasks` in place before."""
    parts = copy.deepcopy({"yaml": YAML, "sop": SOP, "tools": TOOLS, "tasks": TASKS})
    if change is not None:
        change(parts)
    return write_domain(
        folder,
        domain_yaml=json.dumps(parts["yaml"]),
        sop_md=parts["sop"],
        tools_json=parts["tools"],
        tasks_jsonl="".join(json.dumps(task, ensure_ascii=False) + "\n" for task in parts["tasks"]),
        **files,
    )
