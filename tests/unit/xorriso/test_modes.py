from __future__ import annotations

import pytest

from burnlab.xorriso.modes import ModeError, parse_mode

DIRECTORY = 0o040000


@pytest.mark.parametrize(
    ("text", "from_all", "from_none"),
    [
        ("0644", 0o644, 0o644),
        ("07755", 0o7755, 0o7755),
        ("0777777", 0o7777, 0o7777),
        ("08", 0, 0),
        ("u=", 0o3077, 0),
        ("a=", 0, 0),
        ("=r", 0o7777, 0),
        ("+x", 0o7777, 0),
        ("u=rw,+x", 0o3677, 0o600),
        ("ug+s", 0o7777, 0o6000),
        ("a+t", 0o7777, 0o1000),
        ("g+t", 0o7777, 0),
        ("u=s", 0o7077, 0o4000),
        (",u+r", 0o7777, 0o400),
        ("au+x", 0o7777, 0o111),
        ("go-rwx,u+rwx", 0o7700, 0o700),
        ("u+r,u-r", 0o7377, 0),
    ],
)
def test_modes(text: str, from_all: int, from_none: int) -> None:
    change = parse_mode(text)
    assert change.apply(DIRECTORY | 0o7777) == DIRECTORY | from_all
    assert change.apply(DIRECTORY) == DIRECTORY | from_none


@pytest.mark.parametrize(
    "text", ["", "644", "a+X", "=", "+", "u", "u+r,", ",", ",,", "u=g", "ug=rw+x", " u+r", "+0"]
)
def test_faulty_modes(text: str) -> None:
    with pytest.raises(ModeError):
        parse_mode(text)
