"""What a text tells beside tastes ([context.NAME]), and the tables of another program that hold it ([foreign])."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..algorithms import ChoiceLearner
from ..algorithms.text_lexicon import Lexicon
from ..data.nearest import did_you_mean
from ..errors import RecipeError

LEXICONS = Path(__file__).parents[1] / "recipes" / "lexicons"


@dataclass(frozen=True)
class TextContext:
    """
    mapping:   label -> families of items that suit it; its keys are the labels
    lexicon:   NAME of a file NAME.toml in the project, or in the package; "" = no text is understood
    aliases:   what others call a label -> ours
    keep_days: days that what somebody typed is kept; 0 = not at all
    """

    mapping: Mapping[str, tuple[str, ...]]
    lexicon: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    keep_days: int = 30

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(self.mapping))

    def label(self, said: str) -> str | None:
        """Our name of a label; None = nobody knows it."""
        plain = said.strip().casefold()
        known = {name.casefold(): name for name in self.mapping}
        known |= {other.casefold(): ours for other, ours in self.aliases.items()}
        return known.get(plain)


@dataclass(frozen=True)
class ForeignTable:
    """Our names -> the columns of a table. item, or family where only its kind is told; text: what was typed

    kind: what a row with an item is: "click" …; with neither item nor family a row only says how somebody felt
    after: minutes within which a row without an item follows the same user's last one of that family
    """

    user: str
    label: str
    time: str
    item: str = ""
    title: str = ""
    family: str = ""
    text: str = ""
    place: tuple[str, ...] = ()
    kind: str = "click"
    after: float = 60.0


@dataclass(frozen=True)
class ForeignTables:
    """database: a SQL URL, or an SQLite file in the project; context: the block that labels are of; tables by name"""

    database: str = ""
    context: str = ""
    tables: Mapping[str, ForeignTable] = field(default_factory=dict)


def check_context(contexts: Mapping[str, TextContext], families: tuple[str, ...], source: str) -> None:
    """A mapping speaks of families, and an alias of labels, that exist."""
    for name, context in contexts.items():
        for label, mine in context.mapping.items():
            for family in mine:
                if family not in families:
                    hint = did_you_mean(family, families) or "."
                    raise RecipeError(f"{source}: context.{name}.mapping.{label} names {family!r}, no family{hint}")
        for other, label in context.aliases.items():
            if label not in context.mapping:
                hint = did_you_mean(label, context.mapping) or "."
                raise RecipeError(f"{source}: context.{name}.aliases.{other} is {label!r}, no label{hint}")


def of_context(name: str, spec: Mapping[str, Any], contexts: Mapping[str, TextContext]) -> Mapping[str, Any]:
    """A model of choices learns what the recipe's context says: its block, labels and mapping."""
    if spec.get("algorithm", name) != "choices" or not contexts:
        return spec
    block = str(spec.get("context", next(iter(contexts))))
    if block not in contexts:
        return spec
    return {"context": block, "labels": list(contexts[block].labels), "mapping": dict(contexts[block].mapping), **spec}


def choice_model(models: Mapping[str, Any], contexts: Mapping[str, TextContext]) -> ChoiceLearner | None:
    """The recipe's model of choices, or a plain one where only a context is; None = nothing is said of moments."""
    named = next((model for model in models.values() if isinstance(model, ChoiceLearner)), None)
    if named is not None or not contexts:
        return named
    block, context = next(iter(contexts.items()))
    return ChoiceLearner(block, context.labels, dict(context.mapping))


def read_lexicon(name: str, folder: Path) -> Lexicon:
    """The lexicon in this folder, or the one of that name that comes with the package."""
    file = next((at / f"{name}.toml" for at in (folder, LEXICONS) if (at / f"{name}.toml").is_file()), None)
    if file is None:
        raise RecipeError(f"There is no lexicon {name}.toml, neither in {folder} nor in the package. Write one.")
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{file.name} is not valid TOML: {error}.") from None
    known = {f.name for f in fields(Lexicon)}
    if set(raw) - known or "label" not in raw:
        raise RecipeError(
            f"{file.name} has {', '.join(sorted(raw)) or 'nothing'}; a lexicon has label, sentences, negated."
        )
    label = {one: {kind: tuple(said) for kind, said in kinds.items()} for one, kinds in raw["label"].items()}
    sentences = {kind: tuple(frames) for kind, frames in raw.get("sentences", {}).items()}
    return Lexicon(label, sentences, raw.get("negated", {}))
