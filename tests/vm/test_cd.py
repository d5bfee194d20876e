"""CDs in a guest: what real burn programs write, real readers read back, sample for sample."""

from __future__ import annotations

import random
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from burnlab.vm import Share
from burnlab.vm.command import CommandResult
from burnlab.vm.guest import MicroGuest, micro_guest
from support.served import ServedProcess, burnlab, info

pytestmark = pytest.mark.vm

SECTOR = 2352
TRACKS = {1: 400, 2: 350, 3: 301}
"""Number of an audio file and its sectors."""
MCN, ISRC = "1234567890123", "XYBLG1101234"
PROGRAMS = ("xorriso", "cdrskin", "wodim", "cdparanoia", "icedax", "libcdio-utils", "cdrdao")
WAVES = " ".join(f"/mnt/s/t{n}.wav" for n in TRACKS)
RIP = "cd /tmp && rm -f *.raw && cdparanoia -d /dev/sr1 -r -B -Y"

TEXT_SHEET = f"""Input Sheet Version = 0.7T
Text Code           = 8859
Language Code       = English
Album Title         = Joyful Nights
Artist Name         = United Cat Orchestra
UPC / EAN           = {MCN}
First Track Number  = 1
Last Track Number   = 3
Track 01 Title      = Song of Joy
ISRC 01             = {ISRC}
Track 02 Title      = Humpty Dumpty
Track 03 Title      = Mee Owwww
"""

TOC_SHEET = f"""CD_DA
CATALOG "{MCN}"
CD_TEXT {{ LANGUAGE_MAP {{ 0: EN }} LANGUAGE 0 {{ TITLE "Album" PERFORMER "P" }} }}
TRACK AUDIO
ISRC "{ISRC}"
CD_TEXT {{ LANGUAGE 0 {{ TITLE "First" PERFORMER "P" }} }}
FILE "/mnt/s/t1.wav" 0
INDEX 00:02:00
TRACK AUDIO
CD_TEXT {{ LANGUAGE 0 {{ TITLE "Second" PERFORMER "P" }} }}
PREGAP 00:02:10
FILE "/mnt/s/t2.wav" 0
"""


@dataclass
class Room:
    """A guest, the recorder it sees, and a folder that both sides see."""

    folder: Path
    shared: Path
    served: ServedProcess
    guest: MicroGuest
    discs: int = 0

    def fresh(self, medium: str) -> Path:
        """Put a new disc into the recorder."""
        self.discs += 1
        path = self.folder / f"{self.discs}.disc"
        assert burnlab("disc", "create", path, "--type", medium).returncode == 0
        burnlab("recorder", "eject", "--force", "--control", self.served.control)
        loaded = burnlab("recorder", "load", path, "--control", self.served.control)
        assert loaded.returncode == 0, loaded.stderr
        return path

    def run(self, command: str, exit_code: int = 0) -> CommandResult:
        """Run a command that must end so."""
        result = self.guest.run(command, timeout=300)
        assert result.exit_code == exit_code, f"{command}\n{result.stdout}\n{result.stderr}"
        return result

    def rip(self) -> dict[int, bytes]:
        """The audio tracks as cdparanoia reads them."""
        self.run(f"{RIP} && rm -rf /mnt/s/rip && mkdir /mnt/s/rip && cp *.raw /mnt/s/rip && sync")
        files = (self.shared / "rip").glob("track*.cdda.raw")
        return {int(f.name[5:7]): f.read_bytes() for f in files}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One guest for all tests here; the discs change."""
    folder = tmp_path_factory.mktemp("cd")
    shared = folder / "shared"
    shared.mkdir()
    for number in TRACKS:
        with wave.open(str(shared / f"t{number}.wav"), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(44100)
            file.writeframes(samples(number))
    (shared / "text.v07t").write_text(TEXT_SHEET)
    (shared / "sheet.toc").write_text(TOC_SHEET)
    first = folder / "0.disc"
    assert burnlab("disc", "create", first, "--type", "cd-r").returncode == 0
    share = Share(shared, "s", writable=True)
    with (
        ServedProcess(folder, first) as served,
        micro_guest(
            recorder=served.url, memory=768, programs=PROGRAMS, shares=[share], name="micro-cd"
        ) as guest,
    ):
        guest.run("for i in a b c; do mkdir /$i; dd if=/dev/urandom of=/$i/$i bs=1M count=2; done")
        yield Room(folder, shared, served, guest)


def samples(number: int) -> bytes:
    """What is in an audio file."""
    return random.Random(number).randbytes(TRACKS[number] * SECTOR)


def originals() -> dict[int, bytes]:
    """All audio files."""
    return {number: samples(number) for number in TRACKS}


BURN = "xorriso -md5 on -dev /dev/sr1 {options} -add {tree} --"


@pytest.mark.parametrize("medium", ["cd-r", "cd-rw"])
def test_xorriso_appends_sessions(room: Room, medium: str) -> None:
    disc = room.fresh(medium)
    room.run(BURN.format(options="", tree="/a"))
    room.run(BURN.format(options="-dummy on", tree="/b"))
    assert len(info(disc)["sessions"]) == 1
    room.run(BURN.format(options="", tree="/b"))
    room.run(BURN.format(options="-close on", tree="/c"))
    first, second, third = info(disc)["sessions"]
    assert second["start_lba"] == first["blocks"] + 11400
    assert third["start_lba"] == second["start_lba"] + second["blocks"] + 2 + 6900
    for number in (1, 2, 3):
        checked = room.run(f"xorriso -md5 on -load session {number} -indev /dev/sr1 -check_md5_r sorry / --")
        assert checked.stdout.endswith("MD5 checksums match.\n"), checked.stderr
    media = room.run("xorriso -outdev /dev/sr1 -check_media use=outdev what=tracks --").stdout
    assert media.count("+ good") == 3 and media.count("2 , 0 tao_end") == 2 and "- " not in media, media
    room.run(
        "mkdir -p /m; mount -t iso9660 -o ro /dev/sr1 /m && cmp /m/c/c /c/c && cmp /m/a/a /a/a && umount /m"
    )
    room.run("mount -t iso9660 -o ro,session=0 /dev/sr1 /m && ls /m/a/a && ! ls /m/b && umount /m")


@pytest.mark.parametrize("mode", ["fast", "all", "as_needed"])
def test_xorriso_blanks(room: Room, mode: str) -> None:
    disc = room.fresh("cd-rw")
    room.run(BURN.format(options="-close on", tree="/a"))
    assert info(disc)["state"] == "closed"
    room.run(f"xorriso -outdev /dev/sr1 -blank {mode}")
    assert info(disc)["state"] == "blank"
    room.run(BURN.format(options="", tree="/b"))
    room.run("xorriso -md5 on -indev /dev/sr1 -check_md5_r sorry / --")


@pytest.mark.parametrize(
    "command",
    [
        f"cdrskin dev=/dev/sr1 -sao -audio {WAVES}",
        f"wodim dev=/dev/sr1 -dao -audio {WAVES}",
    ],
    ids=["cdrskin", "wodim"],
)
def test_audio_at_once_is_exact(room: Room, command: str) -> None:
    disc = room.fresh("cd-r")
    before = info(disc)
    room.run(command.replace("dev=/dev/sr1", "dev=/dev/sr1 -dummy"))
    assert info(disc) == before
    room.run(command)
    assert room.rip() == originals()
    table = room.run("cd-info --no-cddb -C /dev/sr1").stdout
    assert "170: 00:16:01  001051 leadout" in table, table
    room.run(
        "cd /tmp && rm -f *.raw && icedax -D /dev/sr1 -B -O raw -E little >/dev/null "
        "&& cp audio_0?.raw /mnt/s && sync"
    )
    assert {n: (room.shared / f"audio_0{n}.raw").read_bytes() for n in TRACKS} == originals()


@pytest.mark.parametrize("program", ["cdrskin", "wodim"])
def test_audio_track_by_track(room: Room, program: str) -> None:
    """Between the tracks lie two run-out blocks and a pause: silence behind each track but the last."""
    disc = room.fresh("cd-rw")
    before = info(disc)
    room.run(f"{program} dev=/dev/sr1 -dummy -tao -audio {WAVES}")
    assert info(disc) == before
    room.run(f"{program} dev=/dev/sr1 -tao -audio {WAVES}")
    for number, ripped in room.rip().items():
        silence = bytes((2 if number == 3 else 152) * SECTOR)
        assert ripped == samples(number) + silence


def test_codes_and_text_by_cdrskin(room: Room) -> None:
    room.fresh("cd-r")
    room.run(f"cdrskin dev=/dev/sr1 -sao -audio input_sheet_v07t=/mnt/s/text.v07t {WAVES}")
    table = room.run("cd-info --no-cddb -C /dev/sr1").stdout
    assert f"Media Catalog Number (MCN): {MCN}" in table, table
    assert f"TRACK  1 ISRC: {ISRC}" in table
    told = room.run("icedax -D /dev/sr1 -J -v titles 2>&1").stdout
    for title in ("Joyful Nights", "Song of Joy", "Humpty Dumpty", "Mee Owwww"):
        assert title in told, told
    assert room.rip() == originals()


def test_cdrdao_there_and_back(room: Room) -> None:
    """Its sheet with pre-gap, INDEX 2, codes and text is read back as it was, and exported likewise."""
    disc = room.fresh("cd-r")
    room.run("cdrdao write --device /dev/sr1 --driver generic-mmc:0x10 -n /mnt/s/sheet.toc")
    room.run(
        "cd /mnt/s && rm -f back.* && cdrdao read-cd --device /dev/sr1 --driver generic-mmc "
        "--datafile back.bin back.toc && cdrdao read-toc --device /dev/sr1 "
        "--driver generic-mmc toc.toc && sync"
    )
    back, toc = ((room.shared / name).read_text() for name in ("back.toc", "toc.toc"))
    for word in (f'CATALOG "{MCN}"', f'ISRC "{ISRC}"', 'TITLE "First"', 'TITLE "Second"', "INDEX 00:02:00"):
        assert word in back, back
    # The other way of reading takes the end of its own read buffer for the end of the pre-gap.
    assert "START 00:02:10" in toc, toc
    exported = burnlab("disc", "export", disc, room.folder / "x.cue")
    assert exported.returncode == 0, exported.stderr
    image = (room.folder / "x.bin").read_bytes()
    assert image == samples(1) + bytes(160 * SECTOR) + samples(2)
    assert (room.shared / "back.bin").read_bytes() in (image, swapped(image))
    cue = (room.folder / "x.cue").read_text()
    assert "    INDEX 02 00:02:00\n" in cue and "    INDEX 00 00:05:25\n    INDEX 01 00:07:35\n" in cue


def swapped(data: bytes) -> bytes:
    """Samples with their bytes the other way round, as cdrdao keeps them."""
    out = bytearray(data)
    out[0::2], out[1::2] = data[1::2], data[0::2]
    return bytes(out)


MIXED: dict[str, Callable[[str], str]] = {
    "wodim at once": lambda iso: f"wodim dev=/dev/sr1 -dao -pad -data {iso} -audio /mnt/s/t1.wav",
    "wodim track by track": lambda iso: f"wodim dev=/dev/sr1 -tao -pad -data {iso} -audio /mnt/s/t1.wav",
    "cdrskin track by track": lambda iso: f"cdrskin dev=/dev/sr1 -tao -pad -data {iso} -audio /mnt/s/t1.wav",
}


@pytest.mark.parametrize("way", MIXED)
def test_mixed_mode(room: Room, way: str) -> None:
    room.fresh("cd-r")
    room.run("rm -f /tmp/m.iso; xorriso -outdev stdio:/tmp/m.iso -add /a --")
    room.run(MIXED[way]("/tmp/m.iso"))
    assert room.rip()[2][: TRACKS[1] * SECTOR] == samples(1)
    room.run("mkdir -p /m; mount -t iso9660 -o ro /dev/sr1 /m && cmp /m/a/a /a/a && umount /m")
    assert "mixed mode CD" in room.run("cd-info --no-cddb -C /dev/sr1").stdout


def test_xa_by_cdrdao(room: Room) -> None:
    room.fresh("cd-r")
    room.run("rm -f /tmp/m.iso; xorriso -outdev stdio:/tmp/m.iso -add /a --")
    room.run("printf 'CD_ROM_XA\\nTRACK MODE2_FORM1\\nDATAFILE \"/tmp/m.iso\"\\n' >/tmp/xa.toc")
    room.run("cdrdao write --device /dev/sr1 --driver generic-mmc -n --multi /tmp/xa.toc")
    room.run("mkdir -p /m; mount -t iso9660 -o ro /dev/sr1 /m && cmp /m/a/a /a/a && umount /m")
    assert "CD-ROM XA" in room.run("cdrdao disk-info --device /dev/sr1 --driver generic-mmc").stdout


def test_a_second_session_at_once_is_refused(room: Room) -> None:
    """The program says so, the disc is unchanged and takes more track by track."""
    disc = room.fresh("cd-r")
    room.run(BURN.format(options="", tree="/a"))
    before = info(disc)
    refused = room.guest.run("wodim dev=/dev/sr1 -multi -dao -data /a/a", timeout=120)
    assert refused.exit_code != 0 and "Cannot send CUE sheet" in refused.stderr, refused.stderr
    assert info(disc) == before
    room.run("xorriso -md5 on -indev /dev/sr1 -check_md5_r sorry / --")
    room.run(BURN.format(options="", tree="/b"))


def test_recorder_is_killed(tmp_path: Path) -> None:
    """The second session is cut off: the first holds, -close_damaged mends the disc, and it takes more."""
    disc = tmp_path / "x.disc"
    assert burnlab("disc", "create", disc, "--type", "cd-r").returncode == 0
    with ExitStack() as stack:
        served = stack.enter_context(ServedProcess(tmp_path, disc))
        guest = stack.enter_context(micro_guest(recorder=served.url, memory=768, name="micro-cd-killed"))
        made = "mkdir /a /b; echo kept >/a/a; dd if=/dev/urandom of=/b/b bs=1M count=96"
        assert guest.run(made, timeout=120).exit_code == 0
        assert guest.run(BURN.format(options="", tree="/a"), timeout=120).exit_code == 0
        results: list[CommandResult] = []
        command = BURN.format(options="", tree="/b")
        burning = threading.Thread(target=lambda: results.append(guest.run(command, timeout=300)))
        burning.start()
        deadline = time.monotonic() + 120
        while (disc / "surface").stat().st_size < 22000 * 2048:
            assert time.monotonic() < deadline, "nothing was written"
            time.sleep(0.05)
        served.kill()
        again = stack.enter_context(ServedProcess(tmp_path, disc, port=served.port))
        assert info(disc)["damaged_tracks"] == [2]
        burning.join(300)
        assert results and results[0].exit_code != 0
        toc = guest.run("xorriso -outdev /dev/sr1 -toc", timeout=120)
        assert "next track is damaged" in toc.stdout, toc.stdout + toc.stderr
        closed = guest.run("xorriso -outdev /dev/sr1 -close_damaged as_needed", timeout=120)
        assert closed.exit_code == 0, closed.stderr
        assert info(disc)["damaged_tracks"] == []
        kept = guest.run(
            "xorriso -md5 on -load session 1 -indev /dev/sr1 -check_md5_r sorry / --", timeout=120
        )
        assert kept.stdout.endswith("MD5 checksums match.\n"), kept.stderr
        assert info(disc)["state"] == "appendable"
        again.end()
