"""Pictures for people: training curves, the cold-start curve. PNG files, drawn without a screen."""

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from ..metrics import Interval


def plot_training(path: Path, name: str, curve: Sequence[Mapping[str, float]]) -> Path:
    """Loss by epoch; where they were measured the validation loss, and on a scale of its own how much was found."""
    figure, axes = _figure(f"Learning {name}", "epoch", "loss")
    for key, label in (("loss", "training"), ("valid_loss", "validation")):
        points = [(entry["epoch"], entry[key]) for entry in curve if key in entry]
        if points:
            axes.plot(*zip(*points, strict=True), label=label)
    found = [key for key in ("recall", "recall_new") if any(key in entry for entry in curve)]
    if found:
        right = axes.twinx()
        right.set_ylabel("Recall@10 of users held out")
        right.spines["top"].set_visible(False)
        for key in found:
            points = [(entry["epoch"], entry[key]) for entry in curve if key in entry]
            right.plot(*zip(*points, strict=True), label=key.replace("_", ", "), linestyle="--")
        axes.plot([], [], color="gray", linestyle="--", label="recall, all and new items")
    return _save(figure, axes, path)


def plot_cold_start(path: Path, lines: Mapping[str, Mapping[int, Interval]]) -> Path:
    """Spearman by how many rankings were known, with intervals; one line a way of learning."""
    figure, axes = _figure("Cold start: quality by how many rankings are known", "known rankings", "Spearman, 95 %")
    for label, points in lines.items():
        x = [k for k in points if not isnan(points[k].mean)]
        axes.plot(x, [points[k].mean for k in x], marker="o", label=label)
        axes.fill_between(x, [points[k].low for k in x], [points[k].high for k in x], alpha=0.2)
    axes.axhline(0.0, color="gray", linewidth=0.8, linestyle=":")
    return _save(figure, axes, path)


def plot_calibration(path: Path, curve: Any) -> Path:
    """Share liked by predicted chance; curve: rows of (mean chance, share liked, how many)."""
    title = "Calibration: how often what was foretold came true"
    figure, axes = _figure(title, "predicted chance of a like", "share liked")
    axes.plot([0, 1], [0, 1], color="gray", linewidth=0.8, linestyle=":", label="perfect")
    sizes = [10.0 + 200.0 * n / max(curve[:, 2].sum(), 1) for n in curve[:, 2]]
    axes.plot(curve[:, 0], curve[:, 1])
    axes.scatter(curve[:, 0], curve[:, 1], s=sizes, label="outcomes (size: how many)")
    return _save(figure, axes, path)


def plot_replays(path: Path, lines: Mapping[str, tuple[Any, Any]], marks: Mapping[Any, str], title: str) -> Path:
    """Accuracy over time, a line a policy; marks: moments (datetimes) of activations, with their version."""
    figure, axes = _figure(title, "", "accuracy of likes, last 2,000 outcomes")
    for label, (when, accuracy) in lines.items():
        axes.plot(when, accuracy, label=label, linewidth=1.2)
    for when, version in marks.items():
        axes.axvline(when, color="gray", linewidth=0.6, linestyle=":")
        axes.annotate(version, (when, 1.0), xycoords=("data", "axes fraction"), fontsize=6, rotation=90, va="top")
    figure.autofmt_xdate()
    return _save(figure, axes, path)


def _figure(title: str, x: str, y: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def _save(figure: Any, axes: Any, path: Path) -> Path:
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
