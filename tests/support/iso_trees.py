"""Random trees on disk, and images of them by the real xorriso with all dates fixed."""
# ruff: noqa: PTH101, PTH103, PTH123, PTH211

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

NOW = 1_700_000_000
PREPARER = "IDENTITY TEST"
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@dataclass(frozen=True)
class Leaf:
    """What a name stands for: `kind` is one of file, link, fifo, char, block, hard; `value` its bytes,
    target or number.
    """

    kind: str
    value: bytes = b""
    mode: int = 0o644
    owner: int = 0
    mtime: int = NOW
    xattrs: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Folder:
    """A directory."""

    children: tuple[tuple[bytes, Leaf | Folder], ...]
    mode: int = 0o755
    mtime: int = NOW
    xattrs: tuple[tuple[str, bytes], ...] = ()


# Strategies.

ALIKE = ["Readme.TXT", "README.txt", "readme.txt", "readme.TXT", "a b", "a_b", "a+b", "A B", "x.y.z", "x_y.z"]
ODD = [
    "...",
    "..a",
    "a..",
    ".h",
    "a.",
    "a",
    "A",
    "-",
    " ",
    "\n",
    "é",
    "ß.ü",
    "𝄞.x",
    "日本",
    "a;1",
    "a*?:/"[:4],
    "\\",
]


def long_name(letter: str, length: int, extension: str) -> bytes:
    """A name of many equal letters."""
    return (letter * max(1, length - len(extension)) + extension).encode()[:255]


def names() -> st.SearchStrategy[bytes]:
    """Leaf names: plain, alike after mangling, long, with dots, not UTF-8."""
    raw = st.binary(min_size=1, max_size=24).map(lambda b: b.replace(b"/", b"\xfe").replace(b"\0", b"\xff"))
    return st.one_of(
        st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,4})?", fullmatch=True).map(str.encode),
        st.sampled_from(ALIKE + ODD).map(str.encode),
        st.builds(
            long_name,
            st.sampled_from("aAbé_"),
            st.sampled_from(
                [20, 26, 27, 28, 29, 30, 31, 32, 33, 40, 63, 64, 65, 66, 67, 100, 180, 200, 240, 255]
            ),
            st.sampled_from(["", ".t", ".txt", ".html", ".longextension", "." + "e" * 40, "0", ".A"]),
        ),
        st.text(min_size=1, max_size=30).map(
            lambda t: t.replace("/", "|").replace("\0", "0").encode("utf-8", "replace")[:200]
        ),
        raw,
    ).filter(lambda n: n not in (b".", b"..") and 0 < len(n) <= 255)


def targets() -> st.SearchStrategy[bytes]:
    """Link targets of odd shapes.

    A name of more than 248 bytes comes first only: behind another that fills an SL field, xorriso 1.5.4
    writes a wrong length for its second part, so that the link reads back as a different one. We don't.
    """
    part = st.one_of(
        st.sampled_from([b"", b".", b"..", b"a", b"dir", b"..."]),
        st.integers(1, 248).map(lambda n: b"t" * n),
        st.sampled_from([243, 244, 245, 246, 247, 248]).map(lambda n: b"s" * n),
    )
    first = st.one_of(part, part, st.integers(249, 255).map(lambda n: b"f" * n))
    joined = st.builds(lambda head, rest: b"/".join([head, *rest]), first, st.lists(part, max_size=12))
    return joined.filter(lambda t: 0 < len(t) <= 1000)


TIMES = st.one_of(
    st.integers(NOW - 10**8, NOW),
    st.sampled_from([0, 1, -1, -(2**31), 2**31, 2**32, 5869583999, 951782400 + 86399]),
)
MODES = st.sampled_from([0o644, 0o755, 0o600, 0o4755, 0o2755, 0o1777, 0o000, 0o7777])
SIZES = st.sampled_from([0, 0, 1, 5, 2047, 2048, 2049, 4096, 7000, 40000])


def contents() -> st.SearchStrategy[bytes]:
    """File contents: empty, around a block, some blocks."""
    return st.builds(
        lambda size, seed: (seed * (size // len(seed) + 1))[:size], SIZES, st.binary(min_size=1, max_size=9)
    )


def xattrs() -> st.SearchStrategy[tuple[tuple[str, bytes], ...]]:
    """Attributes of the namespace `user`. None is empty: on some of those xorriso 1.5.4 gives up."""
    name = st.from_regex(r"user\.[a-z]{1,12}", fullmatch=True)
    value = st.one_of(
        st.binary(min_size=1, max_size=20),
        st.sampled_from([100, 200, 250, 255, 256, 600, 1500]).map(lambda n: b"v" * n),
    )
    some = st.dictionaries(name, value, min_size=1, max_size=3).map(lambda d: tuple(d.items()))
    return st.one_of(st.just(()), st.just(()), some)


def leaves(*, links: bool = True) -> st.SearchStrategy[Leaf]:
    """Anything but a directory; hard links if wanted."""
    common = {
        "mode": MODES,
        "owner": st.sampled_from([0, 1, 1000, 65534, 2**31]),
        "mtime": TIMES,
        "xattrs": xattrs(),
    }
    return st.one_of(
        st.builds(Leaf, st.just("file"), contents(), **common),
        st.builds(Leaf, st.just("file"), contents(), **common),
        st.builds(Leaf, st.just("file"), contents(), **common),
        st.builds(Leaf, st.just("link"), targets(), mtime=TIMES),
        st.builds(Leaf, st.just("hard" if links else "fifo")),
        st.builds(Leaf, st.just("fifo"), mtime=TIMES, mode=MODES),
        st.builds(
            Leaf,
            st.sampled_from(["char", "block"]),
            st.sampled_from([b"1:3", b"8:17", b"259:300000"]),
            mtime=TIMES,
        ),
    )


def folders(leaf: st.SearchStrategy[Leaf] | None = None) -> st.SearchStrategy[Folder]:
    """Trees of moderate size, a few of them deep or with many entries."""
    leaf = leaves() if leaf is None else leaf

    def level(children: st.SearchStrategy[Leaf | Folder]) -> st.SearchStrategy[Folder]:
        entries = st.dictionaries(names(), children, max_size=7).map(lambda d: tuple(d.items()))
        return st.builds(Folder, entries, MODES, TIMES, xattrs())

    flat = level(leaf)
    tree = level(
        st.one_of(leaf, leaf, st.recursive(flat, lambda inner: level(st.one_of(inner, leaf)), max_leaves=6))
    )
    return st.one_of(
        tree,
        tree,
        tree,
        st.builds(_deep, flat, st.integers(2, 14)),
        st.builds(_wide, tree, st.integers(10, 60)),
        st.builds(
            _crowded,
            tree,
            st.integers(2, 14),
            st.sampled_from([1, 5, 11, 12, 13, 26, 27, 28, 29, 30, 58, 59, 60, 61, 62, 63, 64, 100]),
            st.sampled_from(["", ".", ".t", ".html", "." + "e" * 17, "." + "f" * 27, "." + "g" * 61]),
        ),
    )


def _deep(folder: Folder, levels: int) -> Folder:
    """The same at the end of a chain of directories."""
    for level in range(levels):
        folder = Folder(((b"level%d" % level, folder), (b"leaf", Leaf("file", b"x" * level))))
    return folder


def _wide(folder: Folder, count: int) -> Folder:
    """With many more files beside, of all lengths of names if their count is odd."""
    more = tuple(
        (b"Some file %03d.data" % n + b"+" * (n * count * 7 % 230 * (count % 2)), Leaf("file", b"%d" % n))
        for n in range(count)
    )
    have = {name for name, _ in more}
    return Folder(
        (*more, *(entry for entry in folder.children if entry[0] not in have)), folder.mode, folder.mtime
    )


def _crowded(folder: Folder, count: int, length: int, extension: str) -> Folder:
    """With more entries that are alike, a few of them directories, and two that have numbers already."""
    stem = "c" * (length - 1)
    alike = [(stem + mark + extension).encode() for mark in "*?:;\\\1\2\3\4\5\6\7\x0b\x0e"[:count]]
    more = {name: Leaf("file", name[-9:]) for name in alike}
    more |= {(stem[:-1] + number + extension).encode(): Leaf("file") for number in ("_0", "03")}
    nodes: dict[bytes, Leaf | Folder] = {**more, **{name: Folder(()) for name in alike[5:7]}}
    entries = dict(folder.children)
    return Folder(
        (*nodes.items(), *((n, entries[n]) for n in entries if n not in nodes)), folder.mode, folder.mtime
    )


# On disk.


@dataclass
class Builder:
    """Puts trees on disk. Files that a `hard` leaf may link to are remembered."""

    files: list[bytes] = field(default_factory=list)

    def build(self, path: bytes, node: Leaf | Folder) -> None:
        """Create a node; nothing of that name may exist, but for a directory."""
        if isinstance(node, Folder):
            os.makedirs(path, exist_ok=True)
            for name, child in node.children:
                self.build(path + b"/" + name, child)
            self._finish(path, node.mode, node.mtime, node.xattrs)
            return
        if node.kind == "hard" and self.files:
            os.link(self.files[len(path) % len(self.files)], path, follow_symlinks=False)
            return
        if node.kind in ("char", "block"):
            major, minor = map(int, node.value.split(b":"))
            kind = stat.S_IFCHR if node.kind == "char" else stat.S_IFBLK
            os.mknod(path, kind | 0o600, os.makedev(major, minor))
        elif node.kind == "fifo":
            os.mkfifo(path)
        elif node.kind == "link":
            os.symlink(node.value, path)
        else:
            with open(path, "wb") as file:
                file.write(node.value)
        self.files.append(path)
        os.chown(path, node.owner, node.owner, follow_symlinks=False)
        self._finish(path, None if node.kind == "link" else node.mode, node.mtime, node.xattrs)

    @staticmethod
    def _finish(path: bytes, mode: int | None, mtime: int, attributes: Sequence[tuple[str, bytes]]) -> None:
        for name, value in attributes:
            with suppress(OSError):  # a file system may have no room for more
                os.setxattr(path, name, value)
        if mode is not None:
            os.chmod(path, mode)
        os.utime(path, (mtime, mtime), follow_symlinks=False)


OWN_FAULT = b"Image is most likely damaged"


class PeerFailedError(Exception):
    """xorriso 1.5.4 sometimes miscounts the blocks of large continuation areas, notices it, and gives up."""


def run_xorriso(
    *words: str | bytes, fds: Sequence[int] = (), now: int = NOW
) -> subprocess.CompletedProcess[bytes]:
    """Run the real program; its dates are fixed.

    Raises:
        PeerFailedError: it failed by a fault of its own.
        AssertionError: it failed otherwise.
    """
    argv = [b"xorriso", b"-no_rc", b"-report_about", b"SORRY", *map(os.fsencode, words)]
    environment = {**ENVIRONMENT, "SOURCE_DATE_EPOCH": str(now)}
    done = subprocess.run(argv, capture_output=True, env=environment, pass_fds=fds, stdin=subprocess.DEVNULL)
    if OWN_FAULT in done.stderr:
        raise PeerFailedError(f"xorriso says that its own image is damaged: {done.stderr!r}")
    assert done.returncode == 0, (argv, done.stderr.decode(errors="replace"))
    return done


def write_tree(folder: Path, tree: Folder) -> bytes:
    """Put a tree on disk; its path."""
    path = os.fsencode(folder)
    Builder().build(path, tree)
    return path
