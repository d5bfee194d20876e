"""The panel over a UNIX socket: one JSON line asked, one JSON line answered.

The socket belongs to the user who serves (mode 0600): who can connect may load and eject.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from burnlab.disc import DiscError
from burnlab.lab.serving import FolderError, PanelError, ServedRecorder
from burnlab.recorder import FaultError, FaultPlan

REQUESTS = ("load", "eject", "close-tray", "status", "add-faults", "list-faults", "clear-faults")
MAXIMUM_LINE = 1 << 16
TIMEOUT_SECONDS = 60.0


class PanelServer:
    """Answers for a served recorder at a socket."""

    def __init__(self, recorder: ServedRecorder, path: Path) -> None:
        self._recorder = recorder
        self.path = path
        self._listener = _listen(path)
        threading.Thread(target=self._serve, name="panel", daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(TIMEOUT_SECONDS)
                answer = self._answer(_receive_line(connection))
                connection.sendall(json.dumps(answer).encode() + b"\n")

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            match request:
                case {"do": "load", "path": str(path)}:
                    return self._recorder.load(Path(path))
                case {"do": "eject"}:
                    return self._recorder.eject(force=bool(request.get("force")))
                case {"do": "close-tray"}:
                    return self._recorder.close_tray()
                case {"do": "status"}:
                    return self._recorder.status()
                case {"do": "add-faults", "faults": list(tables)}:
                    added = self._recorder.add_faults(FaultPlan.from_tables(tables, "the request"))
                    return {"added": added, "faults": self._recorder.faults()}
                case {"do": "list-faults"}:
                    return {"faults": self._recorder.faults()}
                case {"do": "clear-faults", **rest} if isinstance(names := rest.get("names", []), list):
                    self._recorder.clear_faults([str(name) for name in names])
                    return {"faults": self._recorder.faults()}
            return {"error": "unknown request", "hint": f"ask for one of {', '.join(REQUESTS)}"}
        except (FaultError, FolderError, PanelError) as error:
            return {"error": str(error), "hint": error.hint}
        except RecursionError:
            return {"error": "the request is nested too deep", "hint": "send one plain JSON object"}
        except (DiscError, OSError, ValueError) as error:
            return {"error": str(error), "hint": "see to the disc's folder and the filesystem it lies on"}

    def close(self) -> None:
        """Stop answering and remove the socket."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink(missing_ok=True)


def _listen(path: Path) -> socket.socket:
    if path.exists():
        if _answers(path):
            raise PanelError(f"{path} is in use by another recorder", "name another socket: --control SOCKET")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise PanelError(
            f"{path}: {error.strerror or error}",
            "name a socket in a folder that you can write: --control SOCKET",
        ) from error
    finally:
        os.umask(mask)
    listener.listen()
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _receive_line(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < MAXIMUM_LINE:
        piece = connection.recv(4096)
        if not piece:
            break
        data += piece
    return data


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Ask a running recorder; PanelError if it refuses or isn't there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(_receive_line(connection))
        except (OSError, ValueError) as error:
            raise PanelError(
                f"no recorder answers at {path}",
                "start one: burnlab recorder serve; or name its socket: --control SOCKET",
            ) from error
    if "error" in answer:
        raise PanelError(answer["error"], answer["hint"])
    return answer
