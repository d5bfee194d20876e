"""Transcripts of the real xorriso: read, run again with another program, compared by what isn't volatile.

The files that command lines name are made once by the real program; every run gets copies of those it names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

GOLDEN = Path(__file__).parent.parent / "golden" / "xorriso"
RECORDED_AT = "/tmp/xw/w"
TIMEOUT = 300
A_SECOND = 1.1
"""Images know whole seconds: a file that changes later than this has another time."""

COMMANDS_TXT = r"""-outdev na4.iso
-add src src2
-print "two words" -print 'single "inner" quotes'
-volid "Two Words"
-print backslash_\
continuation
-print $HOME -print a\ b
"""
TEXT_FILES = {
    "cmds.txt": COMMANDS_TXT,
    "cmds_end.txt": "-print a\n-end\n-print b\n",
    "cmds_err.txt": "-print a\n-nosuch\n-print b\n",
    "cmds_tail.txt": "-add src\n-print x junk\n-print y\n",
    "dialog1.txt": "-outdev nd1.iso\n-add src2\n-toc_of out:short\nnosuchcmd\n-pwd\n-end\n",
    "dialog2.txt": "-outdev nd2.iso\n-add src2\n",
}
"""Inputs that the transcripts don't show; they follow from what came out."""
STARTUP_FILES = {"a3_startup_file": "-print from_rc\n", "a3_startup_file_err": "-nosuch\n"}
STARTUP_FILES["a3_no_rc_second"] = STARTUP_FILES["a3_startup_file"]
ENVIRONMENT = {"a9_source_date_epoch": {"SOURCE_DATE_EPOCH": "1600000000"}}

MASKS = (
    (re.compile(r"[\d.]+[kmgt]? +free$", re.MULTILINE), "N free"),
    (re.compile(r"\d+ writable , \d+ overall"), "N writable , N overall"),
    (re.compile(r"(in) +\d+(\.\d)? seconds"), r"\1 N seconds"),
    (re.compile(r"[=,] +\d+\.\dx[CDB]"), "= N.NxD"),
    (re.compile(r"\(runtime \d+\.\d s\)"), "(runtime N s)"),
    (re.compile(r"Session MD5 [0-9a-f]{32}"), "Session MD5 HEX"),
    (re.compile(r"[A-Z][a-z]{2} [ \d]\d [ \d]\d:\d\d"), "DATE"),
    (re.compile(r"^((?:Creation|Modif\.) Time *): \d{16}$", re.MULTILINE), r"\1: DATE"),
    (re.compile(r"diff= \d+ s"), "diff= N s"),
    (
        re.compile(
            r"^xorriso : UPDATE : (Writing: |.* MB written |Thank you for being patient|Closing ).*\n", re.M
        ),
        "",
    ),
    (re.compile(r"errno= \d+"), "errno= N"),
)
"""What no two runs have in common: free space, sizes of the file system, times, speeds, digests of dates."""


@dataclass(frozen=True)
class Transcript:
    """One run: what was typed and what came of it."""

    name: str
    command: str
    exit_value: int
    stdout: str
    stderr: str


def read_transcript(path: Path) -> Transcript:
    """Read a transcript file."""
    text = path.read_text(encoding="utf-8")
    head, rest = text.split("#### stdout\n", 1)
    command, exit_line = head.rsplit("#### exit ", 1)
    stdout, rest = rest.split("#### stderr\n", 1)
    stderr = re.split(r"^#### (?:end|timeline)", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return Transcript(path.stem, command.removeprefix("$ ").rstrip("\n"), int(exit_line), stdout, stderr)


def masked(transcript: Transcript, text: str, folder: Path) -> str:
    """A text without its volatile parts, with the folder's name as it was recorded."""
    text = text.replace(str(folder), RECORDED_AT).replace(str(folder.parent), "/tmp/xw")
    if transcript.name == "10_write_seed_style":
        # Each folder above the files takes a block.
        text = re.sub(r"(ISO image produced): \d+", r"\1: N", text)
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


def make_inputs(folder: Path) -> None:
    """Make all files that the transcripts name, with the real program where it takes one."""
    recipe = (GOLDEN / "mksrc.sh").read_text(encoding="utf-8")
    subprocess.run(["sh", "-c", recipe], cwd=folder.parent, check=True)
    (folder / "mksrc").write_text(recipe, encoding="utf-8")
    for name, text in TEXT_FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "big12.bin").write_bytes(b"q" * 12_000_000)
    (folder / "big.bin").write_bytes(b"z" * 2_000_000)
    _grow(folder, "out.iso", "-add", "src", "--")
    _make_sessions(folder)
    image = (folder / "out.iso").read_bytes()
    at = image.rindex(b"hello xorriso\n")
    (folder / "bad.iso").write_bytes(image[:at] + b"J" + image[at + 1 :])
    shutil.copy(folder / "out.iso", folder / "blank.iso")
    subprocess.run(
        ["xorriso", "-outdev", "blank.iso", "-blank", "fast"], cwd=folder, check=True, capture_output=True
    )


def _make_sessions(folder: Path) -> None:
    """Make `ms.iso` and `up.iso`, three sessions, with `ms1.iso` and `ms2.iso` on the way."""
    _grow(folder, "ms1.iso", "-add", "src", "--")
    shutil.copy(folder / "ms1.iso", folder / "ms2.iso")
    _grow(folder, "ms2.iso", "-add", "src2", "--")
    shutil.copy(folder / "ms2.iso", folder / "ms.iso")
    _grow(folder, "ms.iso", "-volid", "THIRD", "-add", "mksrc", "--")
    shutil.copy(folder / "ms.iso", folder / "up.iso")


def _grow(folder: Path, image: str, *words: str) -> None:
    argv = ["xorriso", "-no_rc", "-md5", "on", "-dev", image, "-uid", "0", "-gid", "0", *words]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)


def prepare(transcript: Transcript, inputs: Path, folder: Path) -> None:
    """Fill the folder of one run with what its command line names."""
    for name in ("src", "src2"):
        shutil.copytree(inputs / name, folder / name, symlinks=True)
    for path in inputs.iterdir():
        if path.is_file() and re.search(rf"(?<![\w.]){re.escape(path.name)}\b", transcript.command):
            shutil.copy2(path, folder / path.name)
    if "used.iso" in transcript.command:
        is_blank = "status : is blank" in transcript.stderr.split("Beginning")[0]
        shutil.copy(inputs / ("blank.iso" if is_blank else "out.iso"), folder / "used.iso")
    if transcript.name.startswith("70_multisession"):
        (folder / "ms.iso").unlink()
        before = {"2": "ms1.iso", "3": "ms2.iso"}.get(transcript.name.split("_")[2])
        if before:
            shutil.copy(inputs / before, folder / "ms.iso")
    if transcript.name in ("c5_compare_r", "c5_update_r"):
        # What is compared includes the times of the very inodes that went into the image.
        shutil.copy2(inputs / "mksrc", folder / "mksrc")
        _make_sessions(folder)
        time.sleep(A_SECOND)
        (folder / "src2" / "second.txt").write_text("changed\n", encoding="utf-8")
    (folder / "home").mkdir()
    startup = STARTUP_FILES.get(transcript.name)
    if startup:
        (folder / "home" / ".xorrisorc").write_text(startup, encoding="utf-8")


def run_again(transcript: Transcript, folder: Path, programs: Path) -> Transcript:
    """Run the command line in a prepared folder with the programs of another one; the texts come masked."""
    variables = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
    variables.update(ENVIRONMENT.get(transcript.name, {}))
    command = transcript.command.replace(RECORDED_AT, str(folder)).replace("/tmp/xw", str(folder.parent))
    command = command.replace("< w/", "< ")
    if " fifo " in command:
        os.mkfifo(folder / "fifo")
        command = f"cat fifo >/dev/null & {command}; code=$?; wait; exit $code"
    if "/small/" in command:
        (folder.parent / "small").mkdir()
        command = f"mount -t tmpfs -o size=512k x {folder.parent}/small && {command}"
        command = f"unshare -rm sh -c {_quoted(command)}"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    texts = [
        masked(transcript, raw.decode("utf-8", "surrogateescape"), folder)
        for raw in (done.stdout, done.stderr)
    ]
    return Transcript(transcript.name, transcript.command, done.returncode, *texts)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def install_programs(folder: Path) -> None:
    """Put the program under test into a folder under the names that the transcripts call."""
    for name in ("xorriso", "osirrox"):
        path = folder / name
        path.write_text(
            f"#!{sys.executable}\nfrom burnlab.cli.xorriso import main\nmain()\n", encoding="utf-8"
        )
        path.chmod(0o755)
