"""What short texts say: n-grams counted and weighed in NumPy. How the weights are learned is in algorithms/."""

from .grams import Corpus, Reading
from .model import TextModel

__all__ = ["Corpus", "Reading", "TextModel"]
