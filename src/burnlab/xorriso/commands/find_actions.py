"""The actions of `-find -exec`: one row each, with the number of its parameters and what makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.tree import Directory, File, ImageContent, Node, walk
from burnlab.xorriso.commands import changes, edit
from burnlab.xorriso.commands.contents import md5_of
from burnlab.xorriso.commands.find import Job, absolute, counterpart, image_node, run_job
from burnlab.xorriso.commands.listing import NodeLines, as_data, show_acl, show_attributes, show_source
from burnlab.xorriso.commands.targets import fail, image_path, shown
from burnlab.xorriso.commands.views import node_attributes
from burnlab.xorriso.find_tests import Candidate
from burnlab.xorriso.severity import Severity, find_severity
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

BLOCK: Final = 2048
Act = Callable[[Candidate], None]


def nothing() -> None:
    """What most actions do at the end."""


@dataclass(frozen=True, slots=True)
class Action:
    """An action at work: what it does to each file, and at the end."""

    act: Act
    end: Callable[[], None] = nothing


@dataclass(frozen=True, slots=True)
class Row:
    """An action in the table."""

    parameters: int
    make: Callable[[Program, Job], Action]
    is_for_disk: bool = False


def node_of(candidate: Candidate) -> Node:
    """The node of a candidate of the image."""
    assert isinstance(candidate.subject, Node)
    return candidate.subject


# Showing.


def _echo(program: Program, job: Job) -> Action:
    result = program.messages.result
    is_plain = program.settings.sh_style_result
    with_data = program.messages.json

    def act(candidate: Candidate) -> None:
        path = candidate.path
        text = path if is_plain else quote(path)
        if not with_data:
            result(text)
            return
        subject = candidate.subject
        data = as_data(path, node_attributes(subject)) if isinstance(subject, Node) else {"path": path}
        result(text, data=data)

    return Action(act)


def _lsdl(program: Program, job: Job) -> Action:
    lines = NodeLines(program)

    def act(candidate: Candidate) -> None:
        lines.show(node_of(candidate), candidate.path)

    return Action(act)


def _getfacl(program: Program, job: Job) -> Action:
    return Action(lambda candidate: show_acl(program, absolute(candidate.subject), node_of(candidate)))


def _getfattr(program: Program, job: Job) -> Action:
    def act(candidate: Candidate) -> None:
        show_attributes(program, absolute(candidate.subject), node_of(candidate))

    return Action(act)


def _get_any_xattr(program: Program, job: Job) -> Action:
    def act(candidate: Candidate) -> None:
        show_attributes(program, absolute(candidate.subject), node_of(candidate), any_space=True)

    return Action(act)


def _report_blocks(per_section: bool) -> Callable[[Program, Job], Action]:
    def make(program: Program, job: Job) -> Action:
        column = "Sectsize" if per_section else "Filesize"
        program.messages.result(f"Report layout: xt , Startlba ,   Blocks , {column} , ISO image path")

        def act(candidate: Candidate) -> None:
            node = candidate.subject
            content = node.content if isinstance(node, File) else None
            if not isinstance(content, ImageContent):
                return
            for at, (lba, size) in enumerate(content.extents):
                blocks = (size + BLOCK - 1) // BLOCK
                told = size if per_section else content.size
                path = shown(program, candidate.path)
                text = f"File data lba: {at:2d} , {lba:8d} , {blocks:8d} , {told:8d} , {path}"
                data = {"path": candidate.path, "extent": at, "lba": lba, "blocks": blocks, "size": told}
                program.messages.result(text, data=data)

        return Action(act)

    return make


def _show_stream(program: Program, job: Job) -> Action:
    return Action(lambda candidate: show_source(program, node_of(candidate)))


# Changing.


def _changing(change: changes.Change, program: Program, *, recursive: bool = False) -> Action:
    def act(candidate: Candidate) -> None:
        node = node_of(candidate)
        for each in walk(node) if recursive else (node,):
            change(each)
        program.volume.mark_changed()

    return Action(act)


def _chmod(program: Program, job: Job) -> Action:
    change = changes.chmod(program, job.parameters[0], "-find -exec chmod")
    return _changing(change, program, recursive=job.action.endswith("_r"))


def _chown(program: Program, job: Job) -> Action:
    change = changes.chown(program, job.parameters[0])
    return _changing(change, program, recursive=job.action.endswith("_r"))


def _chgrp(program: Program, job: Job) -> Action:
    change = changes.chgrp(program, job.parameters[0])
    return _changing(change, program, recursive=job.action.endswith("_r"))


def _alter_date(program: Program, job: Job) -> Action:
    kind, time = job.parameters
    change = changes.alter_date(program, kind, time, "-find -exec alter_date")
    return _changing(change, program, recursive=job.action.endswith("_r"))


def _setfattr(program: Program, job: Job) -> Action:
    return _changing(changes.setfattr(program, *job.parameters), program)


def _setfacl(program: Program, job: Job) -> Action:
    return _changing(changes.setfacl(program, job.parameters[0], quote(job.start)), program)


def _mkisofs_r(program: Program, job: Job) -> Action:
    return _changing(changes.mkisofs_r, program)


def _set_to_mtime(program: Program, job: Job) -> Action:
    return _changing(changes.set_to_mtime, program)


def _remove(program: Program, job: Job) -> Action:
    from burnlab.xorriso.pacifier import Counter

    counter = Counter(program, "iso_rr_paths deleted")
    count = 0

    def act(candidate: Candidate) -> None:
        nonlocal count
        node = node_of(candidate)
        is_recursive = job.action == "rm_r"
        only_empty = isinstance(node, Directory) and not is_recursive
        path = absolute(node).rstrip("/")
        count += edit.remove(program, path, recursive=is_recursive, only_empty=only_empty, tell=False)
        counter.at(count)

    return Action(act, lambda: counter.end(count))


def _find(program: Program, job: Job) -> Action:
    inner = job.inner
    assert inner is not None

    def act(candidate: Candidate) -> None:
        inner.start = candidate.path
        run_job(program, inner, node_of(candidate), candidate.path)

    return Action(act)


# Checksums.


def _get_md5(program: Program, job: Job) -> Action:
    def act(candidate: Candidate) -> None:
        node = candidate.subject
        content = node.content if isinstance(node, File) else None
        if isinstance(content, ImageContent) and content.md5 is not None:
            path = absolute(node)
            text = f"{content.md5.hex()}  {path}"
            program.messages.result(text, data={"path": path, "md5": content.md5.hex()})

    return Action(act)


def _make_md5(program: Program, job: Job) -> Action:
    def act(candidate: Candidate) -> None:
        node = candidate.subject
        if not isinstance(node, File) or not isinstance(node.content, ImageContent):
            return
        try:
            node.content.md5 = md5_of(program, node.content)
        except OSError as error:
            fail(program, f"Cannot read content of {quote(absolute(node))}", cause=str(error))
        program.volume.mark_changed()

    return Action(act)


class _Check:
    """Contents against recorded MD5 sums, with the summary that -check_md5 prints."""

    def __init__(self, program: Program, severity: Severity) -> None:
        self.program = program
        self.severity = severity
        self.checked = self.mismatches = self.errors = self.without = 0

    def act(self, candidate: Candidate) -> None:
        node = candidate.subject
        if not isinstance(node, File):
            return
        content = node.content
        if not isinstance(content, ImageContent) or content.md5 is None:
            self.without += 1
            return
        self.checked += 1
        try:
            matches = md5_of(self.program, content) == content.md5
        except OSError:
            self.errors += 1
            self.tell("NOT READABLE", node)
            return
        if not matches:
            self.mismatches += 1
            self.tell("MD5 MISMATCH", node)

    def tell(self, trouble: str, node: File) -> None:
        path = absolute(node)
        self.program.messages.result(f"{trouble}: {quote(path)}", data={"path": path, "trouble": trouble})

    def end(self) -> None:
        result = self.program.messages.result
        loaded = self.program.volume.loaded
        if not self.checked:
            is_missing = loaded is not None and loaded.checksums is None
            reason = " (There is no MD5 checksum array loaded.)" if is_missing else ""
            result(f"Not a single file with MD5 checksum was found.{reason}")
        elif self.mismatches:
            result("Mismatch detected between file contents and MD5 checksums.")
        elif not self.errors:
            result("File contents and their MD5 checksums match.")
        if self.without and (loaded is None or loaded.checksums is not None):
            result("There were data files which have no MD5 and thus could not be checked.")
        if self.errors:
            result("Encountered errors other than non-match during MD5 checking.")
        if (self.mismatches or self.errors) and self.severity is not Severity.ALL:
            self.program.messages.event(self.severity, "Event triggered by MD5 comparison mismatch")


def _check_md5(program: Program, job: Job) -> Action:
    severity = find_severity(job.parameters[0])
    check = _Check(program, Severity.FAILURE if severity is None else severity)
    return Action(check.act, check.end)


# Both trees.


def _in_iso(program: Program, job: Job) -> Action:
    def act(candidate: Candidate) -> None:
        if image_node(program, counterpart(program, candidate, job, on_disk=False)) is not None:
            program.messages.result(shown(program, candidate.path), data={"path": candidate.path})

    return Action(act)


def _not_in_iso(program: Program, job: Job) -> Action:
    def act(candidate: Candidate) -> None:
        path = counterpart(program, candidate, job, on_disk=False)
        if image_node(program, path) is None:
            text = f"? {quote(path)}  (ISO) : cannot find this file in ISO image"
            program.messages.result(text, data={"path": path, "trouble": "missing in image"})

    return Action(act)


def _is_full_in_iso(program: Program, job: Job) -> Action:
    def act(candidate: Candidate) -> None:
        path = counterpart(program, candidate, job, on_disk=False)
        node = image_node(program, path)
        if isinstance(node, Directory) and node.children:
            where = quote(path or "/")
            text = f"d {where} (ISO) : non-empty directory (would not match mount point)"
            program.messages.result(text, data={"path": path or "/"})

    return Action(act)


def _empty_iso_dir(program: Program, job: Job) -> Action:
    def act(candidate: Candidate) -> None:
        path = counterpart(program, candidate, job, on_disk=False)
        node = image_node(program, path)
        if isinstance(node, Directory) and node.children:
            node.children.clear()
            program.volume.mark_changed()
            program.messages.event(Severity.UPDATE, f"Emptied directory {quote(path or '/')}")

    return Action(act)


def _add_missing(program: Program, job: Job) -> Action:
    from burnlab.xorriso.commands.find import DiskFile
    from burnlab.xorriso.commands.update import Updater

    updater = Updater(program)

    def act(candidate: Candidate) -> None:
        path = counterpart(program, candidate, job, on_disk=False)
        if image_node(program, path) is None and isinstance(candidate.subject, DiskFile):
            updater.add(candidate.subject.path, path)

    return Action(act)


def _compare(program: Program, job: Job) -> Action:
    from burnlab.xorriso.commands.compare import Comparer

    comparer = Comparer(program, with_paths=True)

    def act(candidate: Candidate) -> None:
        disk = counterpart(program, candidate, job, on_disk=True)
        comparer.compare(disk, image_path(program, candidate.path))

    return Action(act)


def _update(program: Program, job: Job) -> Action:
    from burnlab.xorriso.commands.update import Updater

    updater = Updater(program)

    def act(candidate: Candidate) -> None:
        disk = counterpart(program, candidate, job, on_disk=True)
        updater.update(disk, image_path(program, candidate.path))

    return Action(act)


ACTIONS: Final = {
    "echo": Row(0, _echo, is_for_disk=True),
    "lsdl": Row(0, _lsdl),
    "chmod": Row(1, _chmod),
    "chmod_r": Row(1, _chmod),
    "chown": Row(1, _chown),
    "chown_r": Row(1, _chown),
    "chgrp": Row(1, _chgrp),
    "chgrp_r": Row(1, _chgrp),
    "alter_date": Row(2, _alter_date),
    "alter_date_r": Row(2, _alter_date),
    "setfattr": Row(2, _setfattr),
    "setfacl": Row(1, _setfacl),
    "getfacl": Row(0, _getfacl),
    "getfattr": Row(0, _getfattr),
    "get_any_xattr": Row(0, _get_any_xattr),
    "mkisofs_r": Row(0, _mkisofs_r),
    "set_to_mtime": Row(0, _set_to_mtime),
    "rm": Row(0, _remove),
    "rmdir": Row(0, _remove),
    "rm_r": Row(0, _remove),
    "find": Row(0, _find),
    "get_md5": Row(0, _get_md5),
    "make_md5": Row(0, _make_md5),
    "check_md5": Row(1, _check_md5),
    "report_lba": Row(0, _report_blocks(per_section=False)),
    "report_sections": Row(0, _report_blocks(per_section=True)),
    "show_stream": Row(0, _show_stream),
    "compare": Row(1, _compare),
    "update": Row(1, _update),
    "in_iso": Row(1, _in_iso, is_for_disk=True),
    "not_in_iso": Row(1, _not_in_iso, is_for_disk=True),
    "is_full_in_iso": Row(1, _is_full_in_iso, is_for_disk=True),
    "empty_iso_dir": Row(1, _empty_iso_dir, is_for_disk=True),
    "add_missing": Row(1, _add_missing, is_for_disk=True),
}

UNBUILT: Final = frozenset(
    """
    clear_merge estimate_size get_hfs_bless get_hfs_crtp hide list_extattr print_outname
    report_damage rm_merge set_filter set_filter_r set_hfs_bless set_hfs_crtp show_stream_id sort_weight
    update_merge
    """.split()  # noqa: SIM905
)
"""Actions of the language that do nothing here."""
