"""How a model comes into memory: the seam Loader, and the choice of a Sampler for it.

Only local folders are read, only safetensors, and no code that comes with a model is run. What the config asks for is
probed after loading, because the libraries below fall back silently.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ccgym import models
from ccgym.errors import ConfigError, MissingExtra
from ccgym.plugins import did_you_mean

LoaderName = Literal["transformers", "unsloth"]
SamplerName = Literal["hf", "vllm-colocate", "vllm-server"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory with its tokenizer."""

    model: Any
    tokenizer: Any
    path: Path
    adapter: bool = False
    """The folder held a LoRA adapter, which is active on its base model."""


def model_path(spec: str | Path) -> Path:
    """The folder that `builtin:NAME` or a path names.

    Raises:
        ConfigError: no such model is shipped, or the folder holds none.
    """
    if str(spec).startswith("builtin:"):
        return models.path(str(spec).removeprefix("builtin:"))
    path = Path(spec)
    if not path.is_dir():
        raise ConfigError("no such folder", where=f"model {spec}", fix="Give a folder, or builtin:tiny")
    if not any((path / name).exists() for name in ("config.json", "adapter_config.json")):
        raise ConfigError(
            "the folder holds neither config.json nor adapter_config.json",
            where=f"model {path}",
            fix="Give the folder of a model or adapter, such as runs/NAME/grpo",
        )
    return path


def load(
    spec: str | Path,
    *,
    loader: LoaderName = "transformers",
    device: str | None = None,
    dtype: str = "auto",
    trainable: bool = False,
    max_tokens: int = 4096,
) -> Loaded:
    """Load a model, or an adapter with its base, from a local folder.

    Args:
        spec: a folder, or `builtin:NAME`.
        loader: `transformers`, or `unsloth` (a GPU and the extra `unsloth`).
        device: such as `cpu` or `cuda`; None: a GPU where there is one.
        dtype: `auto` (as the weights are), or a name such as `float32` or `bfloat16`.
        trainable: leave an adapter's weights trainable.
        max_tokens: longest episode, which unsloth wants to know beforehand.

    Raises:
        ConfigError: the folder holds no model, no safetensors, or an adapter that has no effect.
        MissingExtra: the loader's packages are not installed.
    """
    if loader not in LOADERS:
        raise ConfigError(f"no loader is called {loader!r}", fix=did_you_mean(loader, LOADERS))
    loaded = LOADERS[loader](model_path(spec), device, dtype, trainable, max_tokens)
    if loaded.adapter:
        _probe_adapter(loaded)
    if not trainable:
        loaded.model.eval()
    return loaded


def _load_transformers(path: Path, device: str | None, dtype: str, trainable: bool, max_tokens: int) -> Loaded:
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ImportError:
        raise MissingExtra("loading a model", "train") from None
    adapter = (path / "adapter_config.json").exists()
    base = _base_of(path) if adapter else path
    _refuse_pickles(base)
    model: Any = AutoModelForCausalLM.from_pretrained(
        base, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=dtype,
        attn_implementation="sdpa",
    )  # fmt: skip
    if adapter:
        _refuse_pickles(path)
        try:
            from peft import PeftModel
        except ImportError:
            raise MissingExtra("loading an adapter", "train") from None
        model = PeftModel.from_pretrained(model, str(path), is_trainable=trainable, local_files_only=True)
    model = model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    return Loaded(model, load_tokenizer(path if (path / "tokenizer_config.json").exists() else base), path, adapter)


def _load_unsloth(path: Path, device: str | None, dtype: str, trainable: bool, max_tokens: int) -> Loaded:
    try:
        # It rewrites TRL and transformers when it is imported, so only here, and before they are used.
        from unsloth import FastLanguageModel
    except ImportError:
        raise MissingExtra("the loader unsloth", "unsloth") from None
    except NotImplementedError as error:
        raise ConfigError(f"unsloth cannot run here: {error}", fix="Use the loader transformers") from error
    if device not in (None, "cuda"):
        raise ConfigError(f"unsloth runs on a GPU, not on {device!r}", fix="Use the loader transformers")
    _refuse_pickles(path)
    model, tokenizer = FastLanguageModel.from_pretrained(
        model_name=str(path), max_seq_length=max_tokens, dtype=None if dtype == "auto" else dtype, load_in_4bit=False,
        local_files_only=True, trust_remote_code=False,
    )  # fmt: skip
    if not type(model).forward.__module__.startswith(("unsloth", "peft", "transformers")):
        raise ConfigError(f"unsloth loaded a {type(model).__name__} it does not know", where=str(path))
    if not trainable:
        FastLanguageModel.for_inference(model)
    return Loaded(model, tokenizer, path, (path / "adapter_config.json").exists())


LOADERS: dict[str, Callable[[Path, str | None, str, bool, int], Loaded]] = {
    "transformers": _load_transformers,
    "unsloth": _load_unsloth,
}


def load_tokenizer(path: str | Path) -> Any:
    """The tokenizer of a local folder.

    Raises:
        ConfigError: the folder holds none.
        MissingExtra: transformers is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise MissingExtra("loading a tokenizer", "train") from None
    try:
        return AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"holds no tokenizer that can be loaded ({error})", where=str(path)) from error


def make_sampler(name: SamplerName, loaded: Any, encoder: Any, sampling: Any, *, trainer: Any = None) -> Any:
    """The sampler that a config names.

    Args:
        name: `hf`, `vllm-colocate` or `vllm-server`.
        loaded: the model to sample from (for `hf`).
        encoder: the Encoder that says how a turn stops and what is never sampled.
        sampling: a Sampling.
        trainer: TRL's GRPOTrainer, which owns vLLM (for the vllm samplers).

    Raises:
        ConfigError: no sampler of that name, or it cannot do what was asked.
    """
    if name == "hf":
        from ccgym.rollouts.sampler import HfSampler

        return HfSampler(loaded, encoder.stop_id, banned(encoder, loaded), sampling)
    if name in ("vllm-colocate", "vllm-server"):
        from ccgym.rollouts.vllm_sampler import VllmSampler

        return VllmSampler(trainer, name.removeprefix("vllm-"), encoder.stop_id, encoder.control_ids, sampling)
    known = ("hf", "vllm-colocate", "vllm-server")
    raise ConfigError(f"no sampler is called {name!r}", fix=did_you_mean(name, known))


def banned(encoder: Any, model: Any) -> set[int]:
    """Ids that are never sampled: control tokens other than stop, and rows of the embedding that stand for nothing."""
    size = model.config.get_text_config().vocab_size
    return set(encoder.control_ids) | set(range(len(encoder.tokenizer), size))


def _base_of(path: Path) -> Path:
    config = json.loads((path / "adapter_config.json").read_text(encoding="utf-8"))
    name = config.get("base_model_name_or_path") or ""
    if name.startswith("builtin:"):
        return models.path(name.removeprefix("builtin:"))
    for place in (Path(name), path / name):
        if name and (place / "config.json").exists():
            return place
    raise ConfigError(
        f"its base model {name!r} is no local folder",
        where=f"adapter {path}",
        fix="Set base_model_name_or_path in adapter_config.json to the folder of the base model, or to builtin:tiny",
    )


def _refuse_pickles(path: Path) -> None:
    if not any(path.glob("*.safetensors")):
        raise ConfigError("holds no safetensors", where=str(path), fix="Save the weights with safe serialization")


def _probe_adapter(loaded: Loaded) -> None:
    """All of an adapter's weights must be read from its file, and must change the logits where they are not zero."""
    import torch
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    model, where = loaded.model, f"adapter {loaded.path}"
    with safe_open(loaded.path / "adapter_model.safetensors", "pt") as file:
        # peft starts from fresh weights for those that it does not find, and only warns.
        missing = sorted(set(get_peft_model_state_dict(model)) - set(file.keys()))
    if missing:
        raise ConfigError(f"its file lacks {len(missing)} weights, such as {missing[0]}", where=where)
    if not any(bool(weight.any()) for name, weight in model.named_parameters() if "lora_B" in name):
        return
    ids = torch.arange(8, device=model.device)[None] % model.config.get_text_config().vocab_size
    with torch.inference_mode():
        changed = model(input_ids=ids).logits
        with model.disable_adapter():
            plain = model(input_ids=ids).logits
    if torch.equal(changed, plain):
        raise ConfigError("it changes nothing: it is not active", where=where)
