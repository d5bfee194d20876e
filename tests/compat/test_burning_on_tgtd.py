"""burnlab's burn program on a recorder that isn't burnlab's: the DVD+R that tgtd emulates.

tgtd takes one session, doesn't know RESERVE TRACK, and makes the disc a DVD-ROM when it is closed. The real
program reads what came of it from tgtd's own file.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.foreign_target import SECRET, TARGET_SECRET, TARGET_USER, USER, Tgtd, tgtd
from support.served import burn

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(not shutil.which("xorriso"), reason="the real xorriso reads what was burned"),
]
MATCH = "File contents and their MD5 checksums match.\n"


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A blank DVD+R of tgtd's."""
    if shutil.which("tgtimg") is None:
        pytest.skip("tgtimg is missing: apt install tgt")
    path = tmp_path / "disc"
    words = ("--op", "new", "--device-type", "cd", "--type", "dvd+r", "--file", str(path))
    subprocess.run(["tgtimg", *words], check=True, capture_output=True)
    return path


@pytest.fixture
def target(disc: Path) -> Iterator[Tgtd]:
    with tgtd(disc, mode="cd") as running:
        yield running


def test_a_session_by_chap_both_ways(target: Tgtd, disc: Path, tmp_path: Path) -> None:
    target.want_chap(mutual=True)
    for name, secret in (("mine", SECRET), ("its", TARGET_SECRET)):
        (tmp_path / name).write_text(secret)
    host = target.url.replace("iscsi://", f"iscsi://{USER}@")
    files = f"target_user={TARGET_USER}&secret_file={tmp_path}/mine&target_secret_file={tmp_path}/its"
    drive = f"{host}?{files}"
    (tmp_path / "data").write_bytes(b"on a foreign recorder " * 50_000)

    told = burn(tmp_path, "-outdev", drive, "-toc", "-list_profiles", "out")
    assert told.returncode == 0, told.stderr
    assert "Drive type   : vendor 'IET' product 'VIRTUAL-CDROM' revision '0001'\n" in told.stdout
    assert "Media current: DVD+R\n" in told.stdout
    assert "Profile      : 0x001B (DVD+R) (current)\n" in told.stdout

    done = burn(tmp_path, "-md5", "on", "-close", "on", "-dev", drive, "-add", "data", "--")
    assert done.returncode == 0, done.stderr
    assert f"Writing to '{drive}' completed successfully." in done.stderr

    checked = burn(tmp_path, "-md5", "on", "-indev", drive, "-toc", "-check_md5_r", "sorry", "/", "--")
    assert checked.returncode == 0, checked.stderr
    assert "Media current: DVD-ROM\nMedia status : is written , is closed\n" in checked.stderr
    assert MATCH in checked.stdout
    words = ("-md5", "on", "-indev", str(disc), "-check_md5_r", "sorry", "/", "--")
    real = subprocess.run(["xorriso", *words], capture_output=True, text=True, check=False)
    assert (real.returncode, real.stdout) == (0, MATCH), real.stderr

    more = burn(tmp_path, "-dev", drive, "-map", "data", "/more")
    assert more.returncode == 32
    assert "libisoburn: FAILURE : Unsuitable target media state" in more.stderr


def test_a_track_of_a_size_that_it_cannot_reserve(target: Tgtd, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(bytes(100_000))
    done = burn(tmp_path, "-write_type", "sao", "-dev", target.url, "-add", "data", "--")
    assert done.returncode == 32
    assert "RESERVE TRACK failed with sense 5/20/00 (illegal request, invalid opcode)" in done.stderr
    assert "burnlab : HINT : Nothing is on the medium. The session can be written again" in done.stderr
    done = burn(tmp_path, "-dev", target.url, "-add", "data", "--")
    assert done.returncode == 0, done.stderr
