"""What a query says of its user's tastes: stated ones and rated items together, as one Bayesian estimate.

Tastes t (p,) have a Gaussian prior N(mean, covariance), learned from users whose tastes are known. Each stated taste is
a noisy look at one coordinate, y = t_f + e; each rated item a noisy look along its membership, y = slope · x · t + e
with x = membership - center. The posterior is Bayesian linear regression (Bishop 2006, PRML, eq. 2.113-2.117):

    precision = P0 + H' R^-1 H        t = mean + precision^-1 H' R^-1 (y - H mean)

It is linear in the observations, so each one's share of the estimate is exact. Cost a query of k looks: O(k p^2 + p^3).
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Csr, Float32, Float64
from ..data.features import TASTES, Features
from ..data.query import Batch


@dataclass(frozen=True)
class TastePrior:
    """
    mean:       float32 (p,);  precision: float32 (p, p), inverse covariance of tastes among users
    membership: float32 (n_items, p);  center: float32 (p,), the catalog's mean membership
    slope:      what a whole unit of x · t is worth in signed preference;  noise: variance of a rating around that
    stated:     variance of a stated taste around the true one
    """

    mean: Float32
    precision: Float32
    membership: Float32
    center: Float32
    slope: float
    noise: float
    stated: float

    @property
    def p(self) -> int:
        return len(self.mean)

    def looks(self) -> Float32:
        """x = membership - center of every item, float32 (n_items, p)."""
        return self.membership - self.center

    def infer(self, profile: Float32, evidence: Csr) -> tuple[Float32, Float32]:
        """Posterior mean and standard deviation of the tastes, float32 (q, p) each.

        profile: float32 (q, p), NaN = not stated; evidence: csr (q, n_items), signed preference.
        """
        deviation, covariance = self._posterior(profile, evidence)
        spread = np.sqrt(np.maximum(np.einsum("qii->qi", covariance), 0.0))
        return (self.mean + deviation).astype(np.float32), spread.astype(np.float32)

    def infer_batch(self, batch: Batch) -> tuple[Float32, Float32]:
        return self.infer(batch.profile, batch.evidence())

    def shares(self, batch: Batch, query: int) -> tuple[list[tuple[str, int]], Float32]:
        """What each observation of one query adds to the prior mean: [("taste", column) | ("item", row)], (k, p).

        The shares sum to the posterior mean minus the prior mean.
        """
        evidence = batch.evidence()[[query]]
        profile = batch.profile[[query]]
        _, covariance = self._posterior(profile, evidence)
        stated = np.flatnonzero(~np.isnan(profile[0]))
        looks = self.slope * (self.membership[evidence.indices] - self.center)  # (k, p)
        surprise = (evidence.data - looks @ self.mean) / self.noise
        told = np.zeros((len(stated), self.p))
        told[np.arange(len(stated)), stated] = (profile[0, stated] - self.mean[stated]) / self.stated
        pulls = np.vstack([told, looks * surprise[:, None]])
        names = [("taste", int(f)) for f in stated] + [("item", int(i)) for i in evidence.indices]
        return names, (pulls @ covariance[0]).astype(np.float32)

    def with_items(self, features: Features) -> Self:
        return replace(self, membership=features.block(TASTES))

    def _posterior(self, profile: Float32, evidence: Csr) -> tuple[Float64, Float64]:
        """Posterior mean minus prior mean (q, p), and posterior covariance (q, p, p)."""
        q, p = len(profile), self.p
        precision = np.repeat(self.precision[None].astype(np.float64), q, axis=0)  # (q, p, p)
        pull = np.zeros((q, p))
        stated = ~np.isnan(profile)
        precision[:, np.arange(p), np.arange(p)] += stated / self.stated
        pull += np.where(stated, profile - self.mean, 0.0) / self.stated
        query = np.repeat(np.arange(q), np.diff(evidence.indptr))
        looks = self.slope * (self.membership[evidence.indices] - self.center).astype(np.float64)  # (nnz, p)
        surprise = (evidence.data - looks @ self.mean) / self.noise
        np.add.at(precision, query, looks[:, :, None] * looks[:, None, :] / self.noise)
        np.add.at(pull, query, looks * surprise[:, None])
        covariance: Float64 = np.asarray(np.linalg.inv(precision) if p else precision, np.float64)
        return np.einsum("qij,qj->qi", covariance, pull), covariance
