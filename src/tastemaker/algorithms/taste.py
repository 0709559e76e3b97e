"""How tastes are distributed and how they show in ratings: learned from the users who stated them."""

import numpy as np

from ..data.arrays import Float32
from ..data.dataset import Dataset
from ..data.features import TASTES, Features
from ..errors import TrainingError
from ..scorers import TastePrior

WIDE = 0.3  # standard deviation of a taste when nobody stated any
STATED = 0.07  # standard deviation of a stated taste around the true one


def fit_prior(train: Dataset, features: Features) -> TastePrior:
    """Mean and covariance of the stated tastes; slope and noise of signed preference on x · t by least squares.

    Without a user who states tastes the prior is wide: mean 1/2, WIDE around it, and a slope from the spread of x.
    """
    membership = features.block(TASTES)
    if train.profiles.shape[1] != membership.shape[1]:
        raise TrainingError(
            f"Users can state {train.profiles.shape[1]} tastes, but the features know {membership.shape[1]}. "
            "Build the Dataset with tastes=features.tastes."
        )
    center = membership.mean(axis=0) if len(membership) else np.zeros(membership.shape[1], np.float32)
    stated = train.profiles[~np.isnan(train.profiles).any(axis=1)] if train.profiles.shape[1] else train.profiles
    p = membership.shape[1]
    if len(stated) > p:
        mean, covariance = stated.mean(axis=0), np.cov(stated.T).reshape(p, p) + 1e-4 * np.eye(p)
    else:
        mean, covariance = np.full(p, 0.5, np.float32), WIDE**2 * np.eye(p)
    slope, noise = _slope(train, membership - center)
    return TastePrior(
        mean=mean.astype(np.float32),
        precision=np.linalg.inv(covariance).astype(np.float32) if p else np.zeros((0, 0), np.float32),
        membership=membership,
        center=center.astype(np.float32),
        slope=slope,
        noise=noise,
        stated=STATED**2,
    )


def _slope(train: Dataset, looks: Float32) -> tuple[float, float]:
    """(slope, noise variance) of the regression of signed preference on x · t, over users who state all tastes."""
    events = train.events
    known = ~np.isnan(train.profiles[events.user]).any(axis=1) & (looks.shape[1] > 0)
    fit = np.einsum("np,np->n", looks[events.item[known]], train.profiles[events.user[known]])
    signed = train.signed()[known]
    if len(fit) < 2 or float(fit @ fit) == 0.0:
        typical = float(np.sqrt((looks**2).sum(axis=1).mean())) if looks.size else 1.0
        return 1.0 / max(3.0 * WIDE * typical, 1e-6), 0.25
    slope = float(fit @ signed / (fit @ fit))
    return slope, max(float(((signed - slope * fit) ** 2).mean()), 1e-3)
