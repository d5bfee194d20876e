"""A recorder served by the real command, as a process of its own: so that it can be killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

BURNLAB = (sys.executable, "-m", "burnlab")
BURN = (sys.executable, "-c", "from burnlab.cli.xorriso import main; main()")


def burnlab(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run `burnlab` to its end."""
    return subprocess.run(
        [*BURNLAB, *map(str, words)], capture_output=True, text=True, timeout=120, check=False, **options
    )


def burn(folder: Path, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the burn program in a folder to its end."""
    return subprocess.run(
        [*BURN, *words], cwd=folder, capture_output=True, text=True, timeout=timeout, check=False
    )


def info(disc: Path) -> dict[str, Any]:
    """What `disc info --json` says."""
    told = burnlab("disc", "info", disc, "--json")
    assert told.returncode == 0, told.stderr
    report: dict[str, Any] = json.loads(told.stdout)
    return report


class ServedProcess:
    """`burnlab recorder serve` with a disc or an empty tray; `file_limit` stands for a full disk."""

    def __init__(
        self, folder: Path, disc: Path | None, *words: str, port: int = 0, file_limit: int = 0
    ) -> None:
        self.control = folder / "panel"
        limit = ("prlimit", f"--fsize={file_limit}") if file_limit else ()
        self.process = subprocess.Popen(
            [
                *limit,
                *BURNLAB,
                *("recorder", "serve", *(("--disc", str(disc)) if disc else ())),
                *("--listen", f"127.0.0.1:{port}"),
                *("--control", str(self.control), *words),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("ready iscsi://"):
            self.process.kill()
            raise AssertionError((line, self.process.communicate()))
        self.url = line.removeprefix("ready ").strip()

    def __enter__(self) -> ServedProcess:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.kill()

    @property
    def port(self) -> int:
        """The port that is bound."""
        return int(self.url.removeprefix("iscsi://").split("/")[0].rpartition(":")[2])

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up. One that has ended already is left alone."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def end(self) -> str:
        """SIGTERM; returns what was said on stderr."""
        self.process.send_signal(signal.SIGTERM)
        _, stderr = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, stderr
        return stderr
