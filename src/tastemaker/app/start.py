"""Starting the app: Streamlit in a process of its own, told by flags, so that no file of settings is needed."""

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ..errors import MissingExtra
from .settings import Settings

MAIN = Path(__file__).with_name("main.py")
COLORS = ["#2f6fb3", "#b8560f", "#2e7d4f", "#8a4fb0", "#b5344c", "#5d6b78"]  # 4.5:1 on white, and told apart
DARK_COLORS = ["#7fb2ea", "#f0a35e", "#74c794", "#c59be6", "#f08b9d", "#b3bfca"]
FLAGS: dict[str, str | list[str]] = {
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showSidebarNavigation": "true",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "200",
    "runner.magicEnabled": "false",
    "runner.postScriptGC": "false",  # which would walk over every object of the catalog after each change, in one go
    "theme.headingFontSizes": ["2rem", "1.4rem", "1.2rem", "1.1rem", "1rem", "1rem"],
    "theme.light.primaryColor": "#1f5f9e",
    "theme.light.textColor": "#1b1f24",
    "theme.light.linkColor": "#1f5f9e",
    "theme.light.chartCategoricalColors": COLORS,
    "theme.dark.primaryColor": "#7fb2ea",
    "theme.dark.textColor": "#f2f4f7",
    "theme.dark.linkColor": "#9cc5f2",
    "theme.dark.chartCategoricalColors": DARK_COLORS,
}


def check_extra() -> None:
    """MissingExtra, with its install line, unless the app can start."""
    for module in ("streamlit", "altair"):
        if find_spec(module) is None:
            raise MissingExtra(module, "app", "The app")


def command(settings: Settings, port: int) -> list[str]:
    """What starts the app's process."""
    flags = {**FLAGS, "server.address": settings.address, "server.port": str(port), "browser.serverPort": str(port)}
    told = [f"--{name}={_plain(value)}" for name, value in flags.items()]
    return [sys.executable, "-m", "tastemaker.app.serve", "run", str(MAIN), *told]


def run_app(settings: Settings, port: int) -> int:
    """Until somebody stops it, by Ctrl-C or by a signal that ends this process; its exit code."""
    check_extra()
    before = signal.signal(signal.SIGTERM, _stopped)
    try:
        with subprocess.Popen(command(settings, port), env=os.environ | settings.as_environment()) as process:
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.terminate()
                process.wait()
                return 0
    finally:
        signal.signal(signal.SIGTERM, before)


def _stopped(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _plain(value: str | list[str]) -> str:
    return value if isinstance(value, str) else json.dumps(value)
