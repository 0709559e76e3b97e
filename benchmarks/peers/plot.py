"""benchmarks.png: how many times ours is better, and quality by training time. python -m peers.plot RESULTS PNG"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

from peers.report import PUBLISHED, duel_rows, figure, judged

OURS, THEIRS, WORSE, TARGET = "#1b6ca8", "#8a939c", "#d98880", "#c0392b"


def main() -> None:
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    results = json.loads(Path(sys.argv[1]).read_text())
    rows = [(task["title"], row) for task in results["tasks"].values() for row in duel_rows(task) if "ratio" in row]
    page, axes = plt.subplots(1, 2, figsize=(15, max(4.0, 0.36 * len(rows) + 1)), width_ratios=(3, 2))
    _ratios(axes[0], rows)
    _qualities(axes[1], results["tasks"])
    page.tight_layout()
    page.savefig(sys.argv[2], dpi=110, bbox_inches="tight")


def _ratios(axes: Any, rows: list[tuple[str, Any]]) -> None:
    for place, (_, row) in enumerate(rows):
        axes.barh(place, row["ratio"] - 1, left=1, color=OURS if row["ratio"] >= 1 else WORSE, height=0.6)
        axes.plot([row["low"], row["high"]], [place, place], color="black", linewidth=1)
        if row["target"] is not None:
            axes.plot([row["target"]] * 2, [place - 0.4, place + 0.4], color=TARGET, linewidth=2)
        axes.text(max(row["high"], 1.0) * 1.05, place, f"{row['ratio']:.3g}×", va="center", fontsize=8)
    names = [f"{title}\n{row['ours']['name']} / {row['peer']['name']}" for title, row in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=7)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel("how many times ours is better (range of the rounds; red mark: target)")


def _qualities(axes: Any, tasks: dict[str, Any]) -> None:
    for task in (tasks[name] for name in ("bpr-quality", "quality") if name in tasks):
        for entry in task["entries"]:
            seconds = judged(entry).get("fit_seconds")
            if seconds is None:
                continue
            ours = entry["name"].startswith("ours")
            name = "ours, BPR" if entry["name"] == "ours" else entry["name"]
            axes.scatter(seconds, figure(entry), color=OURS if ours else THEIRS, zorder=3)
            axes.annotate(name, (seconds, figure(entry)), xytext=(5, 3), textcoords="offset points", fontsize=8)
    for at, (name, (recall, _)) in enumerate(PUBLISHED.items()):
        side, ha = ((0.0, "left"), (1.0, "right"))[at % 2]  # names of neighbors on different sides
        axes.axhline(recall, color=THEIRS, linewidth=0.8, linestyle=":")
        axes.annotate(f"{name}, published", (side, recall), xycoords=("axes fraction", "data"), fontsize=7, ha=ha)
    axes.set_xscale("log")
    axes.set_xlabel("seconds of training")
    axes.set_ylabel("Recall@20")


if __name__ == "__main__":
    main()
