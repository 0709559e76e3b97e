"""Did the arms get the shares that were dealt? If not, something loses users of one arm, and no figure can be trusted.

Pearson's chi-square with one degree of freedom (Fabijan et al. 2019, "Diagnosing Sample Ratio Mismatch in Online
Controlled Experiments"): χ² = Σ (seen - due)² / due, p = P(χ²₁ > χ²) = erfc(√(χ² / 2)).
"""

from dataclasses import dataclass
from math import erfc, sqrt

BLOCK = 0.001  # p below which there is no verdict


@dataclass(frozen=True)
class SampleRatio:
    """control, treatment: users seen; share: that the treatment should have; p: how likely so uneven a split is."""

    control: int
    treatment: int
    share: float
    chi2: float
    p: float

    @property
    def broken(self) -> bool:
        return self.p < BLOCK


def sample_ratio(control: int, treatment: int, share: float) -> SampleRatio:
    """p is 1 while nobody was seen."""
    n = control + treatment
    due = n * share
    chi2 = 0.0 if n == 0 else (treatment - due) ** 2 / due + (control - (n - due)) ** 2 / (n - due)
    return SampleRatio(control, treatment, share, chi2, erfc(sqrt(chi2 / 2)))
