"""What the results say: rows of figures, as a terminal table and as the page docs/benchmarks.md."""

from statistics import median
from typing import Any

Record = dict[str, Any]

PUBLISHED = {  # Recall@20, NDCG@20 on this split of Gowalla: UltraGCN and SimpleX (Mao et al. 2021)
    "ItemCF": (0.1570, 0.1214),
    "MF-BPR": (0.1627, 0.1378),
    "EASE": (0.1765, 0.1467),
    "LightGCN": (0.1830, 0.1554),
    "UltraGCN": (0.1862, 0.1580),
    "SimpleX": (0.1872, 0.1557),
}


def duel_rows(task: Record) -> list[Record]:
    """One row for each comparison: both figures, the ratio of each round (above 1: ours is better), memory."""
    return [_duel(task, *duel) for duel in task["duels"]]


def _duel(task: Record, ours: str, peer: str, target: float | None) -> Record:
    a, b = (next(e for e in task["entries"] if e["name"] == name) for name in (ours, peer))
    row: Record = {"ours": a, "peer": b, "target": target, "error": b["error"] or a["error"]}
    rounds = list(zip(a["rounds"], b["rounds"], strict=False))
    if not rounds:
        return row
    ratios = [(x["figure"] / y["figure"]) ** (1 if task["higher"] else -1) for x, y in rounds]
    row |= {"ratio": median(ratios), "low": min(ratios), "high": max(ratios), "rounds": len(ratios)}
    return row | {"memory": peak(a) / peak(b), "met": None if target is None else row["ratio"] >= target}


def figure(entry: Record) -> float | None:
    return median(r["figure"] for r in entry["rounds"]) if entry["rounds"] else None


def peak(entry: Record) -> float:
    return float(max(r["peak_mb"] for r in entry["rounds"]))


def grown(entry: Record) -> float:
    return float(max(r["grown_mb"] for r in entry["rounds"]))


def judged(entry: Record) -> dict[str, float]:
    """Medians over the rounds that were judged."""
    found = [r["quality"] for r in entry["rounds"] if r["quality"]]
    return {name: median(q[name] for q in found) for name in (found[0] if found else ())}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _quality(entry: Record) -> str:
    shown = {k: v for k, v in judged(entry).items() if k not in ("epochs", "fit_seconds")}
    return ", ".join(f"{name} {value:.4f}" for name, value in shown.items())


def entry_table(task: Record) -> list[list[str]]:
    fitted = any("fit_seconds" in judged(entry) for entry in task["entries"])
    head = ["", task["unit"], *(["fit s", "epochs"] if fitted else []), "quality", "peak MB (the work)", "parameters"]
    return [head, *(_entry_row(entry, fitted) for entry in task["entries"])]


def _entry_row(entry: Record, fitted: bool) -> list[str]:
    settings = ", ".join(f"{k} {v}" for k, v in entry["settings"].items() if k != "file")
    settings += f", blas threads {entry['blas']}" if entry["blas"] != 1 else ""
    if not entry["rounds"]:
        return [entry["name"], "–", *(["", ""] if fitted else []), f"not measured: {entry['error']}", "", settings]
    found = judged(entry)
    fit = [_number(found.get("fit_seconds")), _number(found.get("epochs"))] if fitted else []
    memory = f"{peak(entry):,.0f} ({grown(entry):,.0f})"
    return [entry["name"], _number(figure(entry)), *fit, _quality(entry), memory, settings]


def duel_table(task: Record) -> list[list[str]]:
    unit = task["unit"]
    head = ["ours", "against", f"ours, {unit}", f"theirs, {unit}", "ours is better by (range)", "target", "met"]
    head += ["peak MB", "ratio", "the work, MB", "rounds"]
    return [head, *(_duel_row(row) for row in duel_rows(task))]


def _duel_row(row: Record) -> list[str]:
    ours, peer = row["ours"], row["peer"]
    target = "" if row["target"] is None else f"≥ {row['target']:g}"
    cells = [ours["name"], f"{peer['name']} ({peer['version']})", _number(figure(ours)), _number(figure(peer))]
    if "ratio" not in row:
        return [*cells, f"not measured: {row['error']}", target, "", "", "", "", "0"]
    cells += [f"{row['ratio']:.2f} ({row['low']:.2f}–{row['high']:.2f})", target]
    cells += [{None: "", True: "yes", False: "NO"}[row["met"]], *_memories(ours, peer), str(row["rounds"])]
    return cells


def _memories(ours: Record, peer: Record) -> list[str]:
    whole, work = (f"{f(ours):,.0f} / {f(peer):,.0f}" for f in (peak, grown))
    return [whole, f"{peak(ours) / peak(peer):.2f}", work]


def terminal(task: Record) -> str:
    tables = [entry_table(task)] + ([duel_table(task)] if task["duels"] else [])
    return "\n\n".join(_aligned(table) for table in tables)


def _aligned(table: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table)


def _piped(table: list[list[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])


def markdown(results: Record) -> str:
    quick = ["**Quick run on generated data: not to be quoted.**", ""] if results["quick"] else []
    parts = ["# Benchmarks", "", *quick, PROTOCOL.format(**results["machine"]), "", *_environment(results)]
    for task in results["tasks"].values():
        parts += [f"## {task['title']}", ""]
        parts += [_piped(duel_table(task)), ""] if task["duels"] else []
        parts += [_piped(entry_table(task)), "", f"{task['note']} Measured {task['when']}.", ""]
        parts += [_published(), ""] if task["name"] == "quality" else []
    return "\n".join(parts).rstrip() + "\n"


def _environment(results: Record) -> list[str]:
    rows = [["environment", "versions"]]
    for name, found in results["installed"].items():
        versions = ", ".join(f"{package} {version}" for package, version in found["versions"].items())
        rows.append([name, f"not installed: {found['error']}" if found["error"] else versions])
    return [_piped(rows), "", "![Ratios, and quality against training time](benchmarks.png)", ""]


def _published() -> str:
    listed = ", ".join(f"{name} {recall:.4f} / {ndcg:.4f}" for name, (recall, ndcg) in PUBLISHED.items())
    return f"Published on this split of Gowalla, Recall@20 / NDCG@20: {listed}."


PROTOCOL = """Made by `python benchmarks/peers/run.py --data FOLDER --write-docs`, not edited by hand.

Every competitor is a process of its own, with the newest version that installs on this Python, and stays for all rounds
of a task; rounds go in turn (ours, one peer, the next, ours again …), so that a machine that drifts hits all alike.
Figures are medians of the rounds; ratios are medians of the ratios of each round, above 1 where ours is better, with
their range. Peak memory is the highest resident size of the whole process during the timed work, libraries and data
included; "the work" is how far that is above the size right before, when everything is loaded and warmed up.

Machine: {cpu}, {cores} cores, {memory_gib} GiB, Python {python}. {threads} threads for everybody. The linear algebra
beneath them has one thread, which is what implicit asks for and ours wants, where nothing else is said. Settings that
decide quality were chosen on training events held out: the peers' on a tenth of them (`--tune`, grids in tune.py), ours
as tasks.py says; what is not named is each library's default. The first figure of EASE is with one thread."""
