"""What short texts say: n-grams counted and weighed in NumPy. How the weights are learned is in algorithms/."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .grams import Corpus, Reading
from .model import TextModel
from .sentences import SentenceModel

Reader = TextModel | SentenceModel


def load(settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Reader:
    """The model whose `state` this is."""
    kinds: dict[str, type[TextModel] | type[SentenceModel]] = {"text": TextModel, "sentences": SentenceModel}
    return kinds[settings["kind"]].load(settings, arrays)


__all__ = ["Corpus", "Reader", "Reading", "SentenceModel", "TextModel", "load"]
