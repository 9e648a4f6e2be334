"""What a run will take, before it is started."""

from __future__ import annotations

import json
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from ccgym.train.config import Config
from ccgym.train.console import Console


@dataclass(frozen=True, slots=True)
class Estimate:
    """Rough figures; seconds are of one process on this machine's device."""

    device: str
    parameters: int
    trained: int
    """How many of them are trained."""
    memory: int
    """Bytes at the highest point: weights, gradients, optimiser, activations, cache."""
    tokens: int
    """Tokens of an episode, prompt included, as taken from a few references."""
    seconds: dict[str, float]
    """Stage to seconds."""

    def print(self, config: Config, say: Console) -> None:
        """The resolved config, then the figures."""
        for line in config.yaml().splitlines():
            say.line(line)
        say.line()
        say.line(f"device:     {self.device}, {config.threads} thread(s)")
        say.line(f"model:      {self.parameters:,} parameters, {self.trained:,} trained")
        say.line(f"episode:    about {self.tokens} tokens")
        say.line(f"memory:     about {self.memory / 2**20:,.0f} MiB")
        for stage, seconds in self.seconds.items():
            say.line(f"{stage + ':':<11} about {_span(seconds)}")
        say.line(f"in all:     about {_span(sum(self.seconds.values()))}")


def estimate(config: Config) -> Estimate:
    """Estimate memory and time from the size of the model and a quick measure of the device.

    A token costs 2 floating-point operations a parameter forward and 4 backward (Kaplan et al., 2020), and attention
    as much again at these lengths on a small model.
    """
    from ccgym.rollouts.loader import model_path

    path = model_path(config.model.path)
    parameters, largest = _parameters(path)
    shape = json.loads((path / "config.json").read_text(encoding="utf-8"))
    width, layers = shape.get("hidden_size", 1024), shape.get("num_hidden_layers", 16)
    lora = config.model.lora
    trained = parameters if lora is None else 2 * lora.r * 7 * layers * width
    tokens = _tokens(config)
    device, speed = _speed(config.threads)
    grpo, sft, held = config.grpo, config.sft, config.eval
    step = 2.0 * parameters * tokens / speed
    overhead = 2.5
    samples = held.tasks * (2 * held.samples + held.base_samples)
    seconds = {
        "sft": 3 * step * sft.steps * sft.batch * overhead,
        "grpo": (3 * grpo.num_iterations + 2) * step * grpo.iterations * grpo.episodes * overhead,
        "evaluation": 2 * step * samples * overhead,
    }
    size = 4 if device == "cpu" else 2
    activations = max(sft.batch, grpo.micro_batch) * tokens * (layers * width * 34 + largest) * size
    cache = max(grpo.episodes, held.batch) * tokens * layers * width * 2 * size
    memory = parameters * 4 * 2 + trained * 4 * 3 + max(activations, cache)
    return Estimate(device, parameters, trained, int(memory), tokens, seconds)


def _parameters(path: Path) -> tuple[int, int]:
    """Parameters in a folder's safetensors, and the size of the vocabulary, without loading any."""
    total = vocabulary = 0
    for file in path.glob("*.safetensors"):
        with open(file, "rb") as data:
            (size,) = struct.unpack("<Q", data.read(8))
            header = json.loads(data.read(size))
        for name, tensor in header.items():
            if name == "__metadata__":
                continue
            count = 1
            for length in tensor["shape"]:
                count *= length
            total += count
            if "embed_tokens" in name:
                vocabulary = tensor["shape"][0]
    return total, vocabulary


def _tokens(config: Config) -> int:
    """Median length of a few references as the model's tokenizer sees them."""
    from statistics import median

    from ccgym.env import enact, find_domain
    from ccgym.rollouts.encoder import Encoder
    from ccgym.rollouts.loader import load_tokenizer, model_path
    from ccgym.train.demonstrations import train_tasks

    domain = find_domain(config.env)
    encoder = Encoder(load_tokenizer(model_path(config.model.path)))
    stream = train_tasks(domain, config.seed, "estimate")
    lengths = []
    for task in (next(stream) for _ in range(16)):
        expect = task.as_json().get("expect", {})
        episode = enact(domain, task, expect.get("actions", ()), expect.get("say", ()), expect.get("output"))
        lengths.append(len(encoder.encode_episode(episode).ids))
    return int(median(lengths))


def _speed(threads: int) -> tuple[str, float]:
    """The device, and the floating-point operations a second that it does on matrices of a small model's size."""
    import torch

    cuda = torch.cuda.is_available()
    if not cuda:
        torch.set_num_threads(threads)
    size = 4096 if cuda else 256
    kind = torch.bfloat16 if cuda else torch.float32
    matrix = torch.ones((size, size), device="cuda" if cuda else "cpu", dtype=kind)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(8):
            matrix @ matrix
        if cuda:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    name = torch.cuda.get_device_name() if cuda else "cpu"
    return name, 8 * 2 * size**3 / best


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
