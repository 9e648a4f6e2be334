"""A tool of your own: a function, its schema, and one hook. The domain in `loyalty/` says `tools: loyalty`."""

from pathlib import Path

import ccgym
from ccgym.plugins import Toolset


def redeem_points(state, member: str, points: int):
    """`state` holds the domain's tables: read and write it like the plain dict that it looks like."""
    row = state["members"][member]
    if row["points"] < points:
        raise ccgym.ToolError(f"{member} has only {row['points']} points", code="not_enough")
    row["points"] -= points
    row["vouchers"].append(points // 100)
    return {"voucher": points // 100, "points_left": row["points"]}


SCHEMA = {
    "name": "redeem_points",
    "description": "Turn points into a voucher, 100 points for 1 euro.",
    "parameters": {
        "type": "object",
        "properties": {
            "member": {"type": "string", "description": "Member number, such as M1."},
            "points": {"type": "integer", "minimum": 100, "multipleOf": 100, "description": "How many points."},
        },
        "required": ["member", "points"],
    },
    "x-ccgym": {"effect": "write", "touches": ["members"]},
}


class LoyaltyPlugin:
    """In a package of your own this is a module, named by an entry point of the group `ccgym`."""

    @ccgym.hookimpl
    def register_tools(self, register):
        register(Toolset("loyalty", [redeem_points], schemas=[SCHEMA]))


def main():
    ccgym.register(LoyaltyPlugin())
    domain = ccgym.load_domain(Path(__file__).parent / "loyalty")
    call = {"name": "redeem_points", "args": {"member": "M1", "points": 300}}
    episode = ccgym.enact(domain, "voucher", [call], say=["You have a voucher of 3 euro."])
    print(f"{call['name']} answered {episode.calls[0].result}; correctness {episode.rewards['correctness']}")


if __name__ == "__main__":
    main()
