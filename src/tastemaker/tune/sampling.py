"""Optuna's samplers, pruner and importance, asked without its state: a study is built anew from the trials at hand.

Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization" (TPE), in the multivariate form of Falkner et al.
2018; Watanabe et al. 2023, "PED-ANOVA".
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .space import Choice, Params, Range, Space

if TYPE_CHECKING:
    import optuna

    from .search import Trial

FIRST = 8  # trials at random before a Bayesian search says where
CANDIDATES = 24  # draws of which the most promising is tried
WARM = 5  # whole trials before a hopeless one is pruned
TOP = 5  # trials that count as good when the importance of fields is measured
LEAST = 2 * TOP  # whole trials before it is


def drawn(space: Space, trials: Sequence["Trial"], higher: bool, seed: int, bayesian: bool) -> Params:
    """New settings to try: by TPE from what the trials found, or at random."""
    import optuna

    sampler = (
        optuna.samplers.TPESampler(
            n_startup_trials=FIRST,
            n_ei_candidates=CANDIDATES,
            multivariate=True,
            group=False,
            constant_liar=False,
            seed=seed,
        )
        if bayesian
        else optuna.samplers.RandomSampler(seed=seed)
    )
    study = _study(space, trials, higher, sampler)
    return dict(study.ask(_distributions(space)).params)


def hopeless(space: Space, steps: Sequence[float], trials: Sequence["Trial"], higher: bool) -> bool:
    """Is the last of these values on the way worse than the median of other trials at that step?"""
    import optuna

    study = _study(space, trials, higher, optuna.samplers.RandomSampler(seed=0))
    trial = study.ask()
    for step, value in enumerate(steps):
        trial.report(value, step)
    return bool(trial.should_prune())


def importance(space: Space, trials: Sequence["Trial"], higher: bool) -> dict[str, float]:
    """Share of each field in what makes a trial good, summing to 1, highest first; {} where too little was tried."""
    import optuna

    values = [trial.value for trial in trials if trial.state == "done"]
    if len(values) < LEAST or len(set(values)) < 2:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(
        target_quantile=max(0.1, TOP / len(values)), region_quantile=1.0, evaluate_on_local=True
    )
    study = _study(space, trials, higher, optuna.samplers.RandomSampler(seed=0))
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {path: float(share) for path, share in found.items()}


def _study(space: Space, trials: Sequence["Trial"], higher: bool, sampler: Any) -> "optuna.Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=WARM, n_warmup_steps=0, interval_steps=1, n_min_trials=1)
    study = optuna.create_study(direction="maximize" if higher else "minimize", sampler=sampler, pruner=pruner)
    distributions = _distributions(space)
    states = {"done": optuna.trial.TrialState.COMPLETE, "pruned": optuna.trial.TrialState.PRUNED}
    for trial in trials:
        if trial.state in states:
            study.add_trial(
                optuna.trial.create_trial(
                    state=states[trial.state],
                    value=trial.value if trial.state == "done" else None,
                    params={path: field.clipped(trial.params[path]) for path, field in space.items()},
                    distributions=distributions,
                    intermediate_values=dict(enumerate(trial.steps)),
                )
            )
    return study


def _distributions(space: Space) -> dict[str, Any]:
    return {path: _distribution(field) for path, field in space.items()}


def _distribution(field: Range | Choice) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(field, Choice):
        return CategoricalDistribution(field.values)
    if field.whole:
        return IntDistribution(int(field.low), int(field.high), log=field.log)
    return FloatDistribution(field.low, field.high, log=field.log)
