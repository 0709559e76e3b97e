"""Our collaborative engine beside implicit, LightFM, RecTools, LensKit, Cornac, Surprise, ranx and faiss.

python benchmarks/peers/run.py --data FOLDER     FOLDER holds train.txt and test.txt, each line: user item item …
python benchmarks/peers/run.py --quick           a tiny version of everything on generated data, in about a minute

The first run builds an environment for each competitor under --out. Every competitor is a process of its own that stays
for all rounds of a task; rounds go in turn (ours, one peer, the next, ours again …), so that a machine that drifts hits
all alike. Ratios are medians of the ratios of each round, with their range. Results are kept in results.json: what
--only leaves out keeps its last figures, so that the page can be completed in pieces. Linux, for its memory figures.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import time
from pathlib import Path

from peers.drive import Answer, Stage, compete
from peers.install import NEEDS, ROOT, Installed, install
from peers.report import markdown, terminal
from peers.tasks import Task, all_tasks
from peers.tune import tune

OUT = ROOT / "benchmarks" / "out" / "peers"


def main() -> None:
    chosen = _arguments()
    out: Path = chosen.out / "quick" if chosen.quick else chosen.out
    out.mkdir(parents=True, exist_ok=True)
    installed = _install_all(chosen.out / "venvs")
    if chosen.quick or chosen.data:
        world = _world(None if chosen.quick else chosen.data, out, installed["tastemaker"])
        stage = Stage(installed, world, chosen.threads, out / "workers.log")
        if chosen.tune:
            tune(_names(chosen.only), stage)
            return
        _measure(chosen, stage, out)
    if chosen.write_docs:
        _write_docs(_read(out / "results.json"), out, installed["tastemaker"])


def _install_all(folder: Path) -> dict[str, Installed]:
    installed = {name: install(name, folder) for name in NEEDS}
    for name, found in installed.items():
        print(f"{name}: {found.error or ', '.join(f'{k} {v}' for k, v in found.versions.items())}", flush=True)
    if installed["tastemaker"].error:
        raise SystemExit("Ours will not install, so there is nothing to compare. See the line above.")
    return installed


def _measure(chosen: argparse.Namespace, stage: Stage, out: Path) -> None:
    """Run the wanted tasks; each one's results are kept as soon as it ends."""
    tasks = all_tasks(chosen.quick, stage.world if chosen.quick else chosen.ratings)
    results = _read(out / "results.json") | {"machine": _machine(chosen.threads), "quick": chosen.quick}
    results["installed"] = {name: {"versions": i.versions, "error": i.error} for name, i in stage.installed.items()}
    done = results.setdefault("tasks", {})
    for task in _wanted(tasks, chosen.only):
        print(f"\n{task.name}: {task.title}", flush=True)
        done[task.name] = _run(task, chosen.rounds, stage)
        print(terminal(done[task.name]), flush=True)
        known = [task.name for task in tasks]
        order = [*known, *(name for name in done if name not in known)]
        done = results["tasks"] = {name: done[name] for name in order if name in done}
        (out / "results.json").write_text(json.dumps(results, indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=_path, help="a folder with train.txt and test.txt")
    parser.add_argument("--ratings", type=_path, help="a folder with ratings.csv: user, item, rating, timestamp")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="tasks, or beginnings of their names, separated by commas")
    parser.add_argument("--quick", action="store_true", help="tiny, on generated data: not to be quoted")
    parser.add_argument("--out", type=_path, default=OUT, help="environments, data and results.json")
    parser.add_argument("--tune", action="store_true", help="choose settings on held-out events (--only: which), end")
    parser.add_argument("--write-docs", action="store_true", help="docs/benchmarks.md and .png from all results so far")
    chosen = parser.parse_args()
    if not (chosen.quick or chosen.data or chosen.write_docs):
        parser.error("--data FOLDER is needed, or --quick")
    return chosen


def _path(text: str) -> Path:
    return Path(text).resolve()


def _wanted(tasks: list[Task], only: str) -> list[Task]:
    names = _names(only)
    return [t for t in tasks if not names or any(t.name == name or t.name.startswith(f"{name}-") for name in names)]


def _names(only: str) -> list[str]:
    return [name.strip() for name in only.split(",") if name.strip()]


def _world(data: Path | None, out: Path, ours: Installed) -> Path:
    """The folder of arrays that all competitors read, made once from the same text."""
    source = "generated" if data is None else str(data)
    texts = [] if data is None else [(data / f"{part}.txt").read_bytes() for part in ("train", "test")]
    folder = out / f"world-{hashlib.sha256(b''.join(texts)).hexdigest()[:12]}"
    if not (folder / "done").exists():
        print("preparing the data …", flush=True)
        line = [ours.python, "-m", "peers.world", source, str(folder)]
        subprocess.run(line, cwd=ROOT / "benchmarks", check=True)
    return folder


def _run(task: Task, rounds: int, stage: Stage) -> Answer:
    start = time.time()
    records = compete(task, rounds, stage)
    facts = {name: getattr(task, name) for name in ("name", "title", "unit", "higher", "note")}
    duels = [[duel.ours, duel.peer, duel.target] for duel in task.duels]
    return facts | {"duels": duels, "entries": records, "seconds": time.time() - start, "when": time.strftime("%F")}


def _machine(threads: int) -> Answer:
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": cpu[0].split(":")[1].strip() if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "python": platform.python_version(),
        "threads": threads,
    }


def _read(file: Path) -> Answer:
    found: Answer = json.loads(file.read_text()) if file.exists() else {}
    return found


def _write_docs(results: Answer, out: Path, ours: Installed) -> None:
    docs = out if results["quick"] else ROOT / "docs"
    (docs / "benchmarks.md").write_text(markdown(results))
    line = [ours.python, "-m", "peers.plot", str(out / "results.json"), str(docs / "benchmarks.png")]
    subprocess.run(line, cwd=ROOT / "benchmarks", check=True)
    print(f"written: {docs / 'benchmarks.md'}, {docs / 'benchmarks.png'}")
