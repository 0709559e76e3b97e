"""What a service is started with; handed to its workers as one JSON text in the environment."""

import json
import os
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

ENVIRONMENT = "TASTEMAKER_SERVICE"


@dataclass(frozen=True)
class Settings:
    """
    projects:    directories
    open_door:   no key is asked for (--insecure-local, on loopback only)
    deadline_ms: how long an answer may take; what is slower is answered by a lower level, labelled
    batch:       queries scored together at most
    rate, burst: requests a second for a key, split evenly among the workers, and how many may come at once
    body_bytes, batch_rows, page: the largest request, events or items in one, and rows of a page
    spool_bytes: events kept on disk at most while the database is away
    memory_mb:   arrays that the models of one project may hold; 0 = no limit
    poll_ms:     how often a worker looks for what others changed
    repeat_s:    an unchanged user's answer is given again for so long; 0 = made anew each time
    tick_s:      the service calls `tick` of each project so often; 0 = somebody else does
    run_jobs:    a job that is asked for starts a process of its own; False = somebody else calls `jobs run`
    """

    projects: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    server: str = "uvicorn"
    open_door: bool = False
    deadline_ms: int = 500
    batch: int = 64
    rate: float = 10_000.0
    burst: float = 20_000.0
    body_bytes: int = 2 << 20
    batch_rows: int = 1000
    page: int = 1000
    spool_bytes: int = 256 << 20
    memory_mb: int = 0
    poll_ms: int = 250
    slates: bool = True
    repeat_s: float = 30.0
    tick_s: int = 0
    run_jobs: bool = True
    access_log: bool = False
    marks: str = ""  # the file in which workers tell each other of changed users

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of_environment(cls) -> Self:
        found = json.loads(os.environ[ENVIRONMENT])
        known = {field.name for field in fields(cls)}
        said: dict[str, Any] = {k: tuple(v) if k == "projects" else v for k, v in found.items() if k in known}
        return cls(**said)
