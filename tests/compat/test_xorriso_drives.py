"""Drives, media, writing and checking: the same command lines with the real xorriso and with ours."""

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

BLOCKS = re.compile(r"\d+ writable , \d+ overall")
SPACE = re.compile(r"^(Media space|After commit)( *): \d+s$", re.MULTILINE)
CREATED = re.compile(r"^(Creation Time|Modif. Time  |Preparer Id  ): .*$", re.MULTILINE)
RACE = re.compile(
    r"^libburn : FATAL : Burn run failed\n|^xorriso : FATAL : -abort_on .*image writing\n"
    r"|^xorriso : NOTE : libburn has now been urged .*\n|(?<=problem severity )(?:FATAL|FAILURE)$",
    re.MULTILINE,
)
"""What the real program may say or not: its burn thread races with the one that sees the failed write."""
BLOCK = 2048


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tree; images with one and three sessions, made by the real program; copies of them, damaged."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "src" / "sub").mkdir(parents=True)
    (folder / "src" / "hello.txt").write_bytes(b"hello\n")
    (folder / "src" / "sub" / "a").write_bytes(b"hi\n")
    (folder / "src" / "noise.bin").write_bytes(bytes(range(256)) * 390)
    (folder / "src2").mkdir()
    (folder / "src2" / "b").write_bytes(b"second\n")

    def real(*words: str) -> None:
        subprocess.run(["xorriso", *words], cwd=folder, check=True, capture_output=True)

    real("-md5", "on", "-outdev", "one.iso", "-add", "src", "--")
    shutil.copy(folder / "one.iso", folder / "ms.iso")
    real("-md5", "on", "-dev", "ms.iso", "-volid", "SECOND", "-add", "src2", "--")
    real("-md5", "on", "-dev", "ms.iso", "-volid", "THIRD", "-add", "src/hello.txt", "--")
    real("-compliance", "no_emul_toc", "-outdev", "zero.iso", "-add", "src", "--")
    image = (folder / "ms.iso").read_bytes()
    content, tree = image.index(b"hello\n"), 48 * BLOCK + 1500
    for name, at in (("content.iso", content), ("super.iso", tree), ("array.iso", 52 * BLOCK + 1500)):
        damaged = bytearray(image)
        damaged[at] ^= 1
        (folder / name).write_bytes(damaged)
    untagged = bytearray(image)
    untagged[111 * BLOCK : 112 * BLOCK] = bytes(BLOCK)
    (folder / "untagged.iso").write_bytes(untagged)
    (folder / "noise").write_bytes(os.urandom(100_000))
    (folder / "zeros").write_bytes(bytes(300_000))
    return folder


CASES = """
-outdev one.iso -toc
-indev one.iso -toc
-indev ms.iso -toc
-dev ms.iso -toc
-indev zero.iso -toc
-indev noise -toc
-outdev noise -toc
-outdev zeros -toc
-dev noise -add src --
-outdev noise -add src --
-outdev noise -add src -- -commit
-indev nothing -toc
-outdev nothing -toc
-indev src -toc
-outdev src -add src2 --
-outdev no/such/file
-outdev stdio:/no/such/file
-outdev stdio:
-dev /dev/null
-dev /dev/no_such_thing
-indev /dev/sr77
-outdev mmc:one.iso
-outdev stdio:/dev/null -add src --
-outdev stdio:/dev/full -add src --
-toc
-toc_of in
-toc_of out
-toc_of all
-toc_of bogus
-indev ms.iso -toc_of out
-indev ms.iso -outdev new -toc
-indev ms.iso -outdev new -toc_of in
-indev ms.iso -outdev new -toc_of out:short
-indev ms.iso -outdev new -toc_of all:short
-dev ms.iso -toc_of all:short
-dev ms.iso -dev one.iso
-dev ms.iso -indev one.iso
-dev ms.iso -outdev one.iso
-dev ms.iso -dev ''
-dev ms.iso -indev ''
-dev ms.iso -outdev ''
-indev ms.iso -outdev new -indev ''
-indev ms.iso -outdev new -outdev ''
-indev ms.iso -outdev new -dev ''
-indev ms.iso -outdev ms.iso
-outdev ms.iso -indev ms.iso
-outdev new -volid X -dev ''
-outdev new -volid X -outdev ''
-outdev new -volid X -outdev other -changes_pending show_status
-indev ms.iso -rm_r /src -- -outdev ms.iso
-indev ms.iso -rm_r /src -- -dev ms.iso
-indev ms.iso -rm_r /src --
-dev ms.iso -eject in
-dev ms.iso -eject out
-dev ms.iso -eject all
-indev ms.iso -outdev new -eject in
-indev ms.iso -outdev new -eject out
-indev ms.iso -eject out
-eject in
-eject out
-eject all
-dev ms.iso -volid X -eject all
-devices
-dev ms.iso -devices
-dev ms.iso -volid X -devices
-load session 1 -indev ms.iso
-load session 2 -indev ms.iso -toc
-load track 2 -indev ms.iso
-load lba 128 -indev ms.iso
-load sbsector 128 -indev ms.iso
-load lba 77 -indev ms.iso
-load volid SEC* -indev ms.iso
-load volid NO -indev ms.iso
-load session 9 -indev ms.iso
-load session x -indev ms.iso
-load bogus 1 -indev ms.iso
-indev ms.iso -load session 1
-indev ms.iso -volid X -load session 1
-load session 1 -dev ms.iso -add src2 -- -commit -toc
-rollback
-indev ms.iso -volid X -rollback
-outdev new -volid X -rollback
-commit
-indev ms.iso -commit
-indev ms.iso -rm_r /src -- -commit
-outdev new -add src -- -commit -toc
-indev ms.iso -outdev new -volid M -commit -toc
-indev ms.iso -outdev new -volid M -commit -volid N
-outdev new -add src -- -commit_eject all
-dev ms.iso -volid X -commit_eject in
-dev ms.iso -volid X -commit_eject out
-dev ms.iso -volid X -commit_eject none -toc_of in:short
-dev ms.iso -commit_eject all
-changes_pending ''
-dev ms.iso -changes_pending yes
-dev ms.iso -changes_pending bogus
-dev ms.iso -volid X -changes_pending no
-dummy on -outdev new -add src --
-dummy on -dev ms.iso -volid X -commit -toc_of in:short
-close on -dev ms.iso -volid X
-padding 0 -outdev new -add src --
-padding 1m -outdev new -add src -- -commit -toc
-padding included -outdev new -add src -- -commit -toc
-dev zero.iso -add src2 -- -commit -toc
-outdev new -add src -- -commit -add src2 -- -commit -toc
-outdev one.iso -blank as_needed -toc
-outdev one.iso -blank all -blank all -blank as_needed
-outdev one.iso -blank force:all
-outdev noise -blank as_needed -toc
-outdev one.iso -blank as_needed -add src2 -- -commit -toc
-dev one.iso -blank as_needed -add src2 -- -commit -toc
-dummy on -outdev one.iso -blank as_needed
-dev one.iso -volid X -blank as_needed
-outdev one.iso -blank bogus
-blank as_needed
-outdev one.iso -format as_needed
-outdev one.iso -format full
-outdev one.iso -format by_index_3
-outdev one.iso -format by_index_
-outdev one.iso -format by_size_100m
-outdev one.iso -format by_size_x
-outdev one.iso -format bogus
-format as_needed
-list_formats
-outdev one.iso -list_formats
-indev ms.iso -outdev new -list_profiles all
-list_profiles all
-list_speeds
-outdev one.iso -list_speeds
-indev one.iso -list_speeds
-outdev one.iso -close_damaged as_needed
-outdev one.iso -close_damaged force
-outdev one.iso -close_damaged bogus
-close_damaged as_needed
-outdev new -print_size -volid X -print_size -tell_media_space -rollback_end
-dev ms.iso -volid X -print_size -tell_media_space -rollback_end
-indev ms.iso -tell_media_space
-tell_media_space
-indev ms.iso -volid X -print_size
-outdev noise -volid X -tell_media_space
-outdev new -pvd_info
-indev ms.iso -pvd_info
-pvd_info
-outdev new -publisher p1 -volset_id vs -application_id app -system_id sys -commit -pvd_info
-outdev new -copyright_file cf -abstract_file af -biblio_file bf -commit -pvd_info
-publisher early -indev ms.iso -pvd_info
-volid early -indev ms.iso -pvd_info -rollback_end
-outdev new -volid 'a b' -rollback_end
-outdev new -volid lower -rollback_end
-outdev new -volid X/Y -rollback_end
-outdev new -joliet on -volid 12345678901234567 -rollback_end
-outdev new -volume_date uuid 2020010203040506 -volid U -commit -pvd_info
-outdev new -volume_date x =86400 -volume_date f =1000000000 -volid U -commit -pvd_info
-outdev new -volume_date c bogus
-outdev new -volume_date uuid 1
-check_media --
-indev nothing -check_media --
-indev ms.iso -check_media --
-outdev ms.iso -check_media use=outdev --
-md5 on -indev ms.iso -check_media --
-md5 on -indev ms.iso -check_media what=image --
-md5 on -indev ms.iso -check_media what=disc --
-md5 on -indev content.iso -check_media --
-md5 on -indev content.iso -check_media event=SORRY --
-md5 on -indev content.iso -check_media what=disc --
-md5 on:load_check_off -indev super.iso -check_media --
-md5 on:load_check_off -indev super.iso -check_media what=disc --
-md5 on:load_check_off -indev array.iso -check_media --
-md5 on -indev untagged.iso -check_media --
-md5 on -indev untagged.iso -check_media what=disc --
-md5 on -indev content.iso -check_media report=blocks_files bad_limit=md5_mismatch --
-md5 on -indev ms.iso -check_media min_lba=50 max_lba=60 --
-md5 on -indev ms.iso -check_media_defaults what=disc -- -check_media --
-md5 on -indev ms.iso -check_media what=bogus --
-md5 on -indev ms.iso -check_media bogus=1 --
-md5 on -indev ms.iso -check_media event=bogus --
-md5 on -indev ms.iso -check_media use=outdev --
-md5 on -load session 1 -indev ms.iso -check_media what=image --
-md5 on -indev zero.iso -check_media --
-md5 on -indev ms.iso -check_md5_r sorry / --
-md5 on -indev content.iso -check_md5_r sorry / --
-md5 on -indev content.iso -check_md5 warning /src/hello.txt /src/noise.bin --
-md5 on -indev content.iso -check_md5_r ALL / --
-md5 on -indev ms.iso -check_md5 sorry --
-md5 on -load session 1 -indev content.iso -check_md5 sorry --
-indev ms.iso -check_md5 sorry --
-indev ms.iso -check_md5_r sorry / --
-md5 on -indev zero.iso -check_md5_r sorry / --
-md5 on -indev ms.iso -check_md5 sorry /src --
-md5 on -indev ms.iso -check_md5_r sorry /src/sub /nosuch --
-md5 on -indev ms.iso -check_md5 sorry /nosuch --
-md5 on -indev ms.iso -check_md5_r bogus / --
-assert_volid FOO* sorry -indev ms.iso
-assert_volid FOO* failure -indev ms.iso
-md5 on -load session 1 -indev super.iso
-abort_on NEVER -md5 on -load session 1 -indev super.iso -toc_of all:short
"""
LINES = [line for line in CASES.strip().splitlines() if line]


def shown(outcome: Outcome, *, racing: bool) -> str:
    """What has to be the same."""
    text = f"exit {outcome.exit}\n{outcome.out}\n----\n{outcome.err}"
    text = BLOCKS.sub("SPACE", text)
    text = SPACE.sub(r"\1\2: N", text)
    text = RACE.sub("", text) if racing else text
    return CREATED.sub(r"\1: SOME", text)


@pytest.mark.parametrize("line", LINES)
def test_says_the_same(line: str, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    shutil.copytree(inputs, theirs)
    shutil.copytree(inputs, ours)
    words = shlex.split(line)
    monkeypatch.chdir(ours)
    racing = "/dev/full" in line
    expected = shown(run_real(words, theirs), racing=racing).replace(str(theirs), "HERE")
    found = shown(run_ours(words, ours), racing=racing).replace(str(ours), "HERE")
    difference = "\n".join(
        unified_diff(expected.splitlines(), found.splitlines(), "real", "ours", lineterm="")
    )
    assert not difference, f"{line}\n{difference}"
    for file in sorted(theirs.iterdir()):
        if file.is_file():
            assert (ours / file.name).stat().st_size == file.stat().st_size, file.name


@pytest.mark.parametrize("name", ["one.iso", "ms.iso", "zero.iso", "noise"])
def test_blanking_leaves_the_same_bytes(
    name: str, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blanked = []
    for run in (run_real, run_ours):
        shutil.copy(inputs / name, tmp_path / name)
        assert run(["-outdev", name, "-blank", "as_needed"], tmp_path).exit == 0
        blanked.append((tmp_path / name).read_bytes())
    assert blanked[0] == blanked[1]
    assert blanked[0] != (inputs / name).read_bytes()
