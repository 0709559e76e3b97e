"""Do experiments keep their promises? False alarms, power, shares, and agreement with SciPy and tea-tasting.

    python benchmarks/experiments.py [--ratings FILE.csv] [--sims 2000] [--seed 0]

Users are drawn with replacement: invented ones with one outcome each, invented ones with many, and, with --ratings
(columns user, item, rating; any names), the people of that file, for whom a rating of --like or more is a like. Every
row simulates experiments of the size that is planned for +20 % at 90 % power, with 20 looks, evenly spaced.
"""

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import numpy as np

from tastemaker.data.arms import TREATMENT, deal
from tastemaker.data.arrays import Float64
from tastemaker.experiment import (
    Sums,
    boundary,
    cuped,
    difference,
    fixed_horizon,
    mean_of,
    plan_for,
    sample_ratio,
    simulate,
)

LOOKS, ALPHA = 20, 0.05
Users = tuple[Float64, Float64 | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", type=Path, help="people to draw from: a CSV of user, item, rating")
    parser.add_argument("--like", type=float, default=4.0, help="a rating from here on is a like")
    parser.add_argument("--sims", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    crowds: dict[str, Users] = {"invented, one outcome": one_outcome(rng), "invented, many": many_outcomes(rng)}
    if asked.ratings is not None:
        crowds[f"likes in {asked.ratings.name}"] = from_ratings(asked.ratings, asked.like)
    print_simulations(crowds, asked.sims, rng)
    print_returning(crowds["invented, many"], asked.sims, rng)
    print_shares(rng)
    print_agreement(rng)


def one_outcome(rng: np.random.Generator) -> Users:
    return (rng.random(5000) < 0.4).astype(np.float64), None


def many_outcomes(rng: np.random.Generator) -> Users:
    """Lopsided: most users have a few outcomes, a few have hundreds; tastes differ."""
    trials = np.minimum(rng.zipf(1.7, 5000), 300).astype(np.float64)
    return rng.binomial(trials.astype(int), rng.beta(6, 4, 5000)).astype(np.float64), trials


def from_ratings(file: Path, like: float) -> Users:
    table = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(0, 2))
    _, user = np.unique(table[:, 0], return_inverse=True)
    return np.bincount(user, table[:, 1] >= like).astype(np.float64), np.bincount(user).astype(np.float64)


def print_simulations(crowds: dict[str, Users], sims: int, rng: np.random.Generator) -> None:
    heads = ("users drawn from", "lift", "users", "always valid", "20 looks at fixed", "one look", "over after", "s")
    print(f"{sims} simulations a row; how often a difference was found\n")
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for name, (y, n) in crowds.items():
        base = mean_of(y, n)
        plan = plan_for(base, 0.2 * base.value, power=0.9)
        for lift in (0.0, 0.2, 0.1):
            begun = perf_counter()
            found = simulate(y, n, plan, lift, rng, looks=LOOKS, sims=sims, alpha=ALPHA)
            took = perf_counter() - begun
            what = "A/A" if lift == 0 else f"{found.lift:+.1%}"
            over = "" if np.isnan(found.stopped) else f"{found.stopped:.0%}"
            shares = (f"{p:.2%}" for p in (found.always_valid, found.peeking, found.once))
            print("| " + " | ".join((name, what, str(plan.users), *shares, over, f"{took:.1f}")) + " |")


def print_returning(users: Users, sims: int, rng: np.random.Generator) -> None:
    """A/A where users come back: each joins at a random look, and outcomes keep coming until the end."""
    y, n = users
    assert n is not None
    plan = plan_for(mean_of(y, n), 0.2 * mean_of(y, n).value)
    alarms = peeks = 0
    sims = max(1, sims // 4)
    for _ in range(sims):
        who = rng.integers(len(y), size=plan.users)
        treated, joined = rng.random(plan.users) < 0.5, rng.integers(0, LOOKS, plan.users)
        events = np.repeat(np.arange(plan.users), n[who].astype(int))
        good = rng.random(len(events)) < (y / n)[who][events]
        at = joined[events] + np.floor(rng.random(len(events)) * (LOOKS - joined[events])).astype(int)
        sequence = fixed = False
        for look in range(LOOKS):
            there = at <= look
            successes = np.bincount(events[there], good[there], plan.users).astype(np.float64)
            trials = np.bincount(events[there], minlength=plan.users).astype(np.float64)
            arms = [mean_of(successes[arm & (trials > 0)], trials[arm & (trials > 0)]) for arm in (~treated, treated)]
            found = difference(*arms)
            if not found.few:
                z = abs(found.points.effect) / found.points.se
                sequence |= z > boundary((plan.se / found.points.se) ** 2, ALPHA)
                fixed |= z > 1.96
        alarms, peeks = alarms + sequence, peeks + fixed
    print(
        f"\nA/A where users come back ({sims} simulations, {plan.users} users): false alarms {alarms / sims:.2%} always"
    )
    print(f"valid, {peeks / sims:.2%} at a fixed horizon that is looked at {LOOKS} times")


def print_shares(rng: np.random.Generator) -> None:
    ids = [str(UUID(bytes=row.tobytes(), version=4)) for row in rng.integers(0, 256, (100_000, 16), np.uint8)]
    print("\n| share asked | dealt to 100,000 UUIDs | sample-ratio p |\n|---|---|---|")
    for share in (0.5, 0.2, 0.05):
        treated = sum(deal(user, f"salt {share}", share) == TREATMENT for user in ids)
        print(f"| {share:.1%} | {treated / 1e5:.2%} | {sample_ratio(100_000 - treated, treated, share).p:.2f} |")


def print_agreement(rng: np.random.Generator) -> None:
    """The largest relative difference from a peer over effect, interval, percent interval and p."""
    import pyarrow as pa
    import tea_tasting as tt
    from scipy import stats

    y, n = many_outcomes(rng)
    assert n is not None
    before = rng.binomial(n.astype(int), np.clip(y / n, 0.05, 0.95)).astype(np.float64)
    variant = (rng.random(len(y)) < 0.3).astype(int)
    table = pa.table({"variant": variant, "y": y, "n": n, "by": before, "bn": n})
    arms = [Sums(y[variant == v], n[variant == v], before[variant == v], n[variant == v]) for v in (0, 1)]
    adjusted = cuped(*arms)
    assert adjusted is not None
    pairs: dict[str, tuple[Any, Any]] = {
        "mean, Welch": ([mean_of(a.y) for a in arms], tt.Mean("y")),
        "ratio, delta method": ([mean_of(a.y, a.n) for a in arms], tt.RatioOfMeans("y", "n")),
        "ratio, CUPED": (
            [adjusted.control, adjusted.treatment],
            tt.RatioOfMeans("y", "n", numer_covariate="by", denom_covariate="bn"),
        ),
    }
    print("\n| figure | peer | largest relative difference |\n|---|---|---|")
    for name, (two, metric) in pairs.items():
        lift, peer = fixed_horizon(difference(*two)), tt.Experiment(m=metric).analyze(table)["m"]
        ours = [lift.points.mean, lift.points.low, lift.points.high, lift.percent.low, lift.percent.high, lift.p]
        theirs = [peer.effect_size, peer.effect_size_ci_lower, peer.effect_size_ci_upper]
        theirs += [peer.rel_effect_size_ci_lower, peer.rel_effect_size_ci_upper, peer.pvalue]
        print(f"| {name} | tea-tasting {tt.__version__} | {_apart(ours, theirs):.1e} |")
    lift = fixed_horizon(difference(*pairs["mean, Welch"][0]))
    welch = stats.ttest_ind(arms[1].y, arms[0].y, equal_var=False)
    ends = welch.confidence_interval()
    print(f"| mean, Welch | SciPy | {_apart([lift.p, lift.points.low, lift.points.high], [welch.pvalue, *ends]):.1e} |")
    counts = np.bincount(variant)
    chi2 = stats.chisquare(counts, counts.sum() * np.array([0.5, 0.5]))
    ours_p = sample_ratio(int(counts[0]), int(counts[1]), 0.5).p
    print(f"| sample ratio, chi-square | SciPy | {_apart([ours_p], [chi2.pvalue]):.1e} |")


def _apart(ours: list[float], theirs: list[float]) -> float:
    return float(np.max(np.abs(np.array(ours) - theirs) / np.abs(theirs)))


if __name__ == "__main__":
    main()
