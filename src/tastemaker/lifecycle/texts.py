"""What reads a context off a text: a model from the recipe's lexicon at first, a better one from labelled texts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from sqlalchemy import Connection

from ..algorithms.text_lexicon import fit_lexicon
from ..algorithms.text_linear import TextLinear, calibrated
from ..data.labelled import Labelled, read_labelled
from ..errors import ArtifactError, DataError, MissingExtra, RecipeError, TrainingError
from ..kernels.threads import one_blas_thread
from ..metrics.labels import calibration_error, f1_of_labels
from ..recipe import Recipe
from ..recipe.context import TextContext, read_lexicon
from ..store import Store
from ..store.contexts import keep_text_model, text_models
from ..text import Reader, TextModel, load
from ..text.model import choose
from ..watch import Watch
from .candidates import stream

WORDS = TextLinear(balance=0.3)
FEW = 20  # labelled texts of a part, below which it judges nothing


@dataclass(frozen=True)
class TextsLearned:
    """block, labels: of the recipe;  counts: part -> texts;  skipped: rows without text or known label

    f1: label -> on the test part;  macro_f1, ece: of all labels there;  before: the macro F1 of the model it replaces
    activated: does it read from now on? Not where the one before reads the test part better
    """

    block: str
    source: str
    encoder: str
    seconds: float
    counts: Mapping[str, int]
    skipped: int
    f1: Mapping[str, float]
    macro_f1: float
    ece: float
    before: float | None
    activated: bool = True


def first_text_models(store: Store, recipe: Recipe, conn: Connection) -> None:
    """Models from the lexicons, for every block that has none yet."""
    for block, context in recipe.context.items():
        if context.lexicon and block not in text_models(conn):
            model = from_lexicon(context, store.root)
            keep_text_model(conn, block, store.artifacts.put(*model.state()), f"lexicon {context.lexicon}", {})


@one_blas_thread()
def from_lexicon(context: TextContext, folder: Path) -> TextModel:
    lexicon = read_lexicon(context.lexicon, folder)
    strangers = set(lexicon.labels) ^ set(context.labels)
    if strangers:
        raise RecipeError(f"The lexicon {context.lexicon} and the mapping differ in {', '.join(sorted(strangers))}.")
    return fit_lexicon(lexicon, stream(0, "lexicon"), Watch())


@one_blas_thread()
def train_texts(
    store: Store, recipe: Recipe, source: Path | None, block: str | None, encoder: str, watch: Watch,
    force: bool = False,
) -> TextsLearned:  # fmt: skip
    """Learn from labelled texts (None = from the lexicon again), judge on their test part, and let the better one read.

    force: also where it is the worse one
    """
    name, context = _block(recipe, block)
    encoder = str(Path(encoder).resolve()) if encoder != "words" and Path(encoder).is_dir() else encoder
    begun = monotonic()
    with store.read() as conn:
        kept = text_models(conn).get(name)
    before = None if kept is None else _readable(store, kept["artifact"])
    if source is None:
        parts: dict[str, Labelled] = {}
        model: Reader = from_lexicon(context, store.root)
    else:
        parts = read_labelled(source, context.labels, context.label)
        model = _learned(parts, context.labels, encoder, watch)
    learned = _judged(name, source, encoder, monotonic() - begun, parts, model, before)
    if not force and learned.before is not None and learned.macro_f1 < learned.before:
        return replace(learned, activated=False)
    with store.begin() as conn:
        digest = store.artifacts.put(*model.state())
        said = f"lexicon {context.lexicon}" if source is None else source.name
        keep_text_model(conn, name, digest, said, {"macro_f1": learned.macro_f1, "ece": learned.ece})
    return learned


def _readable(store: Store, artifact: str) -> Reader | None:
    """None where it is damaged: whatever reads is better then."""
    try:
        return load(*store.artifacts.get(artifact))
    except ArtifactError:
        return None


def _block(recipe: Recipe, block: str | None) -> tuple[str, TextContext]:
    if not recipe.context:
        raise TrainingError("This recipe reads nothing off texts: it has no [context.NAME]. See: docs/recipes.md")
    name = block or next(iter(recipe.context))
    if name not in recipe.context:
        raise TrainingError(f"The recipe has no [context.{name}]. It has: {', '.join(recipe.context)}.")
    return name, recipe.context[name]


def _learned(parts: Mapping[str, Labelled], labels: tuple[str, ...], encoder: str, watch: Watch) -> Reader:
    train, dev = parts["train"], parts["dev"]
    missing = [label for label, any_ in zip(labels, np.asarray(train.has.any(axis=0)), strict=True) if not any_]
    if missing:
        raise DataError(
            f"No text is labelled {', '.join(missing)}, so it could never be told. Add such texts, or name what yours "
            "are called under [context.NAME.aliases] of recipe.toml."
        )
    stage = watch.on("texts")
    if encoder != "words":
        from ..algorithms.text_sentences import fit_sentences

        return fit_sentences(encoder, train, dev, labels, stage, WORDS)
    model = WORDS.fit(train.texts, labels, train.has, stage)
    return calibrated(model, model.margins(dev.texts), dev.has) if len(dev.texts) >= FEW else model


def _f1_before(before: Reader, labels: tuple[str, ...], test: Labelled) -> float | None:
    """None where it knows other labels, or its encoder is not here."""
    if before.labels != labels:
        return None
    try:
        return float(f1_of_labels(before.chosen(test.texts), test.has).mean())
    except (DataError, MissingExtra):
        return None


def _judged(
    block: str, source: Path | None, encoder: str, seconds: float, parts: Mapping[str, Labelled], model: Reader,
    before: Reader | None,
) -> TextsLearned:  # fmt: skip
    counts = {part: len(found.texts) for part, found in parts.items()}
    skipped = sum(found.skipped for found in parts.values())
    nothing = float("nan")
    test = parts.get("test")
    if test is None or len(test.texts) < FEW:
        return TextsLearned(
            block, str(source or "lexicon"), encoder, seconds, counts, skipped, {}, nothing, nothing, None
        )
    chances = model.chances(test.texts)
    f1 = f1_of_labels(choose(chances, model.thresholds), test.has)
    was = None if before is None else _f1_before(before, model.labels, test)
    named: dict[str, Any] = dict(zip(model.labels, f1.tolist(), strict=True))
    ece = calibration_error(chances, test.has)
    return TextsLearned(block, str(source), encoder, seconds, counts, skipped, named, float(np.mean(f1)), ece, was)
