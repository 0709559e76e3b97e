"""An experiment that a retraining began is ended by its verdict: nobody has to look."""

from time import time

from .. import store as database
from ..experiment import look
from ..store import Store
from ..store.experiments import overtaken, running, stop_experiment

OURS = "retrain: "  # how the reason of such an experiment begins; those of a person are left to the person


def conclude(store: Store, now: int | None = None) -> str | None:
    """The verdict that was acted upon, or None: nothing runs, or it has to go on.

    The winner answers everybody; a treatment that is not better is rejected. Another activation ends it, too.
    """
    now = int(time()) if now is None else now
    with store.read() as conn:
        found = running(conn)
    if found is None or not found.reason.startswith(OURS):
        return None
    report = look(store, found.id, now)
    with store.begin() as conn:
        still, lost = running(conn), overtaken(conn, found)
        if still is not None and not lost and report.verdict.kind in ("open", "early", "blocked"):
            return None
        said = "another version was activated" if lost else report.verdict.sentence
        if still is not None:
            stop_experiment(conn, said, vars(report.verdict), now)
        database.record_decision(conn, "experiment", said, now, found.treatment)
        if not lost and report.verdict.kind == "treatment":
            database.activate(conn, found.treatment, f"experiment {found.id}: {said}", now)
        elif database.version(conn, found.treatment).state in ("candidate", "challenger"):
            database.set_state(conn, found.treatment, "rejected")
    return said
