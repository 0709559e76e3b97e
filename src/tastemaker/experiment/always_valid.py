"""An interval that may be looked at whenever one likes: the asymptotic confidence sequence.

Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, "Time-uniform central limit theory and asymptotic confidence
sequences", Annals of Statistics 52: Theorem 2.2, applied to the average treatment effect of a randomized experiment.
After t observations

    estimate ± σ √( (t ρ² + 1) / (t² ρ²) · log((t ρ² + 1) / α²) ),   ρ² = (-W₋₁(-α² / e) - 1) / m,

which covers the truth at all t at once with probability 1 - α in the limit, and is narrowest, beside a test that is
looked at once, at t = m. With se = σ / √t and τ = t ρ² this is se √( (τ + 1) / τ · log((τ + 1) / α²) ).

Where we leave the paper: τ counts information (1 / se², as in group sequential designs), not observations, so that
users whose outcomes keep coming count for what they add. Their later outcomes resemble their earlier ones, which makes
looks more alike than the theory supposes, and the sequence only more careful (Slepian 1962). No interval is given below
`difference.FEWEST` users an arm: the limit is far away there.
"""

from math import e, exp, inf, log, sqrt

from .difference import Difference, Lift, lift


def always_valid(found: Difference, progress: float, alpha: float = 0.05) -> Lift:
    """progress: information so far as a share of what was planned for; p: the smallest alpha that excludes 0."""
    width = boundary(progress, alpha)
    p = 1.0 if found.few else always_valid_p(found.points.effect / found.points.se, progress, alpha)
    return lift(found, lambda estimate: width * estimate.se, p)


def boundary(progress: float, alpha: float = 0.05) -> float:
    """How many standard errors wide half the interval is; 3.03 at the planned size, where a single look needs 1.96."""
    tau = tuned(alpha) * progress
    return sqrt((tau + 1) / tau * log((tau + 1) / alpha**2)) if tau > 0 else inf


def always_valid_p(z: float, progress: float, alpha: float = 0.05) -> float:
    """What alpha would just put z standard errors on the boundary that was tuned for `alpha`."""
    tau = tuned(alpha) * progress
    return min(1.0, sqrt(tau + 1) * exp(-(z**2) * tau / (2 * (tau + 1)))) if tau > 0 else 1.0


def tuned(alpha: float) -> float:
    """τ at the planned size: m ρ² = -W₋₁(-α² / e) - 1."""
    from scipy.special import lambertw

    return -float(lambertw(-(alpha**2) / e, -1).real) - 1.0
