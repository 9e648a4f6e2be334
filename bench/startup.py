"""CPU time of `ccgym --help` above that of a bare `import gymnasium`."""

from __future__ import annotations

import resource
import subprocess
import sys

from bench.measure import Result

ASKED = 0.3
HELP = "import sys; sys.argv = ['ccgym', '--help']; from ccgym.cli import main; main()"


def _cpu(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(rounds: int = 7) -> Result:
    """The best of several runs of each."""
    bare = help_ = float("inf")
    for _ in range(rounds):
        bare, help_ = min(bare, _cpu("import gymnasium")), min(help_, _cpu(HELP))
    above = help_ - bare
    return Result(
        "CPU of `ccgym --help` above `import gymnasium`",
        f"at most {ASKED} s",
        f"{above:.2f} s ({help_:.2f} against {bare:.2f})",
        above <= ASKED,
        {"seconds_above": above, "seconds_help": help_, "seconds_gymnasium": bare},
    )
