"""A learned model and the nearness in content that invented users cannot teach."""

from ..data.features import Features
from ..scorers import Blend, Calibrated, Embeddings, Nearby, Scorer
from ..scorers.embeddings import unit_rows


def with_nearness(model: Calibrated, features: Features, block: str, gain: float) -> Scorer:
    """`model`'s inner scorer plus nearness to likes, the nearest item gaining `gain` in preference.

    The weight is in units of the score, gain / slope. Models that compare content themselves stay as they are.
    """
    vectors = features.block(block)
    if gain <= 0.0 or model.slope <= 0.0 or vectors.shape[1] == 0 or isinstance(model.inner, Blend):
        return model.inner
    return Nearby(model.inner, Embeddings(unit_rows(vectors), block), gain / model.slope)
