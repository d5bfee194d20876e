"""The debian guest for real, as the scenario has it: the normal user burns, root only mounts.

The first run builds the guest, which takes one to two minutes; later ones find it in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from burnlab.vm import CommandTimeout, DebianGuest, Share, debian_guest

pytestmark = pytest.mark.vm


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianGuest]:
    folder = tmp_path_factory.mktemp("shared")
    folder.chmod(0o755)  # who may read it counts in the guest too
    (folder / "note").write_text("from the host\n")
    image = tmp_path_factory.mktemp("images") / "some.iso"
    image.write_bytes(bytes(2048 * 100))
    with debian_guest(cdrom=image, shares=[Share(Path(folder), "work")], progress=print) as running:
        yield running


def test_the_normal_user_may_burn(guest: DebianGuest) -> None:
    assert "cdrom" in guest.run("id -Gn").stdout.split()
    listed = guest.run("xorriso -devices").stdout
    assert listed.splitlines()[0] == "0  -dev '/dev/sr0' rwrw-- :  'QEMU    ' 'QEMU DVD-ROM' "
    assert (
        guest.run("stat -L -c '%A %G' /dev/dvdrom /dev/sg0").stdout == "brw-rw---- cdrom\ncrw-rw---- cdrom\n"
    )


def test_commands_by_ssh(guest: DebianGuest) -> None:
    result = guest.run("echo 'a  b'; echo err >&2; exit 7")
    assert (result.stdout, result.stderr, result.exit_code) == ("a  b\n", "err\n", 7)
    assert guest.run_as_root("id -u").stdout == "0\n"
    assert guest.run("cat /mnt/work/note").stdout == "from the host\n"
    with pytest.raises(CommandTimeout) as caught:
        guest.run("echo begun; sleep 1000", timeout=15)
    assert caught.value.stdout == b"begun\n"


def test_nothing_failed_at_start(guest: DebianGuest) -> None:
    assert guest.run("systemctl --failed --no-legend").stdout == ""
    assert guest.xorriso_version
