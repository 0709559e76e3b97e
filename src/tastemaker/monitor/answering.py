"""Who answered when: read off the log of activations and the experiments that ran, moment by moment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from ..data.arms import TREATMENT, deal
from ..data.arrays import Bool, Int64
from ..store.experiments import Experiment, list_experiments
from ..store.versions import list_activations, list_versions

NOBODY = -1


@dataclass(frozen=True)
class Answering:
    """Entries an outcome: version, int64 (n,), NOBODY where nothing was active; test and treatment of an experiment.

    sure: bool (n,), False where a clock that jumped back leaves open whether the version had learned of the moment
    """

    version: Int64
    test: Int64
    treatment: Bool
    sure: Bool


@dataclass(frozen=True)
class Log:
    """
    version, at: int64 (a,) activations that somebody was answered by, in time; at: UTC seconds
    peak:        int64 (a,), the latest moment that the clock had shown when each was written
    data_to:     version -> the last moment that it learned from; 0 = no real event
    """

    version: Int64
    at: Int64
    peak: Int64
    data_to: dict[int, int]
    tests: Sequence[Experiment]

    @classmethod
    def read(cls, conn: Connection) -> "Log":
        found = list_activations(conn)
        version, at = (np.array([row[name] for row in found], np.int64) for name in ("version", "at"))
        after = np.append(np.minimum.accumulate(at[::-1])[::-1][1:], np.iinfo(np.int64).max)[: len(at)]
        kept = at < after  # else one that was written later says that it began no later
        learned = {v.id: v.data_to or 0 for v in list_versions(conn)}
        return cls(version[kept], at[kept], np.maximum.accumulate(at)[kept], learned, list_experiments(conn))

    @property
    def first(self) -> int | None:
        """When something answered for the first time; None = never."""
        return int(self.at[0]) if len(self.at) else None

    def answering(self, users: Sequence[str], moments: Int64) -> Answering:
        """Who answered these users, (n,), at these moments, int64 (n,): the version activated last, strictly before."""
        place = np.searchsorted(self.at, moments, side="left") - 1
        some = place >= 0
        version = np.where(some, np.append(self.version, NOBODY)[place], NOBODY)
        test, treatment = np.full(len(moments), NOBODY, np.int64), np.zeros(len(moments), bool)
        for experiment in self.tests:
            self._deal(experiment, users, moments, version, test, treatment)
        learned = np.array([self.data_to.get(v, 0) for v in version.tolist()], np.int64)
        sure = some & ((moments > np.append(self.peak, 0)[place]) | (moments > learned))
        return Answering(version, test, treatment, sure)

    @staticmethod
    def _deal(
        one: Experiment, users: Sequence[str], moments: Int64, version: Int64, test: Int64, treatment: Bool
    ) -> None:
        """Writes the arms of those who were answered while it ran, and the active version was the one of its start."""
        ends = np.iinfo(np.int64).max if one.ended_at is None else one.ended_at
        mine = (moments > one.started_at) & (moments <= ends) & (version == one.settings["active"])
        arms: dict[str, bool] = {}
        for at in np.flatnonzero(mine & (test == NOBODY)).tolist():
            user = users[at]
            if user not in arms:
                arms[user] = deal(user, one.salt, one.share) == TREATMENT
            test[at], treatment[at] = one.id, arms[user]
            version[at] = one.treatment if arms[user] else one.control
