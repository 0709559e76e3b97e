"""What long work says of itself: how far it is, how long it took, about how much is left."""

import io
import re
import time

import pytest
from rich.console import Console

from tastemaker.cli.progress import Bars, Stage, span
from tastemaker.watch import Progress, Watch


def reported(*reports: tuple[float, int], total: int, since: float = 0.0) -> Stage:
    stage = Stage("train", since)
    for now, done in reports:
        stage.report(Progress("train", done, total), now)
    return stage


def bars(monkeypatch: pytest.MonkeyPatch, every: float, terminal: bool) -> tuple[Bars, io.StringIO]:
    said = io.StringIO()
    made = Console(file=said, force_terminal=terminal, width=140)
    monkeypatch.setattr("tastemaker.cli.progress.Console", lambda **_: made)
    return Bars(every), said


def test_what_is_left_goes_by_the_pace_so_far() -> None:
    assert reported((0.0, 0), (20.0, 10), total=40).left(20.0) == 60.0
    assert reported((0.0, 0), (20.0, 10), total=40).left(50.0) == 30.0  # the clock goes on between two reports
    assert reported((0.0, 0), (20.0, 10), total=40).left(500.0) == 0.0
    assert reported((5.0, 1), total=3, since=0.0).left(5.0) == 10.0  # who reports first when a step is done


def test_what_an_earlier_run_had_done_is_no_pace() -> None:
    assert reported((1.0, 90), (11.0, 95), total=100).left(11.0) == 10.0


def test_the_same_report_again_and_again_is_no_pace_either() -> None:
    stage = reported((0.0, 0), (10.0, 1), *[(10.0 + k, 1) for k in range(5)], total=2)
    assert stage.left(14.0) == 6.0


@pytest.mark.parametrize("stage", [reported(total=9), reported((0.0, 0), total=9), reported((3.0, 7), total=0)])
def test_who_cannot_know_says_nothing_of_what_is_left(stage: Stage) -> None:
    assert stage.left(5.0) is None
    assert stage.took(5.0) == "5 s"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (89.0, "89 s"), (95.0, "2 min"), (5399.0, "90 min"), (5460.0, "1 h 31 min")]
)
def test_a_span_is_short(seconds: float, said: str) -> None:
    assert span(seconds) == said.replace("90 min", "1 h 30 min")


def until(said: io.StringIO, pattern: str) -> bool:
    """A line like that came, within ten seconds."""
    for _ in range(200):
        if re.search(pattern, said.getvalue(), re.MULTILINE):
            return True
        time.sleep(0.05)
    return False


def test_without_a_terminal_there_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    made, said = bars(monkeypatch, 0.02, terminal=False)
    with made:
        watch = Watch(made.report)
        assert until(said, r"^at work: 0 s$")
        watch.on("train ease").progress(3, 4, loss=0.25)
        assert until(said, r"^train ease: 3 of 4, \d s, about \d s left  loss 0\.2500$")
        watch.on("train ease").progress(4, 4, loss=0.125)
        watch.on("quick").progress(1, 1)
    lines = said.getvalue().splitlines()
    assert lines.count("train ease: done  loss 0.1250") == 1
    assert not any(line.startswith("quick") for line in lines)  # a moment without a figure is not worth a line


def test_a_terminal_has_a_bar_a_stage_with_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    made, said = bars(monkeypatch, 60.0, terminal=True)
    with made:
        watch = Watch(made.report)
        watch.on("import").progress(500, 0)
        watch.on("train ease").progress(0, 4)
        watch.on("train ease").progress(3, 4)
        made.bars.refresh()
        seen = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", said.getvalue())
        watch.on("train ease").progress(4, 4)
    assert re.search(r"import.*500/\?", seen)
    assert re.search(r"train ease.*3/4.*\d s, about \d s left", seen)
    assert not re.search("at work", said.getvalue().splitlines()[-1])


def test_a_step_nobody_can_see_into_is_told_of_when_it_begins() -> None:
    seen: list[Progress] = []
    with Watch(seen.append).step("read"):
        assert seen == [Progress("read", 0, 1)]
    assert seen[1:] == [Progress("read", 1, 1)]
