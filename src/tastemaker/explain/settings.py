"""How a project explains: a recipe's [explain]."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import RecipeError

MODEL = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"
CONTEXT = {  # block -> what it says for an item
    "emotion": "you sound {label}",
    "hour": "it suits this hour",
    "weekday": "it suits this day of the week",
    "place": "it suits where you are",
    "recent": "it fits the moments before",
    "history": "it fits what you chose before",
    "stated": "it fits the tastes you stated",
}


@dataclass(frozen=True)
class Wording:
    """
    model:    a folder, or the name of a model of the transformers library that is on this machine
    tokens:   that it may write an explanation
    download: may the library fetch a model that is not on this machine?
    context:  block of the context -> how it is said; {label} is its most probable label
    """

    model: str = MODEL
    tokens: int = 60
    download: bool = False
    context: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise RecipeError(f"[explain] tokens is {self.tokens}; a sentence needs some, for example 60.")
        for block, words in self.context.items():
            if words.count("{") != words.count("{label}") or words.count("}") != words.count("{label}"):
                raise RecipeError(f"[explain.context] {block} is {words!r}; only {{label}} may stand in braces.")

    def said(self, block: str, label: str) -> str:
        """What a block of the context says, in words; " " + label where nobody said how."""
        words = {**CONTEXT, **self.context}.get(block)
        plain = block.replace("_", " ")
        if words is None:
            return f"the {plain} is {label}" if label else f"the {plain} speaks for it"
        return words.replace("{label}", label)
