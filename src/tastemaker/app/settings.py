"""How the app was started: which project, who may change it. Passed to its process through the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import ip_address
from pathlib import Path

PROJECT = "TASTEMAKER_APP_PROJECT"
READ_ONLY = "TASTEMAKER_APP_READ_ONLY"
ADDRESS = "TASTEMAKER_APP_ADDRESS"
ADMIN_KEY = "TASTEMAKER_ADMIN_KEY"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """address: where the app listens; admin_key: what changes ask for, "" = nothing was set"""

    root: Path
    read_only: bool = False
    address: str = LOOPBACK
    admin_key: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        said = os.environ if environment is None else environment
        return cls(
            Path(said.get(PROJECT, ".")),
            said.get(READ_ONLY, "") == "1",
            said.get(ADDRESS, LOOPBACK),
            said.get(ADMIN_KEY, ""),
        )

    def as_environment(self) -> dict[str, str]:
        key = {ADMIN_KEY: self.admin_key} if self.admin_key else {}
        return {PROJECT: str(self.root), READ_ONLY: str(int(self.read_only)), ADDRESS: self.address, **key}

    def may_change(self, key: str = "") -> bool:
        """May whoever gives this key change the project? Without a key that was set, only on this very machine."""
        if self.read_only:
            return False
        if not self.admin_key:
            return on_this_machine(self.address)
        return compare_digest(key.encode(), self.admin_key.encode())

    @property
    def wants_key(self) -> bool:
        """Would a key help?"""
        return bool(self.admin_key) and not self.read_only


def on_this_machine(address: str) -> bool:
    """Does nobody but this machine reach that address?"""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
