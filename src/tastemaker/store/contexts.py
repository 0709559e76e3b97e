"""What surrounds a query, in names that people use: texts become distributions, and labels are checked."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from ..errors import QueryError, TastemakerError
from ..recommender import Level
from ..scorers import Choices, Scorer
from ..text import Reader, load
from .artifacts import Artifacts
from .folders import Stamp
from .meta import get_meta, put_meta

Block = dict[str, float]
LEARN = "tastemaker train-emotion"
AGAIN = 60.0  # seconds after which a reader that failed is tried again, whatever its files look like


@dataclass(frozen=True)
class Contexts:
    """
    labels: block -> its labels, in order;  aliases: block -> what others call a label -> ours
    kept:   block -> the digest of its text model and what it learned from
    failed: told of every text model that fails
    """

    artifacts: Artifacts
    labels: Mapping[str, Sequence[str]]
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failed: Callable[[str], None] = field(default=lambda _: None, repr=False)

    @classmethod
    def read(cls, conn: sa.Connection, artifacts: Artifacts, settings: Mapping[str, Any]) -> "Contexts":
        spec = settings.get("context") or {}
        labels = {name: sorted(one["mapping"]) for name, one in spec.items()}
        return cls(artifacts, labels, {name: one["aliases"] for name, one in spec.items()}, text_models(conn))

    def __bool__(self) -> bool:
        return bool(self.labels)

    def told(self, context: Mapping[str, Mapping[str, float]], text: str | None) -> tuple[dict[str, Block], list[str]]:
        """Every block that is known, complete, and a note for each that cannot be."""
        if text is not None and not self.labels:
            raise QueryError("This project reads nothing off a text: its recipe has no [context.NAME].")
        found: dict[str, Block] = {}
        notes: list[str] = []
        if text is not None:
            for block in self.labels:
                said, note = self._of_text(block, text)
                found |= said
                notes += note
        for block, values in context.items():
            if block not in self.labels:
                found[block] = dict(values)
                continue
            named, strangers = self._named(block, values)
            if strangers:
                known = ", ".join(self.labels[block])
                notes.append(f"{strangers[0]!r} is no {block} that is known ({known})")
            total = sum(named.values())
            if total > 0:
                found[block] = {name: value / total for name, value in named.items()}
        return found, notes

    def _named(self, block: str, values: Mapping[str, float]) -> tuple[Block, list[str]]:
        """Our labels, each with all that was said of it under any name; and names that are no label."""
        named, strangers = dict.fromkeys(self.labels[block], 0.0), []
        for name, value in values.items():
            if not 0.0 <= value < math.inf:
                raise QueryError(f"The {block} {name!r} is {value:g}; give a share from 0 to 1.")
            label = self._label(block, name)
            if label is None:
                strangers.append(name)
            else:
                named[label] += value
        return named, strangers

    def _label(self, block: str, said: str) -> str | None:
        plain = said.strip().casefold()
        known = {name.casefold(): name for name in self.labels[block]} | {
            other.casefold(): ours for other, ours in self.aliases[block].items()
        }
        return known.get(plain)

    def _of_text(self, block: str, text: str) -> tuple[dict[str, Block], list[str]]:
        if not text.strip():
            return {}, [f"an empty text says no {block}"]
        kept = self.kept.get(block)
        if kept is None:
            return {}, [f"no model reads the {block} off a text yet: {LEARN}"]
        labels, row, notes = self._read(block, text)
        if not labels:
            return {}, notes
        if row[0] != row[0]:
            return {}, [*notes, f"the text is in words that the model has not met, so its {block} is unknown"]
        found = dict.fromkeys(self.labels[block], 0.0) | {
            label: value for label, value in zip(labels, row, strict=True) if label in self.labels[block]
        }
        return {block: found}, notes

    def broken(self) -> list[str]:
        """Loads every text model into memory, for who reads many texts; what could not be loaded, and why."""
        found = []
        for kept in self.kept.values():
            try:
                _loaded(self.artifacts, kept["artifact"])
            except Exception as error:
                found.append(repr(error))
        return found

    def _read(self, block: str, text: str) -> tuple[Sequence[str], list[float], list[str]]:
        """Labels and shares, by what reads the block or else by what read it before; and why not by the first, or by
        none: then there are no labels."""
        notes: list[str] = []
        for kept in (self.kept[block], self.kept[block].get("before")):
            if kept is None:
                continue
            try:
                model = _loaded(self.artifacts, kept["artifact"])
                return model.labels, model.distribution([text])[0].tolist(), notes
            except Exception as error:  # whatever it is: the question is answered without its text
                self.failed(f"reading a text: {error!r}")
                why = str(error).partition(". ")[0] if isinstance(error, TastemakerError) else type(error).__name__
                notes.append(f"the {block} cannot be read by what was learned from {kept['source']} ({why}): {LEARN}")
        return (), [], notes


def _loaded(artifacts: Artifacts, digest: str) -> Reader:
    """What cannot be loaded is not tried anew at each text, but when its files changed, or after a while."""
    failed = _FAILED.get((artifacts, digest))
    if failed is not None and monotonic() < failed.until and artifacts.stamp(digest) == failed.stamp:
        raise failed.error
    return _load(artifacts, digest)


@lru_cache(maxsize=8)
def _load(artifacts: Artifacts, digest: str) -> Reader:
    stamp = artifacts.stamp(digest)  # before it is read: who mends it meanwhile is noticed
    try:
        found = load(*artifacts.get(digest))
    except Exception as error:
        _FAILED[artifacts, digest] = _Failed(stamp, monotonic() + AGAIN, error)
        raise
    _FAILED.pop((artifacts, digest), None)
    return found


class _Failed(NamedTuple):
    stamp: Stamp
    until: float
    error: Exception


_FAILED: dict[tuple[Artifacts, str], _Failed] = {}


def remapped(scorer: Scorer, settings: Mapping[str, Any], tastes: tuple[str, ...]) -> Scorer:
    """By the mapping that the recipe has now, where nothing was learned; a network keeps the one it learned with."""
    spec = (settings.get("context") or {}).get(scorer.block) if isinstance(scorer, Choices) else None
    if not isinstance(scorer, Choices) or scorer.learned or spec is None:
        return scorer
    labels = sorted(spec["mapping"])
    rows = [[family in spec["mapping"][label] for family in tastes] for label in labels]
    mapping = np.array(rows, np.float32).reshape(len(labels), len(tastes))
    mapping /= np.maximum(mapping.sum(axis=1, keepdims=True), 1.0)
    right = scorer.right if labels == [*scorer.labels] else np.zeros(len(labels), np.float32)
    return replace(scorer, labels=labels, mapping=mapping, right=right)


def relabelled(level: Level, settings: Mapping[str, Any]) -> str:
    """What a network learned with other labels than the recipe has now cannot hear, "" = it hears them all."""
    scorer = level.scorer
    spec = (settings.get("context") or {}).get(scorer.block) if isinstance(scorer, Choices) else None
    if not isinstance(scorer, Choices) or spec is None or (new := set(spec["mapping"]) - {*scorer.labels}) == set():
        return ""
    return f"version {level.version} has never met the {scorer.block} {', '.join(sorted(new))}: tastemaker train"


def text_models(conn: sa.Connection) -> dict[str, dict[str, Any]]:
    """block -> {artifact, source, …, before: the same of the one before}"""
    return get_meta(conn, "texts") or {}


def keep_text_model(conn: sa.Connection, block: str, artifact: str, source: str, figures: Mapping[str, Any]) -> None:
    """It reads the block from now on; the one before is kept, for when this one cannot be used."""
    kept = text_models(conn)
    before = {name: value for name, value in kept.get(block, {}).items() if name != "before"}
    made = {"artifact": artifact, "source": source, "figures": figures} | ({"before": before} if before else {})
    put_meta(conn, texts={**kept, block: made})


def text_artifacts(conn: sa.Connection) -> list[str]:
    """Digests of all that reads texts, or may have to."""
    return [one["artifact"] for kept in text_models(conn).values() for one in (kept, kept.get("before")) if one]
