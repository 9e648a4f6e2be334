"""Memory of 10,000 live environments on a state of 5 MB, each after a scan of 1,000 rows and its full reference.

Run as a process of its own (`python -m bench.live FOLDER`), so that nobody else's memory counts.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import ccgym
from bench import bigdesk
from bench.measure import Result
from ccgym.env import CcgymEnv
from ccgym.turns import render_call

LIVE = 10_000
ASKED = 1_000_000_000
TURNS = [render_call("count_open", {}), *(render_call(call["name"], call["args"]) for call in bigdesk.REFERENCE)]


def resident() -> int:
    """Bytes of this process in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def play(env: CcgymEnv, seed: int) -> CcgymEnv:
    """Scan, then the whole reference but its last reply, so that the episode still lives."""
    env.reset(options={"task": "move", "seed": seed})
    for turn in TURNS:
        *_, terminated, truncated, _ = env.step(turn)
        if terminated or truncated:
            raise RuntimeError(f"the episode ended at {turn}")
    return env


def main() -> None:
    """Print the figures as JSON."""
    domain = bigdesk.load(Path(sys.argv[1]))
    for seed in range(20):
        play(ccgym.make(domain), seed)
    gc.collect()
    base = resident()
    envs = [play(ccgym.make(domain), seed) for seed in range(LIVE)]
    gc.collect()
    print(json.dumps({"base_bytes": base, "live_bytes": resident() - base, "environments": len(envs)}))


def measure(folder: Path) -> Result:
    """Run `main` in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "bench.live", str(folder)], capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)
    live = figures["live_bytes"]
    return Result(
        f"{LIVE:,} live environments, each after a scan of 1,000 rows and its reference",
        "at most 1 GB beyond the base",
        f"{live / 1e9:.2f} GB ({live / LIVE / 1e3:.1f} KB each; base {figures['base_bytes'] / 1e6:.0f} MB)",
        live <= ASKED,
        figures,
    )


if __name__ == "__main__":
    main()
