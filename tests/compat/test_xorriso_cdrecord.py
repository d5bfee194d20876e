"""The emulation of cdrecord: the same command lines with the real xorriso and with ours, and their media."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from difflib import unified_diff
from pathlib import Path

import pytest

from support.xorriso_pair import Outcome, run_ours, run_real

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(not shutil.which("xorriso"), reason="the real xorriso is what is compared with"),
]

MASKS = (
    (re.compile(r"\d+ writable , \d+ overall"), "W writable , O overall"),
    (re.compile(r"^xorriso : UPDATE : .*\n", re.MULTILINE), ""),
    # The real program says this or not, as its threads happen to meet.
    (re.compile(r"^xorriso : FAILURE : -abort_on .* during image writing\n", re.MULTILINE), ""),
    (re.compile(r"^xorriso : NOTE : libburn has now been urged .*\n", re.MULTILINE), ""),
)

LINES = """
-as cdrecord -v dev=stdio:new one.img
-as cdrecord dev=stdio:new zero.img
-as cdrecord dev=new -multi zero.img
-as cdrecord -v dev=stdio:new -dao -multi speed=4 padsize=0 -eject noise
-as cdrecord dev=stdio:new -nopad noise
-as cdrecord dev=stdio:new -pad noise
-as cdrecord dev=stdio:new padsize=10s noise
-as cdrecord dev=stdio:new padsize=1m -tao noise
-as cdrecord dev=stdio:new tsize=20s noise
-as cdrecord dev=stdio:new tsize=600s noise
-as cdrecord dev=stdio:new tsize=1s empty
-as cdrecord dev=stdio:new -dummy noise
-as cdrecord dev=stdio:new -isosize one.img
-as cdrecord dev=stdio:new -isosize zero.img
-as cdrecord dev=stdio:new -isosize noise
-as cdrecord dev=stdio:new empty
-as cdrecord dev=stdio:new write_start_address=64s zero.img
-as cdrecord dev=stdio:new nothing
-as cdrecord dev=stdio:burned zero.img
-as cdrecord dev=stdio:burned -toc
-as cdrecord dev=stdio:burned -msinfo
-as cdrecord --grow_overwriteable_iso dev=stdio:burned -msinfo
-as cdrecord --grow_overwriteable_iso dev=stdio:burned -toc
-as cdrecord --grow_overwriteable_iso dev=stdio:burned zero.img
-as cdrecord --grow_overwriteable_iso -atip -inq -toc -msinfo blank=fast dev=stdio:burned zero.img
-as cdrecord blank=fast dev=stdio:burned
-as cdrecord blank=as_needed dev=stdio:burned zero.img
-as cdrecord blank=all -v dev=stdio:burned zero.img
-as cdrecord blank=format_overwrite dev=stdio:burned
-as cdrecord blank=foo dev=stdio:burned
-outdev stdio:burned -as cdrecord zero.img
-outdev stdio:burned -as cdrecord -msinfo
-outdev stdio:burned -as cdrecord blank=fast -- -toc
-dev stdio:burned -as cdrecord zero.img -- -toc
-outdev stdio:other -add noise -- -as cdrecord zero.img
-as cdrecord dev=stdio:new zero.img -- -toc -indev stdio:new -ls --
-as cdrecord gracetime=2 -overburn driveropts=burnfree -force dev=stdio:new zero.img
-as cdrecord -data -mode2 -immed minbuf=70 -V -s dev=stdio:new zero.img
-as cdrecord fs=8m --drive_not_exclusive dev=stdio:new zero.img
-as cdrecord fs=x dev=stdio:new zero.img
-as cdrecord padsize=x dev=stdio:new zero.img
-as cdrecord dev=stdio:new zero.img noise
-as cdrecord dev=stdio:new bogus=3 zero.img
-as cdrecord dev=stdio:new -bogus zero.img
-as cdrecord dev=stdio:new -audio zero.img
-as cdrecord -scanbus
-as cdrecord zero.img
-as cdrecord -inq
-as cdrecord -tao -sao
-as cdrecord
-as cdrecord dev=stdio:new
-as cdrecord dev=stdio:new -inq
-as cdrecord dev=stdio:new -checkdrive
-as cdrecord dev=stdio:new -atip
-as cdrecord dev=stdio:new dev=stdio:other -toc
-as cdrecord dev=nodir/x -toc
-as cdrecord dev=stdio:nodir zero.img
-as cdrskin -toc
-as wodim dev=stdio:new -msinfo
-as xorrecord -dev=stdio:new --toc
-as foo -toc
-as
""".strip().splitlines()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images by the real program, noise, and a pseudo-drive with an image on it."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "src").mkdir()
    (folder / "src" / "a").write_bytes(b"hello\n")

    def real(*words: str) -> None:
        subprocess.run(["xorriso", *words], cwd=folder, check=True, capture_output=True)

    real("-outdev", "one.img", "-add", "src", "--")
    real("-as", "mkisofs", "-quiet", "-o", "zero.img", "src")
    real("-as", "cdrecord", "dev=stdio:burned", "zero.img")
    (folder / "noise").write_bytes(os.urandom(1_000_000))
    (folder / "empty").touch()
    return folder


def masked(outcome: Outcome) -> str:
    text = f"exit {outcome.exit}\n--- out\n{outcome.out}--- err\n{outcome.err}"
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


def media(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("line", LINES)
def test_same_words_same_media(
    line: str, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, left = [], []
    for name, run in (("real", run_real), ("ours", run_ours)):
        place = tmp_path / name
        shutil.copytree(inputs, place)
        monkeypatch.chdir(place)
        said.append(masked(run(shlex.split(line), place)).replace(str(place), "/place"))
        left.append(media(place))
    difference = "\n".join(
        unified_diff(said[0].splitlines(), said[1].splitlines(), "real", "ours", "", "", 2)
    )
    assert not difference, difference
    assert left[0].keys() == left[1].keys()
    if "-add" not in line:
        assert [name for name in left[0] if left[0][name] != left[1][name]] == []


BLIND = """
-indev one.img -grow_blindly 100 -outdev new -map NOISE /noise
-md5 on -indev one.img -grow_blindly 96 -outdev new -map NOISE /noise
-grow_blindly 96 -outdev new -map NOISE /noise
-indev one.img -grow_blindly 96 -outdev one.img -map NOISE /noise
-ban_stdio_write -indev one.img
""".strip().splitlines()


@pytest.mark.parametrize("line", BLIND)
def test_a_session_for_a_medium_that_is_not_at_hand(
    line: str, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One and the same file is added, for its times go into the image; its last access is settled beforehand.
    noise = inputs / "noise"
    noise.read_bytes()
    line = line.replace("NOISE", str(noise))
    words = ["-iso_nowtime", "=1700000000", *shlex.split(line), "-preparer_id", "ME"]
    place = tmp_path / "place"
    said, left = [], []
    for run in (run_real, run_ours):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(inputs, place)
        monkeypatch.chdir(place)
        said.append(masked(run(words, place)))
        left.append(media(place))
    assert said[0].splitlines() == said[1].splitlines()
    assert left[0].keys() == left[1].keys()
    assert [name for name in left[0] if left[0][name] != left[1][name]] == []
