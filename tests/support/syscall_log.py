"""What a program did to the files of a folder, call by call, as strace saw it; and the files in between."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TRACED = "openat,write,pwrite64,ftruncate,unlink,unlinkat,rename"
LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
DESCRIPTOR = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
MOST_BYTES = 1 << 24
UNFINISHED = " <unfinished ...>\n"


@dataclass(frozen=True)
class Call:
    """One successful call. `path` is the file's; `data` was written at `at`, where -1 is its end."""

    name: str
    path: str
    data: bytes = b""
    at: int = -1
    words: str = ""


def can_trace() -> bool:
    """Whether strace is there and may trace."""
    try:
        done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def trace(argv: list[str], log: Path, environment: dict[str, str], cwd: Path | None = None) -> list[Call]:
    """Run a program to its end; its calls that concern files, in order."""
    options = ["-f", "-y", "-xx", "-s", str(MOST_BYTES), "-e", f"trace={TRACED}", "-o", str(log)]
    done = subprocess.run(
        ["strace", *options, *argv],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with log.open() as lines:
        return [call for line in _whole(lines) for call in _call(line)]


def _whole(lines: Iterable[str]) -> Iterator[str]:
    """Calls that were interrupted by another thread's, put together where they ended."""
    begun: dict[str, str] = {}
    for line in lines:
        process = line.split(" ", 1)[0]
        if line.endswith(UNFINISHED):
            begun[process] = line.removesuffix(UNFINISHED)
        elif " resumed>" in line[:80]:
            yield begun.pop(process, "") + line.split(" resumed>", 1)[1]
        else:
            yield line


def _call(line: str) -> Iterator[Call]:
    match = LINE.match(line)
    if match is None or int(match[3]) < 0:
        return
    name, words, result = match[1], match[2], int(match[3])
    texts = [_bytes(text) for text, cut in TEXT.findall(words)]
    descriptor = DESCRIPTOR.match(words)
    path = _bytes(descriptor[2]).decode() if descriptor else ""
    match name:
        case "openat" | "unlinkat":
            yield Call(name, str(Path(path) / texts[0].decode()), words=words.rsplit('"', 1)[1])
        case "unlink":
            yield Call(name, texts[0].decode())
        case "rename":
            yield Call(name, texts[0].decode(), texts[1])
        case "write":
            yield Call(name, path, texts[0][:result])
        case "pwrite64":
            yield Call(name, path, texts[0][:result], int(words.rsplit(",", 1)[1]))
        case "ftruncate":
            yield Call(name, path, at=int(words.rsplit(",", 1)[1]))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


@dataclass
class Files:
    """The files of one folder as calls change them."""

    files: dict[str, bytearray] = field(default_factory=dict)

    def apply(self, call: Call) -> None:
        """Carry out a call."""
        name = Path(call.path).name
        match call.name:
            case "openat":
                if "O_CREAT" in call.words and (name not in self.files or "O_TRUNC" in call.words):
                    self.files[name] = bytearray()
            case "unlink" | "unlinkat":
                self.files.pop(name, None)
            case "ftruncate":
                file = self.files[name]
                del file[call.at :]
                file.extend(bytes(call.at - len(file)))
            case "write" | "pwrite64":
                file = self.files[name]
                at = len(file) if call.at < 0 else call.at
                file.extend(bytes(max(0, at - len(file))))
                file[at : at + len(call.data)] = call.data

    def copy(self) -> Files:
        """The same files, to be changed without these."""
        return Files({name: bytearray(data) for name, data in self.files.items()})

    def lay_out(self, folder: Path) -> None:
        """Make a folder that holds just these; zeros become holes."""
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            if path.name not in self.files:
                path.unlink()
        for name, data in self.files.items():
            with (folder / name).open("wb") as file:
                for at in range(0, len(data), 1 << 16):
                    piece = data[at : at + (1 << 16)]
                    if piece.count(0) < len(piece):
                        file.seek(at)
                        file.write(piece)
                file.truncate(len(data))
