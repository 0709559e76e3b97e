"""A learned model and what invented users cannot teach: nearness in content, and a statement taken at its word."""

from ..data.features import TASTES, Features
from ..scorers import Blend, Calibrated, Embeddings, Nearby, Scorer, Stated
from ..scorers.embeddings import unit_rows


def at_its_word(
    model: Calibrated, features: Features, near: float, stated: float, whole: bool = False, block: str = "text"
) -> Scorer:
    """`model`'s inner scorer plus nearness to likes and the stated tastes themselves.

    near, stated: what a perfectly near item, and a unit of (t - 1/2) (m - center), gain in preference; the weights are
    in units of the score, gain / slope. whole: how families are counted (`Stated`). Models that compare content and
    tastes themselves stay as they are.
    """
    found, vectors = model.inner, features.block(block)
    if model.slope <= 0.0 or isinstance(found, Blend):
        return found
    if near > 0.0 and vectors.shape[1]:
        found = Nearby(found, Embeddings(unit_rows(vectors), block), near / model.slope)
    if stated > 0.0 and features.block(TASTES).shape[1]:
        found = Stated.around(found, features, stated / model.slope, whole)
    return found


def asked_as_well(model: Scorer, features: Features, asked: float) -> Scorer:
    """`model`, learned from what people do, and what a query states beside it.

    asked: what a unit of (t - 1/2) (m - center) gains, in distances of the query's best score from its mean
    """
    if asked <= 0.0 or model.hears_tastes() or not features.block(TASTES).shape[1]:
        return model
    return Stated.around(model, features, asked, whole=True, relative=True)


def unasked(model: Scorer) -> Scorer:
    """What `asked_as_well` was given."""
    return model.inner if isinstance(model, Stated) and model.among else model
