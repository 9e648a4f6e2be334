"""What of this machine can stop training: torch and its device, threads, TRL, the model, what a config asks for."""

from __future__ import annotations

import importlib.util
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccgym.cli.health import GIB, Finding, processors

if TYPE_CHECKING:
    from ccgym.train.config import Config


def importable(name: str) -> bool:
    """Whether a package is there, without importing it."""
    return importlib.util.find_spec(name) is not None


def torch_build() -> Iterator[Finding]:
    """torch's build against the machine's devices."""
    import torch

    gpu_here = shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia/version").exists()
    build = f"torch {torch.__version__}"
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        name = torch.cuda.get_device_name()
        yield Finding("device", "ok", f"{build}, {name}, {free / 2**30:.0f} of {total / 2**30:.0f} GiB free")
    elif gpu_here and torch.version.cuda is None:
        fix = "For the GPU install a CUDA build: pip install --force-reinstall torch, without the CPU constraint file."
        yield Finding("device", "warn", f"{build} is a CPU build on a machine with an NVIDIA driver", fix)
    elif gpu_here:
        fix = (
            "Compare `nvidia-smi` with torch.version.cuda: the driver is too old for this build, or the GPU is hidden."
        )
        yield Finding("device", "warn", f"{build} (CUDA {torch.version.cuda}) sees no GPU", fix)
    else:
        yield Finding("device", "ok", f"{build}, CPU")


def threads(wanted: int) -> Iterator[Finding]:
    """How fast the run's number of threads is against the other choice: on a busy machine more can be slower."""
    import torch

    cores = processors()
    found = f"the config asks for {wanted} of {cores} processors"
    other = 1 if wanted > 1 else cores
    if wanted > cores:
        yield Finding("threads", "warn", found, f"Set `threads` in the config to at most {cores}.")
        return
    if other == wanted:
        yield Finding("threads", "ok", found)
        return
    before = torch.get_num_threads()
    try:
        seconds = {count: _matmul_seconds(torch, count) for count in (wanted, other)}
    finally:
        torch.set_num_threads(before)
    found += ": " + ", ".join(f"{count} thread{'s' * (count > 1)} {1e6 * s:.0f} µs" for count, s in seconds.items())
    if wanted > 1 and seconds[wanted] > 1.2 * seconds[1]:
        yield Finding("threads", "warn", found, "More threads are slower here: set `threads: 1` in the config.")
    else:
        yield Finding("threads", "ok", found)


def _matmul_seconds(torch: Any, count: int) -> float:
    torch.set_num_threads(count)
    matrix = torch.ones(256, 256)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(8):
            matrix @ matrix
        best = min(best, time.perf_counter() - start)
    return best / 8


def trl_contract() -> Iterator[Finding]:
    """Whether the installed TRL still offers what the GRPO trainer is built on."""
    import inspect

    from trl import GRPOTrainer

    parameters = inspect.signature(GRPOTrainer.__init__).parameters
    missing = [name for name in ("rollout_func", "reward_funcs") if name not in parameters]
    missing += [name for name in ("_generate_and_score_completions",) if not hasattr(GRPOTrainer, name)]
    if missing:
        fix = "Install a supported version: pip install 'trl>=1.15,<1.17'."
        yield Finding("TRL", "stop", f"GRPOTrainer has no {', '.join(missing)}", fix)
    else:
        yield Finding("TRL", "ok", "GRPOTrainer offers rollout_func")


def seams(loader: str, sampler: str) -> Iterator[Finding]:
    """Packages that the config's loader and sampler need."""
    for what, choice, package in (("loader", loader, "unsloth"), ("sampler", sampler, "vllm")):
        if not choice.startswith(package):
            continue
        if not importable(package):
            fix = f"Run: pip install 'ccgym[{package}]', or choose another {what} in the config."
            yield Finding(what, "stop", f"the config asks for {choice}, and {package} is not installed", fix)
            continue
        import torch

        if torch.cuda.is_available():
            yield Finding(what, "ok", choice)
        else:
            fix = f"Choose another {what} in the config, or a machine with a GPU."
            yield Finding(what, "stop", f"{choice} needs a GPU, and torch sees none", fix)


def model(name: str) -> Iterator[Finding]:
    """Whether the model's config and tokenizer load, and what offline settings mean for it."""
    offline = [key for key in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE") if os.environ.get(key, "0") not in ("", "0")]
    path = name.removeprefix("hf:")
    local = name.startswith("builtin:") or Path(path).exists()
    try:
        parameters = _load(path)
    except Exception as error:  # whatever stops the load is the finding
        found = f"{name} does not load ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
        if local:
            fix = "Check that the folder holds config.json, a tokenizer and safetensors weights."
        elif offline:
            fix = f"{offline[0]} is set, so nothing is downloaded: unset it, or name a local folder."
        else:
            fix = "Check the name and the network, or name a local folder."
        yield Finding("model", "stop", found, fix)
        return
    where = "no network needed" if local else "from the hub or its cache"
    yield Finding("model", "ok", f"{name}: {parameters}, {where}")
    if not local and offline:
        yield Finding("hub", "ok", f"{offline[0]} is set; {name} is in the cache")


def _load(path: str) -> str:
    from transformers import AutoConfig, AutoTokenizer

    from ccgym import models

    folder = str(models.path(path.removeprefix("builtin:"))) if path.startswith("builtin:") else path
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    return f"{config.model_type}, {len(tokenizer):,} tokens"


def gib_needed(config: Config) -> float:
    """Memory that a run takes, in GiB: its own estimate, and what the libraries take before it begins."""
    from ccgym.train.estimate import estimate

    return estimate(config).memory / GIB + 1.0
