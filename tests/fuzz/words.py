"""Command lines and options files for the burn program, and broken images for all its commands that read
one.

The program runs in memory, in a folder that it can't leave; it may say what it likes and end with what it
likes, but it ends, and nothing raises.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from burnlab.burn.opener import open_stdio
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Streams
from burnlab.xorriso.program import Program
from burnlab.xorriso.table import BY_NAME
from burnlab.xorriso.words import OpenQuote, split_line
from fuzz.discs import folder
from fuzz.engine import Target
from fuzz.sandbox import only
from support import tree_command_lines
from support.iso_images import SAMPLES, sample_image

EXIT_VALUES = range(256)
BLOCK = 2048
LEFT_OUT = frozenset({"named_pipe_loop", "launch_frontend"})
"""Commands that wait for somebody else for as long as that takes, which is what they are for."""
COMMANDS = tuple(sorted(set(BY_NAME) - LEFT_OUT))
WORDS = (
    "--", "", "/", ".", "..", "*", "in.iso", "out.iso", "stdio:out.iso", "stdio:in.iso", "src",
    "src/hello.txt", "/src", "/src/*", "/nosuch", "on", "off", "-1", "0", "1", "32", "99999999999999999999",
    "any", "all", "list", "as_needed", "deep", "full", "fast", "-name", "*.txt", "-exec", "-type", "d",
    "lsdl", "-o", "-a", "(", ")", "-not", "-r", "\\x", "a b", "'", '"', "[", "[a-", "\\", "%", "\udcff",
    "é", "日本", "=", "a=b", "opts", "bad_opts", "-", "stdio:/dev/fd/1", "/dev/sr0", "mmc:x", "disc:x",
    "iscsi://", "u::rwx", "user.x", "0x", "1k", "-5m", "2011050412345678", "=1800000000",
    "Nov 8 14:51:13 2007", "+0000", "mkisofs", "cdrecord", "-v", "dev=out.iso", "dev=stdio:out.iso",
    "blank=fast", "-eject", "-isosize", "in.iso:", "auto", "session", "lba", "volid", "sbsector", "r", "b",
    "e", "o", "m", "c", "errors=x", "min_lba=1", "max_lba=9", "what=disc", "use=indev", "data_to=out",
    "sector_map=map", "patch_lba0=on", "report=blocks", "retry=on", "\\0", "\\x00a", "-backslash_codes",
    "\n", "a"*300, "x"*5000, "utf-8", "ISO-8859-1", "nosuchset", "rm_r", "mv", "-lba_range", "-damaged",
    "-exec_by", "append", "sh_style", "plain", "cmd", "el_torito", "isolinux", "grub", "discard", "keep",
    "bin_path=/src/hello.txt",
)  # fmt: skip
"""What parameters are made of."""
READING = tuple(
    line.split()
    for line in (
        "-toc -pvd_info",
        "-lsl / -- -lsdl /* --",
        "-find / -exec lsdl --",
        "-find / -exec getfattr -- -find / -exec getfacl --",
        "-find / -exec report_lba -- -find / -exec report_sections --",
        "-find / -sort_lba -type f -exec md5sum --",
        "-check_md5_r sorry / --",
        "-check_media --",
        "-check_media use=outdev what=tracks --",
        "-du / -- -dus /* --",
        "-report_el_torito plain -report_system_area plain",
        "-report_el_torito as_mkisofs -report_system_area as_mkisofs",
        "-report_el_torito cmd -report_system_area cmd",
        "-osirrox on -extract / out",
        "-osirrox on -cpx /* out -- -cp_rax /* out --",
        "-osirrox on -concat append out/all /* --",
        "-osirrox on -extract_boot_images out",
        "-compare_r src / -compare_l / / src --",
        "-update_r src /src -rm_r /src --",
        "-show_stream_r / --",
        "-getfacl_r / -- -getfattr_r / --",
        "-session_string in.iso last volid:%v -mount_cmd in.iso last /mnt",
        "-rm_r /* -- -map src /new -commit",
        "-mv /* /moved -- -commit -toc",
        "-outdev stdio:out.iso -commit -toc",
        "-rollback -changes_pending no -print_size -tell_media_space",
        "-read_fs ecma -load session 1 -lsl / --",
        "-read_fs joliet -rollback -find / --",
        "-truncate_overwritable session 1 adjust",
        "-as mkisofs -print-size src",
        "-for_backup -rollback -find / -has_xattr --",
        "-hardlinks on -find / -has_hln_sort -- -find / -exec is_full_in_iso --",
    )
)
"""Lines of commands that read an image, with what is to be told of it."""


@cache
def lines() -> list[list[str]]:
    """Command lines that make sense, from the comparison with the real program."""
    found = []
    for text in vars(tree_command_lines).values():
        if not isinstance(text, str) or "\n-" not in text:
            continue
        for line in text.splitlines():
            try:
                words = split_line(line.removeprefix(tree_command_lines.UNORDERED).replace("@/", ""))
            except OpenQuote:
                continue
            if words and not any(w.lstrip("-").replace("-", "_") in LEFT_OUT for w in words):
                found.append(words)
    return found


def word(chances: Random) -> str:
    """A parameter."""
    roll = chances.random()
    if roll < 0.8:
        return chances.choice(WORDS)
    if roll < 0.9:
        return chances.choice(WORDS) + chances.choice(WORDS)
    return "".join(
        chr(chances.choice((chances.randrange(1, 127), chances.randrange(0xDC80, 0xDD00)))) for _ in range(5)
    )


def line_of(chances: Random) -> list[str]:
    """One command with parameters, or a line that makes sense, changed here and there."""
    if chances.random() < 0.5:
        words = list(chances.choice(lines()))
        for _ in range(chances.choice((0, 0, 1, 2))):
            at = chances.randrange(len(words))
            words[at : at + chances.randint(0, 2)] = [word(chances) for _ in range(chances.randint(0, 2))]
            if not words:
                break
        return words
    name = chances.choice(COMMANDS)
    dashes = chances.choice(("-", "-", "-", "", "--"))
    return [dashes + name, *(word(chances) for _ in range(chances.choice((0, 1, 1, 2, 2, 3, 5))))]


def make_line(chances: Random) -> Any:
    """Arguments, what is typed, what options files hold, and whether an image is loaded first."""
    words = [w for _ in range(chances.randint(1, 6)) for w in line_of(chances)]
    if chances.random() < 0.3:
        words[:0] = ["-abort_on", chances.choice(("NEVER", "FATAL"))]
    if chances.random() < 0.4:
        words[:0] = [chances.choice(("-indev", "-dev", "-outdev")), "stdio:in.iso"]
    if chances.random() < 0.1:
        words[:0] = [chances.choice(("-no_rc", "-x", "-dialog"))]
    files = [options_file(chances) for _ in range(2)]
    typed = [" ".join(line_of(chances)) + "\n" for _ in range(chances.randint(0, 4))]
    if "-options_from_file" not in words and chances.random() < 0.4:
        words += ["-options_from_file", "opts"]
    return [words, typed, files]


def options_file(chances: Random) -> bytes:
    """A file of lines: commands, comments, open quotes, bytes of any kind, itself."""
    rows = []
    for _ in range(chances.randint(0, 6)):
        roll = chances.random()
        if roll < 0.6:
            rows.append(
                " ".join(f"'{w}'" if " " in w else w for w in line_of(chances)).encode(
                    "utf-8", "surrogateescape"
                )
            )
        elif roll < 0.7:
            rows.append(b"-options_from_file " + chances.choice((b"opts", b"bad_opts")))
        elif roll < 0.8:
            rows.append(b"# it's a comment")
        else:
            rows.append(chances.randbytes(chances.randint(0, 40)))
    text = chances.choice((b"\n", b"\n", b"\r\n", b" \\\n")).join(rows)
    return text + chances.choice((b"\n", b"", b"'", b'"open\n', b"\\", b"\0"))


def make_image(chances: Random) -> Any:
    """A sample image, bytes that are put into it, how much is left of it, and what it is read with."""
    name = chances.choice(SAMPLES)
    data = sample_image(name)
    pokes = []
    for _ in range(chances.randint(1, 6)):
        lba = chances.choice(metadata(name))
        used = max(1, len(data[lba * BLOCK : (lba + 1) * BLOCK].rstrip(b"\0")))
        pokes.append([lba * BLOCK + chances.randrange(used), chances.choice(VALUES) or chances.randbytes(4)])
    cut = chances.randrange(len(data)) if chances.random() < 0.1 else len(data)
    words = [w for line in chances.sample(READING, 4) for w in line]
    return [name, pokes, cut, chances.choice(("-indev", "-dev", "-dev")), words]


def both(number: int) -> bytes:
    """A number in both byte orders.    Source: ECMA-119, 7.3.3."""
    return number.to_bytes(4, "little") + number.to_bytes(4, "big")


VALUES = (
    b"", b"", b"\0", b"\xff", b"\x80", b"\2", b"/", b"..", b"../../x", b"CE\x1c\1", b"NM\5\1\0", b"ST\4\1",
    b"CL\x0c\1", b"SL\5\1\0", b"ZF\x10\1pz", b"PX\x2c\1", b"TF\x1a\1", b"AL\5\1\1", b"RR\5\1\x89",
    b"PN\x14\1", b"SP\7\1\xbe\xef\0",
    *(both(n) for n in (0, 1, 16, 32, 51, 115, 118, 0x7FFFFFFF, 0xFFFFFFFF)),
)  # fmt: skip


@cache
def metadata(name: str) -> list[int]:
    """Blocks of an image that hold anything, first of all what isn't content."""
    data = sample_image(name)
    return [n for n in range(len(data) // BLOCK) if data[n * BLOCK : (n + 1) * BLOCK].strip(b"\0")]


def prepared(files: list[bytes], image: bytes) -> Path:
    """A folder with an image, a source tree and options files."""
    place = folder()
    (place / "src" / "sub").mkdir(parents=True)
    (place / "src" / "hello.txt").write_bytes(b"hello\n")
    (place / "src" / "sub" / "more").write_bytes(bytes(5000))
    (place / "src" / "link").symlink_to("hello.txt")
    (place / "out").mkdir()
    (place / "in.iso").write_bytes(image)
    for name, text in zip(("opts", "bad_opts"), files, strict=False):
        (place / name).write_bytes(text)
    return place


def run(words: list[str], typed: list[str], place: Path) -> str:
    """Run the burn program there; what it said."""
    said: list[str] = []
    now = [1_600_000_000.0]

    def clock() -> float:
        now[0] += 0.001
        return now[0]

    environment = Environment(
        streams=Streams(said.append, said.append),
        directory=str(place),
        variables={"HOME": str(place)},
        clock=clock,
        monotonic=clock,
        sleep=lambda _seconds: None,
        read_line=lambda: typed.pop(0) if typed else "",
        open_drive=open_stdio,
    )
    with only(place):
        value = Program(environment).run(words)
    assert value in EXIT_VALUES, f"exit value {value}"
    return "".join(said)


def check_line(case: Any) -> None:
    """Whatever words: an exit value, and no more said than a terminal could take."""
    words, typed, files = case
    place = prepared(files, sample_image("two"))
    try:
        said = run([str(w) for w in words], list(typed), place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    assert len(said) < 20_000_000


def check_image(case: Any) -> None:
    """Whatever image: every command that reads it ends, and writes nothing outside of its target."""
    name, pokes, cut, device, words = case
    data = bytearray(sample_image(name))
    for at, value in pokes:
        data[at : at + len(value)] = value
    place = prepared([], bytes(data[:cut]))
    try:
        said = run(
            ["-abort_on", "NEVER", "-return_with", "FATAL", "32", device, "stdio:in.iso", *words], [], place
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)
    assert len(said) < 20_000_000


LIMITS: dict[str, int] = {"work": 6_000_000, "file_bytes": 48 << 20, "weight": 2}
TARGETS = (
    Target("words", "command lines and options files", make_line, check_line, **LIMITS),
    Target("images", "broken images, and every command that reads", make_image, check_image, **LIMITS),
)
