"""Progress bars: one a stage."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ..watch import Progress as Report


class Bars:
    """Draws what a Watch reports; a plain log line a stage where there is no terminal."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        columns = (
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[metric]}"),
        )
        self.bars = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.bars.stop()

    def report(self, report: Report) -> None:
        metric = "  ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in report.metrics.items())
        if not self.console.is_terminal:
            if report.done >= report.total:
                self.console.print(f"{report.stage}: done  {metric}".rstrip(), highlight=False)
            return
        if report.stage not in self.tasks:
            self.tasks[report.stage] = self.bars.add_task(report.stage, total=report.total, metric=metric)
        self.bars.update(self.tasks[report.stage], completed=report.done, metric=metric)
