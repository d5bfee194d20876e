"""Guests of another Debian release: its sources are the host's own, and the host's apt is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from burnlab.vm.errors import BadRequest, HostFault
from burnlab.vm.images import apt, release
from burnlab.vm.images.debian import recipe
from burnlab.vm.images.release import Release, another, lines_for
from burnlab.vm.places import Places

HOST = Release(
    "bookworm",
    (
        "deb http://mirror.example/debian/ bookworm main contrib",
        "deb http://mirror.example/debian/ bookworm-updates main",
        "deb http://security.example/ bookworm-security main",
        "deb http://other.example/ stable main",
    ),
)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What apt is told; it answers with one package."""
    words: list[list[str]] = []

    def run(argv: list[str], failure: str, *_rest: object, **_named: object) -> str:
        words.append([str(word) for word in argv])
        return "Inst xorriso (1.5.6 Debian:13.1/stable [amd64])\n"

    monkeypatch.setattr(apt, "run", run)
    monkeypatch.setattr(release, "of_host", lambda: HOST)
    return words


def test_lines() -> None:
    assert lines_for(HOST, "trixie") == (
        "deb http://mirror.example/debian/ trixie main contrib",
        "deb http://mirror.example/debian/ trixie-updates main",
        "deb http://security.example/ trixie-security main",
    )
    assert lines_for(HOST, "sid") == ("deb http://mirror.example/debian/ sid main contrib",)


def test_lists_of_their_own(told: list[list[str]], tmp_path: Path) -> None:
    places = Places(tmp_path / "cache", tmp_path / "run")
    found = another(places, "trixie", lambda _line: None)
    assert found.suite == "trixie" and found.lines == lines_for(HOST, "trixie")
    (update,) = told
    assert update[0] == "apt-get" and update[-1] == "update"
    folder = tmp_path / "cache/releases/trixie"
    for word in (
        f"Dir::State::Lists={folder}/lists",
        f"Dir::Etc::SourceList={folder}/sources.list",
        "Dir::Etc::SourceParts=-",
    ):
        assert word in update
    assert (folder / "sources.list").read_text().splitlines() == list(found.lines)
    another(places, "trixie", lambda _line: None)
    assert len(told) == 1, "lists of today are taken as they are"
    packages = release.closure(found, ["xorriso"], tmp_path / "status")
    assert packages == [apt.Package("xorriso", "1.5.6")]
    assert f"Dir::State::Lists={folder}/lists" in told[-1] and told[-1][-2:] == ["install", "xorriso"]


def test_a_failed_update_is_tried_again(
    told: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_words: object, **_named: object) -> str:
        told.append([])
        raise HostFault("no packages")

    monkeypatch.setattr(apt, "run", fail)
    for _ in range(2):
        with pytest.raises(HostFault):
            another(Places(tmp_path, tmp_path), "trixie", lambda _line: None)
    assert len(told) == 2


@pytest.mark.parametrize("name", ["", "Trixie", "trixie main", "../etc", "13"])
def test_what_cant_be_a_release(told: list[list[str]], tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest):
        another(Places(tmp_path, tmp_path), name, lambda _line: None)
    assert told == []


def test_images_of_releases_are_apart() -> None:
    trixie = recipe(["strace"], Release("trixie", ()))
    assert trixie.name == "debian_trixie-strace" and recipe(["strace"]).name == "debian-strace"
