"""Query in, Slate out: the only path from a model to an answer, judged and served alike.

The fallback chain is a list of levels: the active model, its parents, content, popularity. A level that fails or cannot
say hands on to the next, and the slate says which level answered and why the others did not.
"""

from .draft import Level
from .recommender import Recommender, single

__all__ = ["Level", "Recommender", "single"]
