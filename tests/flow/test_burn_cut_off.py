"""A burn through iSCSI that is cut off: the recorder's process is killed, or the burn program gets signals.

Processes as a user has them. Faults make the recorder so slow, after some blocks, that a burn is under way
for minutes: however busy the machine is, it's cut off in the middle. What is on the disc afterwards is told
by the recorder that serves it next.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.served import BURN, ServedProcess, burn, burnlab

MEGABYTE = 1 << 20
SLOW_WRITES = """
[[fault]]
kind = "slow"
command = "WRITE (10)"
after_blocks = 256
seconds = 1
"""
"""The 4 MiB of `big` would take two minutes."""
LONG_FLUSH = """
[[fault]]
kind = "busy"
command = "SYNCHRONIZE CACHE (10)"
seconds = 3600
"""
PATIENCE = 900.0
"""Seconds for a process that has nothing to wait for: an end for a test that hangs, no measure."""
MATCH = "File contents and their MD5 checksums match."
WRITING = re.compile(r"Writing: +(\d+)s ")


class Place:
    """A folder with a disc that has one good session, and files to burn."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self.disc = folder / "x.disc"
        made = burnlab("disc", "create", self.disc, "--type", kind)
        assert made.returncode == 0, made.stderr
        (folder / "small").write_bytes(b"s" * 600_000)
        (folder / "big").write_bytes(b"b" * 4 * MEGABYTE)

    @contextmanager
    def served(self, faults: str = "") -> Iterator[ServedProcess]:
        """A recorder process with the disc."""
        (self.folder / "faults.toml").write_text(faults)
        with ServedProcess(self.folder, self.disc, "--faults", str(self.folder / "faults.toml")) as recorder:
            yield recorder

    def burn(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The burn program, from its beginning to its end."""
        return burn(self.folder, *words, timeout=PATIENCE)

    def write(self, drive: str, name: str, *settings: str) -> subprocess.CompletedProcess[str]:
        """Burn a file as a session of its own."""
        return self.burn(*settings, "-md5", "on", "-dev", drive, "-add", name, "--")

    def assert_good(self, drive: str, *settings: str) -> None:
        """All files of the newest session, or that of the settings, are what they were."""
        words = (*settings, "-md5", "on", "-indev", drive, "-check_md5_r", "sorry", "/", "--")
        checked = self.burn(*words)
        assert checked.returncode == 0, checked.stderr
        assert MATCH in checked.stdout

    @contextmanager
    def burning(self, drive: str) -> Iterator[subprocess.Popen[str]]:
        """A process that is in the middle of burning `big`."""
        words = ("-pacifier", "interval=0.1", "-md5", "on", "-dev", drive, "-add", "big", "--")
        process = subprocess.Popen(
            [*BURN, *words], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        try:
            for line in process.stderr:
                found = WRITING.search(line)
                if found and int(found[1]) > 100:
                    break
            else:
                pytest.fail(f"it didn't burn: exit value {process.wait()}")
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """The disc of the test's type, with its first session."""
    made = Place(tmp_path, request.getfixturevalue("kind"))
    with made.served() as recorder:
        done = made.write(recorder.url, "small")
        assert done.returncode == 0, done.stderr
        recorder.end()
    return made


def rest_of(process: subprocess.Popen[str], exit_value: int) -> str:
    """What a process still says before it ends."""
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == exit_value, err
    assert "completed successfully" not in err
    return err


def assert_says(err: str, *texts: str) -> None:
    for text in texts:
        assert text in err, err


@pytest.mark.parametrize("kind", ["cd-rw", "dvd+r", "bd-re"])
def test_the_recorder_is_killed(kind: str, place: Place) -> None:
    with place.served(SLOW_WRITES) as recorder, place.burning(recorder.url) as process:
        recorder.kill()
        assert_says(
            rest_of(process, 32),
            "libburn : FATAL : SCSI error on write: ",
            "nothing was sent again",
            "burnlab : NOTE : State of the medium is not known",
            "burnlab : HINT : Switch the drive off and on, or connect to it again.",
        )
    with place.served() as recorder:
        drive = recorder.url
        if kind == "bd-re":
            place.assert_good(drive)
            done = place.write(drive, "big")
            assert done.returncode == 0, done.stderr
            place.assert_good(drive)
            return
        refused = place.write(drive, "big")
        assert refused.returncode == 32
        assert_says(
            refused.stderr,
            "burnlab : FAILURE : The last session on the medium was cut off.",
            'burnlab : HINT : -close_damaged "force" ends it',
        )
        closed = place.burn("-outdev", drive, "-close_damaged", "force")
        assert closed.returncode == 0, closed.stderr
        place.assert_good(drive, "-load", "session", "1")
        done = place.write(drive, "big", "-load", "session", "1")
        assert done.returncode == 0, done.stderr
        place.assert_good(drive)


@pytest.mark.parametrize("kind", ["dvd-rw"])
def test_a_killed_recorder_s_disc_is_blanked(kind: str, place: Place) -> None:
    with place.served(SLOW_WRITES) as recorder, place.burning(recorder.url) as process:
        recorder.kill()
        rest_of(process, 32)
    with place.served() as recorder:
        done = place.burn("-md5", "on", "-outdev", recorder.url, "-blank", "as_needed", "-add", "big", "--")
        assert done.returncode == 0, done.stderr
        place.assert_good(recorder.url)


@pytest.mark.parametrize("kind", ["dvd+r", "bd-re"])
def test_ctrl_c(kind: str, place: Place) -> None:
    with place.served(SLOW_WRITES) as recorder:
        with place.burning(recorder.url) as process:
            process.send_signal(signal.SIGINT)
            err = rest_of(process, 1)
        recorder.end()
    with place.served() as recorder:
        drive = recorder.url
        assert_says(err, "UNIX-SIGNAL:  SIGINT", "burnlab : NOTE : The session was given up")
        if kind == "bd-re":
            assert_says(err, "burnlab : HINT : The medium has what it had before, and nothing new.")
            place.assert_good(drive)
        else:
            assert_says(
                err,
                "Media status is written , is appendable",
                "burnlab : HINT : What was there before is found with -load session 1",
                "burnlab : HINT : The last session was ended, but lacks files.",
            )
            place.assert_good(drive, "-load", "session", "1")
        done = place.write(drive, "small", "-load", "session", "1")
        assert done.returncode == 0, done.stderr
        place.assert_good(drive)


@pytest.mark.parametrize("kind", ["dvd+r"])
def test_ctrl_c_twice(kind: str, place: Place) -> None:
    with place.served(SLOW_WRITES + LONG_FLUSH) as recorder:
        with place.burning(recorder.url) as process:
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            # The drive still writes what it has in its buffer, and says that this takes long.
            for line in process.stderr:
                if "Trying to shut down busy drives" in line:
                    break
            process.send_signal(signal.SIGINT)
            err = rest_of(process, 1)
        assert_says(err, "burnlab : ABORT : Stopped at once. What was being written is not ended")
    with place.served() as recorder:
        refused = place.write(recorder.url, "small")
        assert refused.returncode == 32
        assert_says(refused.stderr, 'burnlab : HINT : -close_damaged "force" ends it')
