"""What invented days miss is said, and nothing where all is as asked for."""

from dataclasses import replace

import pytest

from tastemaker.synth.life import Life, Patterns
from tastemaker.synth.life_checks import misses

ASKED = Life(users=5)
FINE = Patterns(0.84, (300.0, 40.0, 570.0), (450.0, 80.0, 850.0), 0, 0.97, 0.9)
NAN = float("nan")


def test_what_is_as_asked_for_has_no_remark() -> None:
    assert misses(ASKED, FINE) == []
    assert misses(ASKED, Patterns(NAN, (NAN,) * 3, (NAN,) * 3, 0, NAN, NAN)) == []  # nobody chose anything


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"match": 0.6}, ["Only 60.0% of the choices match the mapping, 80% were asked for", "tastemaker check"]),
        ({"delays": (300.0, 2.0, 570.0)}, ["2–570 seconds from feeling to choice", "--delay"]),
        ({"after": (300.0, 40.0, 990.0)}, ["40–990 seconds from choice to staying", "--after"]),
        ({"late": 3}, ["3 choices come before their cause", "--seed"]),
        ({"same_place": 0.5}, ["Only 50.0% of the choices are at the place", "--move"]),
        ({"rhythm": 0.5}, ["50.0% of the feelings", "--rhythm"]),
    ],
)
def test_each_miss_says_what_it_means_and_what_to_do(changed: dict[str, object], said: list[str]) -> None:
    (sentence,) = misses(ASKED, replace(FINE, **changed))  # type: ignore[arg-type]
    assert all(part in sentence for part in said)


def test_habit_explains_why_fewer_match() -> None:
    (sentence,) = misses(replace(ASKED, habit=0.8), replace(FINE, match=0.5))
    assert "--habit 0.8" in sentence
