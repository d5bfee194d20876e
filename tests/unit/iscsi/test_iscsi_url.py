"""iSCSI URLs: what they mean, what is none, and that secrets don't show."""

from __future__ import annotations

import pytest

from burnlab.iscsi.url import IscsiUrl, lun_field, parse_url

IQN = "iqn.2024-01.test:disk"

GOOD = {
    f"iscsi://host/{IQN}/0": IscsiUrl("host", 3260, IQN, 0),
    f"ISCSI://host:3261/{IQN}/12": IscsiUrl("host", 3261, IQN, 12),
    f"iscsi://[::1]:99/{IQN}/1/": IscsiUrl("::1", 99, IQN, 1),
    f"iscsi://[fe80::2]/{IQN}/1": IscsiUrl("fe80::2", 3260, IQN, 1),
    f"iscsi://me%se/cret@host/{IQN}/0".replace("se/cret", "se:cret"): IscsiUrl(
        "host", 3260, IQN, 0, "me", "se:cret"
    ),
    f"iscsi://me@host/{IQN}/0?secret_file=/a/b&target_user=it&target_secret_file=c": IscsiUrl(
        "host", 3260, IQN, 0, "me", "", "/a/b", "it", "", "c"
    ),
    f"iscsi://me%s@host/{IQN}/0?target_user=it&target_password=pw": IscsiUrl(
        "host", 3260, IQN, 0, "me", "s", "", "it", "pw"
    ),
    f"iscsi://host/{IQN}/0?header_digest=crc32c&data_digest=crc32c-none": IscsiUrl(
        "host", 3260, IQN, 0, header_digest="CRC32C", data_digest="CRC32C,None"
    ),
    "iscsi://host": IscsiUrl("host"),
    "iscsi://host:1/": IscsiUrl("host", 1),
}

BAD = {
    "http://host": "begins with iscsi://",
    "iscsi://": "host is missing",
    f"iscsi://host/{IQN}": "LUN is missing",
    f"iscsi://host/{IQN}/x": "no LUN",
    f"iscsi://host/{IQN}/16384": "no LUN",
    f"iscsi://host:0/{IQN}/0": "no port",
    f"iscsi://host:70000/{IQN}/0": "no port",
    f"iscsi://[::1/{IQN}/0": "IPv6 address ends with ]",
    f"iscsi://[::1]x/{IQN}/0": "IPv6 address ends with ]",
    f"iscsi://@host/{IQN}/0": "user before @",
    f"iscsi://host/{IQN}/0?speed=4": "'speed' is not known",
    f"iscsi://host/{IQN}/0?header_digest=md5": "no digest",
}


@pytest.mark.parametrize("text", GOOD)
def test_what_a_url_means(text: str) -> None:
    assert parse_url(text) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(ValueError, match=BAD[text].replace("]", r"\]")):
        parse_url(text)


def test_secrets_do_not_show() -> None:
    url = parse_url(f"iscsi://me%hidden@host/{IQN}/0?target_user=it&target_password=veiled")
    assert str(url) == f"iscsi://host:3260/{IQN}/0"
    for secret in ("hidden", "veiled"):
        assert secret not in str(url)
        assert secret not in repr(url)


def test_the_field_of_a_lun() -> None:
    assert [lun_field(lun).to_bytes(8, "big").hex() for lun in (0, 1, 255, 256, 0x3FFF)] == [
        "0000000000000000",
        "0001000000000000",
        "00ff000000000000",
        "4100000000000000",
        "7fff000000000000",
    ]
