"""How far long work is: a bar a stage, or a line now and then; with the time it took and about how much is left."""

from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from ..watch import Progress as Report

EVERY = 10.0  # seconds between two lines where there is no terminal
TOLD = 1.0  # seconds from which on a stage without a metric is worth a line when it is done
QUIET = "at work"  # what is said while no stage is under way


@dataclass
class Stage:
    """since: when it began, or, where nobody said so, the report before; first: the first report's steps, and when."""

    name: str
    since: float
    done: int = 0
    total: int = 0
    metric: str = ""
    first: tuple[int, float] | None = None
    at: float = field(default=0.0)

    def report(self, report: Report, now: float) -> None:
        if self.first is None:
            self.first, self.at = (report.done, now), now
            self.since = self.since if report.done else now
        elif report.done != self.done:
            self.at = now
        self.done, self.total = report.done, report.total
        self.metric = "  ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in report.metrics.items())

    @property
    def over(self) -> bool:
        return 0 < self.total <= self.done

    def left(self, now: float) -> float | None:
        """Seconds, by the pace between the first report and the last; the steps before it may be an earlier run's."""
        if self.first is None or self.over or not self.total:
            return None
        done, began = self.first if self.done > self.first[0] else (0, self.since)
        if self.done <= done:
            return None
        return max(0.0, (self.total - self.done) * (self.at - began) / (self.done - done) - (now - self.at))

    def took(self, now: float) -> str:
        left = self.left(now)
        return span(now - self.since) + ("" if left is None else f", about {span(left)} left")

    def line(self, now: float) -> str:
        if self.over:
            return f"{self.name}: done  {self.metric}".rstrip()
        steps = f"{self.done} of {self.total}, " if self.total > 1 else f"{self.done}, " if self.done else ""
        return f"{self.name}: {steps}{self.took(now)}  {self.metric}".rstrip()


class Took(ProgressColumn):
    """The time it took, and what is left of it."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["stage"].took(task.fields["stage"].at if task.finished else monotonic()))


class Bars:
    """Draws what a Watch reports; where there is no terminal, a line every `every` seconds and when a stage is done."""

    def __init__(self, every: float = EVERY) -> None:
        self.console, self.every = Console(stderr=True), every
        columns = (
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            Took(),
            TextColumn("{task.fields[stage].metric}"),
        )
        self.bars = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.tasks: dict[str, TaskID] = {}
        self.stages: dict[str, Stage] = {}
        self.now, self.last, self.closed = Stage(QUIET, monotonic()), monotonic(), Event()
        self.idle = self.bars.add_task(QUIET, total=None, stage=self.now)
        self.teller = Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Self:
        self.bars.start()
        if not self.console.is_terminal:
            self.teller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closed.set()
        self.bars.update(self.idle, visible=False)
        self.bars.stop()
        if self.teller.is_alive():
            self.teller.join()

    def report(self, report: Report) -> None:
        now, stage = monotonic(), self.stages.get(report.stage)
        if stage is None or report.done < stage.done:
            stage = self.stages[report.stage] = Stage(report.stage, self.last)
        was_over, self.last = stage.over, now
        stage.report(report, now)
        self.now = Stage(QUIET, now) if stage.over else stage
        if self.console.is_terminal:
            self._draw(stage)
        elif stage.over and not was_over and (stage.metric or now - stage.since >= TOLD):
            self._print(stage.line(now))

    def _draw(self, stage: Stage) -> None:
        total = stage.total or None  # None: nobody knows
        if stage.name not in self.tasks:
            self.tasks[stage.name] = self.bars.add_task(stage.name, total=total, stage=stage)
        self.bars.update(self.tasks[stage.name], completed=stage.done, total=total, stage=stage)
        self.bars.update(self.idle, visible=stage.over, stage=self.now)

    def _tell(self) -> None:
        while not self.closed.wait(self.every):
            self._print(self.now.line(monotonic()))

    def _print(self, line: str) -> None:
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)


def span(seconds: float) -> str:
    """42 s, 3 min, 1 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
