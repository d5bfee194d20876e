"""The burn program logs in at a remote recorder: CHAP in one way and both, digests, and where secrets are."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.served import ServedProcess, burn, burnlab

USER, SECRET = "reader", "a secret of sixteen"
TARGET, TARGET_SECRET = "recorder", "another of twenty-one"
MATCH = "File contents and their MD5 checksums match."


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """The files with the two secrets."""
    mine, its = tmp_path / "mine", tmp_path / "its"
    mine.write_text(f"{SECRET}\n")
    its.write_text(TARGET_SECRET)
    return mine, its


@pytest.fixture
def served(tmp_path: Path, files: tuple[Path, Path]) -> Iterator[ServedProcess]:
    """A recorder with a DVD-RW, where only one user may log in; it proves itself if asked."""
    made = burnlab("disc", "create", tmp_path / "rw.disc", "--type", "dvd-rw")
    assert made.returncode == 0, made.stderr
    one_way = ("--chap-user", USER, "--chap-secret-file", str(files[0]))
    mutual = ("--mutual-user", TARGET, "--mutual-secret-file", str(files[1]))
    with ServedProcess(tmp_path, tmp_path / "rw.disc", *one_way, *mutual) as recorder:
        yield recorder


@contextmanager
def overheard(port: int) -> Iterator[tuple[int, bytearray]]:
    """A port that leads to another one, and all that passes it in both directions."""
    heard = bytearray()

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(1 << 16):
            heard.extend(data)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def relay() -> None:
            near, _ = listener.accept()
            with near, socket.create_connection(("127.0.0.1", port)) as far:
                back = threading.Thread(target=pass_on, args=(far, near), daemon=True)
                back.start()
                pass_on(near, far)
                back.join()

        thread = threading.Thread(target=relay, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join()


def address(served: ServedProcess, *options: str, user: str = USER, port: int = 0) -> str:
    """The recorder's address with a user and options."""
    url = served.url.replace("iscsi://", f"iscsi://{user}@")
    url = url.replace(f":{served.port}/", f":{port or served.port}/")
    return "?".join((url, "&".join(options))) if options else url


def both_ways(files: tuple[Path, Path]) -> tuple[str, ...]:
    mine, its = files
    return f"secret_file={mine}", f"target_user={TARGET}", f"target_secret_file={its}"


def check(folder: Path, drive: str) -> subprocess.CompletedProcess[str]:
    return burn(folder, "-md5", "on", "-indev", drive, "-toc", "-check_md5_r", "sorry", "/", "--")


def test_sessions_with_chap_both_ways_and_digests(
    served: ServedProcess, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    ways = {
        "one": (f"secret_file={files[0]}",),
        "two": (*both_ways(files), "header_digest=crc32c", "data_digest=crc32c"),
    }
    for name, options in ways.items():
        (tmp_path / name).write_bytes(name.encode() * 5000)
        with overheard(served.port) as (port, heard):
            drive = address(served, *options, port=port)
            done = burn(tmp_path, "-md5", "on", "-dev", drive, "-add", name, "--")
        assert done.returncode == 0, done.stderr
        assert f"Writing to '{drive}' completed successfully." in done.stderr
        for secret in (SECRET, TARGET_SECRET):
            assert secret not in done.stdout + done.stderr
            assert secret.encode() not in heard
        assert b"CHAP_R=" in heard
        has_digests = b"HeaderDigest=CRC32C\0" in heard and b"DataDigest=CRC32C\0" in heard
        assert has_digests == (name == "two")
        # The one who logs in says its name; the recorder says its own where it has to prove itself.
        assert (f"CHAP_N={TARGET}\0".encode() in heard) == (name == "two")
    checked = check(tmp_path, address(served, *both_ways(files)))
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("ISO session  :") == 2
    assert MATCH in checked.stdout


def test_who_may_not_log_in(served: ServedProcess, tmp_path: Path, files: tuple[Path, Path]) -> None:
    mine, its = files
    empty = tmp_path / "empty"
    empty.touch()
    strange = {
        served.url: "refuses the CHAP name or secret",
        address(served, f"secret_file={its}"): "refuses the CHAP name or secret",
        address(served, f"secret_file={mine}", user="nobody"): "refuses the CHAP name or secret",
        address(
            served, f"secret_file={mine}", f"target_user={TARGET}", f"target_secret_file={empty}"
        ): "mutual CHAP needs",
        address(served, f"secret_file={tmp_path / 'nowhere'}"): "can't be read: No such file",
        address(served, f"secret_file={empty}"): "needs a user and a secret",
        address(served): "needs a user and a secret",
    }
    for drive, why in strange.items():
        done = burn(tmp_path, "-outdev", drive, "-toc")
        assert done.returncode == 5, (drive, done.stderr)
        assert "burnlab : FAILURE : " in done.stderr
        assert why in done.stderr
        assert "burnlab : HINT : " in done.stderr
        assert f"xorriso : FAILURE : Cannot acquire drive '{drive}'" in done.stderr


def test_a_recorder_that_is_not_the_one_it_should_be(
    served: ServedProcess, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    mine, _ = files
    false = tmp_path / "false"
    false.write_text("nobody knows this one")
    options = (f"secret_file={mine}", f"target_user={TARGET}", f"target_secret_file={false}")
    done = burn(tmp_path, "-outdev", address(served, *options), "-toc")
    assert done.returncode == 5
    assert "burnlab : FAILURE : " in done.stderr
    assert "Check the CHAP user and secret of both directions" in done.stderr


@pytest.mark.parametrize("form", ["user", "password"])
def test_a_secret_in_the_address_is_refused_and_not_repeated(
    form: str, served: ServedProcess, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    drive = address(served, f"secret_file={files[0]}", f"target_user={TARGET}", "target_password=HIDDEN")
    if form == "user":
        drive = address(served, user=f"{USER}%HIDDEN")
    done = burn(tmp_path, "-outdev", drive, "-toc")
    assert done.returncode == 5
    assert "burnlab : FAILURE : A secret within an address is seen by everybody" in done.stderr
    assert "?secret_file=PATH" in done.stderr
    assert f"Cannot acquire drive '{served.url}'" in done.stderr
    assert "HIDDEN" not in done.stdout + done.stderr
