"""A folder that the burn program can't leave: what it would do outside of it is refused, as by permissions.

An audit hook sees every file that is opened, every directory that is listed and every change. It can't be
taken away again, so it only acts while a sandbox is in use.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

_CHANGES = {
    "os.mkdir": 1, "os.rmdir": 1, "os.remove": 1, "os.rename": 2, "os.link": 2, "os.chmod": 1, "os.chown": 1,
    "os.utime": 1, "os.truncate": 1, "os.setxattr": 1, "os.removexattr": 1, "os.chdir": 1, "shutil.rmtree": 1,
}  # fmt: skip
"""Events, and how many of their first arguments are paths that have to lie in the folder."""
_LOOKS = ("os.scandir", "os.listdir")
_NEVER = (
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn",
    "os.kill", "os.killpg", "socket.connect", "socket.bind", "socket.sendto", "signal.pthread_kill",
)  # fmt: skip
_LIBRARIES = tuple(
    {
        *(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib")),
        sys.prefix,
        sys.base_prefix,
        str(Path(__file__).parent.parent.parent / "src"),
        str(Path(__file__).parent.parent),
    }
)
_inside = ""
_hooked = False


@contextmanager
def only(folder: Path) -> Iterator[None]:
    """Let nothing be touched but what lies in this folder, which becomes the working directory."""
    global _inside, _hooked  # noqa: PLW0603
    if not _hooked:
        sys.addaudithook(_look)
        _hooked = True
    before = Path.cwd()
    os.chdir(folder)
    _inside = str(folder.resolve())
    try:
        with patch("os.mkfifo", _refuse), patch("os.mknod", _refuse):
            yield
    finally:
        _inside = ""
        os.chdir(before)


def _refuse(*_arguments: object, **_more: object) -> NoReturn:
    raise PermissionError(13, "the fuzzer lets nothing out of its folder")


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if not _inside:
        return None
    if event in _NEVER:
        _refuse()
    if event == "os.symlink":
        return _check(arguments[1])
    if event == "open":
        return _check(arguments[0], reading=not isinstance(arguments[2], int) or not arguments[2] & _WRITING)
    if event in _LOOKS:
        return _check(arguments[0], reading=True)
    for path in arguments[: _CHANGES.get(event, 0)]:
        _check(path)
    return None


_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _check(path: object, *, reading: bool = False) -> None:
    if path is None or isinstance(path, int):
        return
    text = os.fsdecode(path)  # type: ignore[arg-type]
    try:
        real = os.path.realpath(text)
    except ValueError:
        return  # a NUL within: the call itself will refuse it
    if real == _inside or real.startswith(f"{_inside}/"):
        return
    if reading and (real.startswith(_LIBRARIES) or not os.path.lexists(real)):
        return
    _refuse()
