"""Run by test_experiments: starts experiments, meets users and stops again until somebody kills it."""

import sys
from itertools import count
from pathlib import Path

from tastemaker.store import Store
from tastemaker.store.experiments import NewExperiment, expose, running, start_experiment, stop_experiment

if __name__ == "__main__":
    store = Store.open(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for n in count():
        with store.begin() as conn:
            if running(conn) is None:
                start_experiment(conn, NewExperiment(control=1, treatment=2 + n % 2))
        with store.begin() as conn:
            expose(conn, [f"{sys.argv[2]} {n} {k}" for k in range(20)], n)
        with store.begin() as conn:
            stop_experiment(conn, f"turn {n}")
