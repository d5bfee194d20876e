"""Setters: what the next commands get, and what `-status` tells. Texts are those of the real program."""

from __future__ import annotations

import pytest

from support.burn_program import World

ALWAYS = ("-error_behavior image", "-prog ", "-osirrox strict", "-cd ", "-cdx ", "-abort_on ", "-dev ")


def status(*words: str) -> list[str]:
    world = World()
    world.run(*words, "-status", "short")
    return [line for line in world.out.splitlines() if not line.startswith(ALWAYS)]


TOLD = """
speed 16x | -speed 22160kB/s
speed 4c | -speed 706kB/s
speed 2.4xDVD | -speed 3324kB/s
speed 10m | -speed 10000kB/s
speed min | -speed min
speed bogus | -speed none
speed max |
padding 1m | -padding 1024k
padding 2s | -padding 4k
padding included | -padding included
follow on | -follow link:concat:mount:limit=100
follow off | -follow off:limit=100
follow mount:limit=3 | -follow mount:limit=3
follow param:pattern | -follow pattern:param:limit=100
hardlinks on:lsl_count | -hardlinks on:lsl_count:normal_extract
xattr on | -xattr user
acl on | -acl on
md5 all | -md5 all
md5 on:load_check_off | -md5 on:load_check_off
md5 load_check_off |
overwrite off | -overwrite off
stream_recording 32s | -stream_recording on
stdio_sync 64k | -stdio_sync 65536
stdio_sync 1g | -stdio_sync 1024m
stdio_sync end | -stdio_sync end
write_type dao | -write_type sao/dao
close xx | -close on
close as_needed | -close as_needed
dummy xx | -dummy on
file_size_limit off -- | -file_size_limit off --
file_size_limit 100m 5m -- | -file_size_limit 110100480 --
drive_access shared:readonly | -drive_access shared:readonly
assert_volid A* sorry | -assert_volid 'A*' 'SORRY'
iso_nowtime @7 | -iso_nowtime =7
iso_nowtime 2020010100000000 | -iso_nowtime =1577836800
pacifier mkisofs | -pacifier 'mkisofs'
pacifier interval=0.01 | -pacifier interval=0.100000
return_with warning 44 | -return_with WARNING 44
sh_style_result on | -sh_style_result on
mark foo | -mark 'foo'
page 10 40 | -page 10 40
reassure tree | -reassure tree
"""


@pytest.mark.parametrize("row", TOLD.strip().splitlines())
def test_status_tells_settings(row: str) -> None:
    command, _, told = row.partition(" |")
    first, *words = command.split()
    assert status(f"-{first}", *words) == ([told.strip()] if told.strip() else [])


def test_backups() -> None:
    assert status("-for_backup") == [
        "-hardlinks on:no_lsl_count:normal_extract",
        "-acl on",
        "-xattr any",
        "-md5 on",
    ]


REFUSED = """
md5 bogus | FAILURE : -md5: unknown mode 'bogus'
joliet bogus | FAILURE : -joliet: unknown mode 'bogus'
hardlinks on:bogus | FAILURE : -hardlinks: unknown mode 'bogus' in 'on:bogus'
follow bogus | FAILURE : -follow: unknown mode 'bogus'
overwrite bogus | FAILURE : -overwrite: unknown mode 'bogus'
iso_nowtime bogus | SORRY : -iso_nowtime: Cannot decode timestring 'bogus'
iso_nowtime dynamic | NOTE : -iso_nowtime: Set to "dynamic"
padding bogus | SORRY : -padding: unrecognized non-numerical mode 'bogus'
stdio_sync bogus | SORRY : -stdio_sync : Bad size. Use: 64k to 1g, "on", "off", "end"
stdio_sync 63k | SORRY : -stdio_sync : Bad size. Use: 64k to 1g, "on", "off", "end"
fs 5k | SORRY : -fs: wrong size 5120 (allowed: 65536 - 1073741824)
file_size_limit bogus -- | FAILURE : -file_size_limit: values sum up to 0
error_behavior image_loading x | FAILURE : -error_behavior: with 'image_loading': unknown behavior 'x'
assert_volid a bogus | FAILURE : -assert_volid: Not a known severity name : 'bogus'
pacifier bogus | SORRY : -pacifier: unknown behavior code 'bogus'
pacifier interval=99 | WARNING : -pacifier: interval='interval=99' is too high. Max: 60.000000
disk_dev_ino bogus | SORRY : -disk_dev_ino: unknown mode 'bogus'
logfile x y | SORRY : Wrong form. Correct would be: -logfile "."|"R"|"I"|"M" file_address
"""


@pytest.mark.parametrize("row", REFUSED.strip().splitlines())
def test_refused(row: str) -> None:
    command, complaint = row.split(" | ")
    first, *words = command.split()
    world = World()
    world.run(f"-{first}", *words)
    assert f"xorriso : {complaint}" in list(world.events())


@pytest.mark.parametrize(
    ("word", "enabled", "load_check"),
    [("on", True, True), ("on:load_check_off", True, False), ("off", False, True)],
)
def test_md5(word: str, enabled: bool, load_check: bool) -> None:
    program = World().program()
    program.run(["-md5", word])
    assert (program.settings.md5, program.settings.md5_load_check) == (enabled, load_check)


def test_status_by_beginning_and_history() -> None:
    world = World()
    world.run("-history", "foo bar", "-status", "-volid", "-status", "-history")
    assert world.out == "-volid 'ISOIMAGE'\n-history 'foo bar'\n"
