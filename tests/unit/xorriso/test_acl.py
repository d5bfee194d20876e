from __future__ import annotations

import pytest

from burnlab.xorriso.acl import AclError, pack_acl, parse_acl, permissions_of, text_of_acl, unpack_acl

# Bytes that xorriso 1.5.4 stored for the texts of its -setfacl.
ACCESS = bytes.fromhex("17ae010134c901026056 81".replace(" ", ""))
ACCESS_TEXT = "u::rwx,u:1:rw,g::r,g:2:x,o::-,m::rw"
WITH_DEFAULT = bytes.fromhex("17ae03012fd1ca03015b383460568114 3261a9010557".replace(" ", ""))
WITH_DEFAULT_TEXT = "u::rwx,u:77777:rw,g:88888:w,g::r,o::-,m::rw,d:u::r,d:g::w,d:o::x,d:u:5:x,d:m::rwx"


def number(name: str) -> int | None:
    return int(name) if name.isdigit() else None


@pytest.mark.parametrize(("text", "stored"), [(ACCESS_TEXT, ACCESS), (WITH_DEFAULT_TEXT, WITH_DEFAULT)])
def test_stored_form(text: str, stored: bytes) -> None:
    entries = parse_acl(text, number, number)
    assert pack_acl(entries) == stored
    assert list(unpack_acl(stored)) == entries


def test_text() -> None:
    lines = text_of_acl(WITH_DEFAULT, 0, lambda n: f"U{n}", lambda n: f"G{n}")
    assert lines[:4] == ["user::rwx", "user:U77777:rw-", "group:G88888:-w-", "group::r--"]
    assert lines[-2:] == ["default:user:U5:--x", "default:mask::rwx"]
    assert text_of_acl(None, 0o640, str, str) == ["user::rw-", "group::r--", "other::---"]


def test_permissions_follow_the_mask() -> None:
    assert permissions_of(parse_acl(ACCESS_TEXT, number, number), 0o100644) == 0o100760


@pytest.mark.parametrize("text", ["x::r", "u:r", "u:lisa:rw", "u::rwX", "g:nobody:r"])
def test_faulty_texts(text: str) -> None:
    with pytest.raises(AclError):
        parse_acl(text, number, number)


@pytest.mark.parametrize("length", range(len(WITH_DEFAULT)))
def test_cut_off_lists_end(length: int) -> None:
    assert len(list(unpack_acl(WITH_DEFAULT[:length]))) <= 11
