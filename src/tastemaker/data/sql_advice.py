"""What to do when a database server cannot be opened or read: one piece of advice for each reason that it gives."""

import re

ADVICE = (
    (r"password authentication failed|no password supplied|SCRAM", "The password is wrong or missing: correct it in "
     "the URL (postgresql://user:password@host/db), or set PGPASSWORD."),
    (r"role \S+ does not exist", "No such user on that server: correct the name before the @ in the URL."),
    (r"database \S+ does not exist", "No such database on that server: correct the name at the end of the URL."),
    (r"no pg_hba.conf entry", "The server lets nobody in from here: add this machine to its pg_hba.conf."),
    (r"too many (connections|clients)|remaining connection slots", "The server is full: try again later."),
    (r"resolve host|translate host|Name or service|nodename nor servname", "No such host: correct it in the URL."),
    (r"permission denied", "This user may not read it: whoever owns it runs GRANT SELECT ON that table TO this user "
     "(and GRANT USAGE ON its SCHEMA), or name another user in the URL."),
    (r"statement timeout|lock timeout", "The server stops what takes so long: raise statement_timeout for this user, "
     "or write a SELECT of fewer rows."),
    (r"timeout|timed out", "Nothing came back in time: is the host right, and does a firewall stand between?"),
    (r"refused", "No server listens there: start it, or correct host and port in the URL."),
)  # fmt: skip
OTHERWISE = "Start the server or correct the URL."


def advice(reason: str, otherwise: str = OTHERWISE) -> str:
    """The next step for a server's first line of complaint."""
    found = (step for pattern, step in ADVICE if re.search(pattern, reason, re.IGNORECASE))
    return next(found, otherwise)
