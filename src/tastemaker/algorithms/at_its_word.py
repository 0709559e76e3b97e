"""A learned model and what invented users cannot teach: nearness in content, and a statement taken at its word."""

from ..data.features import TASTES, Features
from ..scorers import Blend, Calibrated, Embeddings, Nearby, Scorer, Stated
from ..scorers.embeddings import unit_rows


def at_its_word(model: Calibrated, features: Features, near: float, stated: float, block: str = "text") -> Scorer:
    """`model`'s inner scorer plus nearness to likes and the stated tastes themselves.

    near, stated: what a perfectly near item, and a unit of (t - 1/2) (m - center), gain in preference; the weights are
    in units of the score, gain / slope. Models that compare content and tastes themselves stay as they are.
    """
    found, vectors, membership = model.inner, features.block(block), features.block(TASTES)
    if model.slope <= 0.0 or isinstance(found, Blend):
        return found
    if near > 0.0 and vectors.shape[1]:
        found = Nearby(found, Embeddings(unit_rows(vectors), block), near / model.slope)
    if stated > 0.0 and membership.shape[1]:
        found = Stated(found, membership, membership.mean(axis=0), stated / model.slope)
    return found
