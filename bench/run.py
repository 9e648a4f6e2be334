"""`make bench`: what ccgym promises of its speed and memory, measured beside baselines in the same run.

Run: python -m bench.run [--json] [NAME …]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from bench import bigdesk, checking, live, plaindicts, rescore, reset, rollouts, rules, startup, step, verify, view
from bench.bare import ROWS
from bench.measure import Result


def _step(folder: Path) -> Result:
    return step.measure(bigdesk.load(folder / "desk", ROWS), folder)


def _reset(folder: Path) -> Result:
    return reset.measure(bigdesk.load(folder / "desk"))


BENCHES: dict[str, Callable[[Path], Result]] = {
    "step": _step,
    "rules": rules.measure,
    "reset": _reset,
    "check": checking.measure,
    "live": live.measure,
    "plaindicts": plaindicts.measure,
    "scripted": lambda folder: rollouts.scripted(),
    "together": lambda folder: rollouts.together(),
    "rescore": rescore.measure,
    "verify": verify.measure,
    "view": view.measure,
    "startup": lambda folder: startup.measure(),
}


def results(names: list[str]) -> Iterator[Result]:
    """Run the named benches, each in an empty folder."""
    for name in names:
        print(f"measuring: {name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            yield BENCHES[name](Path(folder))


def main() -> int:
    """Print the table; exit 1 where a promise does not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--json", action="store_true", help="print one JSON value")
    given = parser.parse_args()
    found = list(results(given.names or list(BENCHES)))
    if given.json:
        print(json.dumps([asdict(result) for result in found], indent=2))
    else:
        _print_table(found)
    return 0 if all(result.holds for result in found) else 1


def _print_table(found: list[Result]) -> None:
    from ccgym.cli.output import Output

    rows = [[r.what, r.asked, r.measured, "holds" if r.holds else "MISSED"] for r in found]
    Output().table(["what", "asked", "measured", "verdict"], rows)


if __name__ == "__main__":
    # One thread: the promises are about work done, not about cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
