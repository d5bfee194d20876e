"""QEMU's monitor: one command at a time, from plain synchronous code."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from qemu.qmp import ConnectError, QMPClient, QMPError
from qemu.qmp.qmp_client import ExecuteError

from burnlab.vm.errors import VmError

_RETRY_SECONDS = 0.05


class Qmp:
    """A connection to a monitor socket."""

    def __init__(
        self, socket: Path, *, timeout: float = 30, alive: Callable[[], None] = lambda: None
    ) -> None:
        """Connect, trying until the timeout is over; `alive` raises once waiting is pointless."""
        self._runner = asyncio.Runner()
        self._client = QMPClient("burnlab")
        # The library reports each failed attempt as an error; here they are part of waiting.
        self._client.logger.disabled = True
        deadline = time.monotonic() + timeout
        while True:
            alive()
            try:
                left = max(deadline - time.monotonic(), 0.1)
                self._runner.run(asyncio.wait_for(self._client.connect(str(socket)), left))
                return
            except (ConnectError, TimeoutError) as error:
                if time.monotonic() > deadline:
                    self._runner.close()
                    raise VmError(
                        f"QEMU's monitor at {socket} doesn't answer",
                        "Another program may be connected to it; or end the machine: burnlab vm stop",
                    ) from error
            time.sleep(_RETRY_SECONDS)

    def execute(
        self, command: str, arguments: Mapping[str, object] | None = None, timeout: float = 60
    ) -> object:
        """Run a monitor command and return its answer.

        Raises VmError if QEMU refuses it or is gone.
        """
        call = self._client.execute(command, dict(arguments) if arguments else None)
        try:
            return self._runner.run(asyncio.wait_for(call, timeout))
        except ExecuteError as error:
            raise VmError(f"QEMU refuses {command}: {error}") from error
        except (QMPError, EOFError, OSError, TimeoutError) as error:
            raise VmError(f"QEMU's monitor went away during {command}", "See: burnlab vm status") from error

    def close(self) -> None:
        """Hang up."""
        try:
            self._runner.run(self._client.disconnect())
        except (QMPError, EOFError, OSError):
            pass  # QEMU was told to quit and hung up first
        finally:
            self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
