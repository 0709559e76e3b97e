from itertools import product

import numpy as np
import pytest

from tastemaker.errors import DataError
from tastemaker.metrics.off_policy import EFFECTIVE, Logged, doubly_robust, ips, snips

PAYS = np.array([0.9, 0.5, 0.1])  # what each of three items earns at a position, on average
LOGS = np.array([0.6, 0.3, 0.1])  # how often the logging policy shows each
JUDGED = np.array([0.1, 0.1, 0.8])  # the judged policy
TRUE = float(PAYS @ JUDGED)


def logged(n=4000, positions=2, seed=0, judged=JUDGED):
    rng = np.random.default_rng(seed)
    shown = rng.choice(3, (n, positions), p=LOGS)
    rewards = (rng.random(shown.shape) < PAYS[shown]).astype(float)
    rewards[::5, -1] = np.nan  # some slates are short
    return shown, Logged(rewards, LOGS[shown], judged[shown], np.arange(n))


def guesses(shown, q):
    """A reward model that gives each item q: of what was shown, and its mean under the judged policy."""
    return q[shown], np.full(shown.shape, float(q @ JUDGED))


def test_estimates_are_the_formulas():
    shown, log = logged(300)
    w, there = JUDGED[shown] / LOGS[shown], ~np.isnan(log.rewards)
    terms = [(w[i, k], log.rewards[i, k]) for i, k in product(range(300), range(2)) if there[i, k]]
    assert ips(log).value.mean == pytest.approx(sum(a * r for a, r in terms) / len(terms))
    assert snips(log).value.mean == pytest.approx(sum(a * r for a, r in terms) / sum(a for a, _ in terms))
    q = np.array([0.8, 0.2, 0.3])
    of = [(q[shown[i, k]], *pair) for (i, k), pair in zip(zip(*np.nonzero(there), strict=True), terms, strict=True)]
    slow = sum(float(q @ JUDGED) + a * (r - guess) for guess, a, r in of) / len(of)
    assert doubly_robust(log, *guesses(shown, q)).value.mean == pytest.approx(slow)
    assert ips(log).effective == pytest.approx(sum(a for a, _ in terms) ** 2 / sum(a * a for a, _ in terms))


@pytest.mark.parametrize("kind", ["ips", "snips", "dr, right model", "dr, wrong model"])
def test_intervals_cover_the_true_value_about_as_often_as_they_say(kind):
    covered, means = 0, []
    for seed in range(200):
        shown, log = logged(400, seed=seed)
        q = PAYS if "right" in kind else np.array([0.2, 0.9, 0.7])
        found = doubly_robust(log, *guesses(shown, q)) if "dr" in kind else {"ips": ips, "snips": snips}[kind](log)
        covered += found.value.low <= TRUE <= found.value.high
        means.append(found.value.mean)
    assert covered >= 180  # 190 expected, standard deviation 3
    assert np.mean(means) == pytest.approx(TRUE, abs=4 * np.std(means) / np.sqrt(200) + 0.002)


def test_a_good_reward_model_narrows_and_snips_shrugs_off_a_shift():
    shown, log = logged()
    width = {name: f.value.high - f.value.low for name, f in (("ips", ips(log)), ("snips", snips(log)))}
    model = doubly_robust(log, *guesses(shown, PAYS)).value
    assert model.high - model.low < width["ips"]
    shifted = Logged(log.rewards + 10, log.propensities, log.target, log.group)
    assert snips(shifted).value.mean == pytest.approx(snips(log).value.mean + 10)
    assert ips(shifted).value.mean != pytest.approx(ips(log).value.mean + 10, abs=0.01)


def test_users_are_the_unit():
    _, log = logged(600)
    same = Logged(
        *(np.repeat(a, 4, axis=0) for a in (log.rewards, log.propensities, log.target)), np.repeat(log.group, 4)
    )
    assert snips(same).value.high == pytest.approx(snips(log).value.high)


def test_what_the_log_cannot_say_is_refused():
    shown, log = logged()
    with pytest.raises(DataError, match="The log shows nothing"):
        ips(Logged(np.full_like(log.rewards, np.nan), log.propensities, log.target, log.group))
    none = log.propensities.copy()
    none[3, 0] = 0.0
    with pytest.raises(DataError, match=r"1 propensities lie outside \(0, 1\], such as 0"):
        ips(Logged(log.rewards, none, log.target, log.group))
    fixed = Logged(log.rewards, np.ones_like(log.propensities), log.target, log.group)
    with pytest.raises(DataError, match="were shown without a draw"):
        snips(fixed)
    rare = Logged(log.rewards[:40], log.propensities[:40], np.where(shown == 2, 1.0, 0.0)[:40], log.group[:40])
    with pytest.raises(DataError, match=rf"effective draws .* \(needed: {EFFECTIVE:g}"):
        ips(rare)
    never = Logged(log.rewards, log.propensities, np.where(shown == 0, 0.5, 0.0), log.group)  # half on a fourth item
    with pytest.raises(DataError, match=r"could show only 5\d%"):
        doubly_robust(never, *guesses(shown, PAYS))
    with pytest.raises(DataError, match="Make them alike"):
        Logged(log.rewards, log.propensities[:, :1], log.target, log.group)


def test_the_same_policy_is_worth_what_was_shown():
    shown, log = logged()
    same = Logged(log.rewards, log.propensities, LOGS[shown], log.group)
    earned = float(np.nanmean(log.rewards))
    assert ips(same).value.mean == snips(same).value.mean == pytest.approx(earned)
    assert ips(same).support.mean == pytest.approx(1.0)
