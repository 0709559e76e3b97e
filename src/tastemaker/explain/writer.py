"""A language model on this machine, of the transformers library; loaded only by a job or an explicit command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..errors import MissingExtra, RecipeError
from .facts import Facts
from .prompt import messages, plain
from .settings import Wording


class Writer(Protocol):
    def write(self, told: Facts) -> str:
        """What the model makes of the facts; unchecked."""
        ...


@dataclass(frozen=True)
class LocalModel:
    tokenizer: Any
    model: Any
    tokens: int

    @classmethod
    def open(cls, wording: Wording, root: Path | None = None) -> "LocalModel":
        """A folder, also one in the project's directory `root`, or a model in the library's cache.

        Nothing is fetched unless the wording says so. MissingExtra, or RecipeError that says what to do.
        """
        try:
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError:
            raise MissingExtra("transformers", "llm", "Explaining by a language model") from None
        name = str(root / wording.model) if root is not None and (root / wording.model).is_dir() else wording.model
        here = {"local_files_only": not wording.download}
        try:
            tokenizer = AutoTokenizer.from_pretrained(name, **here)
            model = AutoModelForCausalLM.from_pretrained(name, use_safetensors=True, **here)
        except (OSError, ValueError, KeyError) as error:
            raise RecipeError(_missing(wording, name, error)) from error
        model.train(False)
        return cls(tokenizer, model, wording.tokens)

    def write(self, told: Facts) -> str:
        import torch

        if self.tokenizer.chat_template:
            said = self.tokenizer.apply_chat_template(messages(told), tokenize=False, add_generation_prompt=True)
        else:
            said = plain(told)
        asked = self.tokenizer(said, return_tensors="pt", add_special_tokens=not self.tokenizer.chat_template)
        with torch.inference_mode():
            out = self.model.generate(
                input_ids=asked["input_ids"],
                attention_mask=asked["attention_mask"],
                max_new_tokens=self.tokens,
                do_sample=False,
                pad_token_id=self.tokenizer.pad_token_id or self.tokenizer.eos_token_id,
            )
        new = out[0, asked["input_ids"].shape[1] :]
        return str(self.tokenizer.decode(new, skip_special_tokens=True))


def _missing(wording: Wording, name: str, error: Exception) -> str:
    why = str(error).strip().split("\n", 1)[0][:160]
    what = f"cannot be loaded ({why})" if Path(name).is_dir() or wording.download else "is not on this machine"
    return (
        f"The language model {wording.model!r} {what}. Name a folder that holds one under [explain] model in "
        "recipe.toml, or let it be fetched: tastemaker explain --words llm --download. Until then explanations are in "
        "the template's words."
    )
