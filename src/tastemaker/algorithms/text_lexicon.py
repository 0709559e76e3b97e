"""A text model from phrases that somebody wrote down: they are put into sentences, and TextLinear learns from these.

Calibrated on sentences around phrases that a first model has not met, so that it is as unsure as it ought to be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..data.arrays import Bool
from ..errors import TrainingError
from ..text import Reading, TextModel
from ..watch import Watch
from .text_linear import TextLinear, platt

VERY = ("very", "so", "really", "extremely", "pretty", "incredibly", "super", "absolutely", "quite", "totally")
NOT = ("not", "not very", "not at all", "never", "don't feel", "isn't", "wasn't", "no longer")
HELD_OUT = 0.2  # share of the phrases that calibrate
FEW = 100  # sentences around phrases kept aside, below which nothing is calibrated
KINDS = ("plain", "said", "whole")


@dataclass(frozen=True)
class Lexicon:
    """
    label:     label -> plain (words that describe), said (what people say), whole (taken as they are) -> phrases
    sentences: plain, said -> sentences with {} for the phrase
    negated:   label -> the label that its plain phrases speak for behind a negation
    """

    label: Mapping[str, Mapping[str, tuple[str, ...]]]
    sentences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    negated: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        strangers = [f"{a} = {b!r}" for a, b in self.negated.items() if not {a, b} <= set(self.label)]
        kinds = [kind for each in self.label.values() for kind in each if kind not in KINDS]
        if strangers or kinds:
            wrong = f"[negated] {strangers[0]} names no label" if strangers else f"{kinds[0]!r} is no kind of phrase"
            raise TrainingError(f"The lexicon: {wrong}. Labels: {', '.join(self.label)}; kinds: {', '.join(KINDS)}.")

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(self.label))

    def texts(self, rng: np.random.Generator, each: int = 4) -> tuple[list[str], list[int], Bool]:
        """Sentences, their label, and which of them calibrate; each: sentences a phrase."""
        texts, labels, held = [], [], []
        for at, name in enumerate(self.labels):
            kinds = self.label[name]
            for kind in KINDS:
                for phrase in dict.fromkeys(kinds.get(kind, ())):
                    out = rng.random() < HELD_OUT and kind != "whole"
                    made = [(text, at) for text in self._around(phrase, kind, each, rng)]
                    if kind == "plain" and name in self.negated:
                        other = self.labels.index(self.negated[name])
                        made += [(f"{not_} {phrase}", other) for not_ in rng.choice(NOT, 2, replace=False)]
                    texts += [text for text, _ in made]
                    labels += [label for _, label in made]
                    held += [out] * len(made)
        return texts, labels, np.array(held, bool)

    def _around(self, phrase: str, kind: str, each: int, rng: np.random.Generator) -> list[str]:
        frames: Sequence[str] = self.sentences.get(kind, ())
        chosen = [frames[i] for i in rng.permutation(len(frames))[:each]]
        very = [f"{rng.choice(VERY)} {phrase}"] if kind == "plain" else []
        return [phrase, *(frame.replace("{}", phrase) for frame in chosen), *very]


def fit_lexicon(lexicon: Lexicon, rng: np.random.Generator, watch: Watch) -> TextModel:
    texts, labels, held = lexicon.texts(rng)
    has = np.eye(len(lexicon.labels), dtype=bool)[labels]
    how = TextLinear(Reading((1, 2, 3), (), True), least=1, l2=1e-5, steps=60)
    final = how.fit(texts, lexicon.labels, has, watch)
    if held.sum() < FEW or not has[~held].any(axis=0).all():
        return final
    first = how.fit([t for t, out in zip(texts, held, strict=True) if not out], lexicon.labels, has[~held], watch)
    asked = [t for t, out in zip(texts, held, strict=True) if out]
    said = np.asarray(~np.isnan(first.chances(asked)).any(axis=1))
    margins = first.margins([t for t, known in zip(asked, said, strict=True) if known])
    slope, offset, thresholds = platt(margins, has[held][said])
    return replace(final, slope=slope, offset=offset, thresholds=thresholds)
