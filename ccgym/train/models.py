"""The models of a run: loaded as its config says, given an adapter, made a policy, saved."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from ccgym import seeds
from ccgym.errors import CcgymError, MissingExtra
from ccgym.train.checkpoints import write_folder, write_json
from ccgym.train.config import Config, Sampling


def prepare_libraries(config: Config) -> None:
    """Import what has to come first, and let the libraries say what goes wrong but not every step they take."""
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        if config.model.loader == "unsloth":
            import unsloth  # noqa: F401  # it rewrites TRL when it is imported
    except ImportError:
        raise MissingExtra("the loader unsloth", "unsloth") from None
    try:
        from transformers.utils import logging as transformers_logging
    except ImportError:
        raise MissingExtra("training", "train") from None
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    # For each row that leaves its group, TRL would print all that is known of it; our own metrics count such rows.
    logging.getLogger("trl").setLevel(logging.ERROR)


def set_threads(count: int) -> None:
    """Fix the number of CPU threads: a run repeats bit for bit only with the same number.

    Raises:
        CcgymError: torch does not take it.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtra("training", "train") from None
    torch.set_num_threads(count)
    if torch.get_num_threads() != count:
        raise CcgymError(f"torch runs on {torch.get_num_threads()} threads, not {count}", where="threads")


def load_model(config: Config, path: str | Path, cpu: bool, trainable: bool = False) -> Any:
    """A model, or an adapter on its base, with its tokenizer."""
    from ccgym.rollouts.loader import load

    # Weights are kept in float32: on a CPU nothing is faster, and on a GPU the trainer itself computes in bfloat16.
    return load(
        path, loader=config.model.loader, dtype="float32" if cpu or trainable else "auto", trainable=trainable,
        max_tokens=config.grpo.max_tokens or 4096,
    )  # fmt: skip


def with_adapter(config: Config, loaded: Any) -> Any:
    """The model with a fresh adapter where the config asks for LoRA, else as it is.

    Raises:
        CcgymError: the adapter is not live.
    """
    lora = config.model.lora
    if lora is None:
        return loaded.model
    import torch
    from peft import LoraConfig, get_peft_model

    from ccgym.train import probes

    torch.manual_seed(seeds.derive("adapter", config.seed) % 2**31)
    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    settings = LoraConfig(
        r=lora.r, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets, task_type="CAUSAL_LM"
    )
    model = get_peft_model(loaded.model, settings)
    probes.adapter_is_live(model)
    return model


def make_policy(loaded: Any, settings: Sampling, name: str, sampler: Any = "hf", trainer: Any = None) -> Any:
    """A policy over a loaded model; `trainer` owns vLLM, for the samplers that need it."""
    from ccgym.rollouts.encoder import Encoder
    from ccgym.rollouts.loader import make_sampler
    from ccgym.rollouts.local import TokenPolicy
    from ccgym.rollouts.sampler import Sampling as Plan

    plan = Plan(settings.temperature, settings.top_p, settings.top_k, settings.max_new_tokens, settings.max_tokens)
    encoder = Encoder(loaded.tokenizer)
    return TokenPolicy(name, encoder, make_sampler(sampler, loaded.model, encoder, plan, trainer=trainer))


def save_model(config: Config, folder: Path, model: Any, tokenizer: Any) -> None:
    """Replace a folder at once with the model and its tokenizer."""
    from ccgym.train.stage import save_weights

    def write(aside: Path) -> None:
        save_weights(model, aside)
        tokenizer.save_pretrained(str(aside))
        if config.model.lora is not None:
            _name_base(aside, config.model.path)

    write_folder(folder, write)


def _name_base(folder: Path, base: str) -> None:
    """Let an adapter name its base as the config does, so that it loads wherever that is found."""
    path = folder / "adapter_config.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["base_model_name_or_path"] = base if base.startswith("builtin:") else str(Path(base).resolve())
    write_json(path, facts)
