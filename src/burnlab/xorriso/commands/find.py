"""The commands `-find` and `-findx`: walk a tree, test each file, act on it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.aaip import ACL
from burnlab.iso9660.recorded import recorded_attributes
from burnlab.iso9660.tree import Directory, DiskContent, File, ImageContent, Node
from burnlab.xorriso.commands.contents import first_block
from burnlab.xorriso.commands.targets import (
    Follow,
    disk_names,
    disk_path,
    fail,
    image_path,
    lookup,
    text_of,
)
from burnlab.xorriso.find_tests import (
    OPERATORS,
    TESTS,
    BadTest,
    Candidate,
    Facts,
    Malformed,
    Parser,
    Test,
    Token,
    always,
    is_wanted,
)
from burnlab.xorriso.pacifier import Counter
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import require_image
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.commands.find_actions import Action
    from burnlab.xorriso.program import Program

BLOCK: Final = 2048
DEFAULT_ACTION: Final = "echo"
REMOVING: Final = ("rm", "rmdir", "rm_r")


@dataclass(slots=True)
class Job:
    """What a `-find` command asks for: where to start, which files, what to do."""

    start: str
    is_disk: bool
    tokens: list[Token] = field(default_factory=list)
    action: str = DEFAULT_ACTION
    parameters: list[str] = field(default_factory=list)
    inner: Job | None = None
    test: Test = always
    sorts_by_lba: bool = False


def find(program: Program, words: list[str]) -> None:
    """Search a tree in the image and act on what is found."""
    job = parse_job(program, words, is_disk=False)
    path = image_path(program, job.start)
    node = lookup(require_image(program), path)
    if node is None:
        program.messages.event(Severity.FAILURE, f"Cannot find path {quote(path)} in loaded ISO image")
        if job.action in REMOVING:
            Counter(program, "iso_rr_paths deleted").end(0)
        return
    if not path and job.start.startswith("/"):
        job.start = "/"
    run_job(program, job, node, job.start)


def findx(program: Program, words: list[str]) -> None:
    """Search a tree on disk and act on what is found."""
    job = parse_job(program, words, is_disk=True)
    run_job(program, job, disk_path(program, job.start), job.start)


# Words.


def parse_job(program: Program, words: list[str], *, is_disk: bool) -> Job:
    """What the words of a `-find` command mean; the first one is where to start.

    Raises:
        CommandFailed: they mean nothing.
    """
    job = Job(words[0] if words and words[0] else ".", is_disk)
    _parse_words(program, words[1:], job)
    return job


def _parse_words(program: Program, words: list[str], job: Job) -> None:
    from burnlab.xorriso.commands.find_actions import ACTIONS, UNBUILT

    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        name = word.removeprefix("-")
        if word in OPERATORS:
            job.tokens.append((OPERATORS[word], []))
        elif name in TESTS and name != word:
            count = TESTS[name][0]
            if at + count > len(words):
                fail(program, f"-find[ix]: not enough parameters with test '{word}'")
            job.tokens.append((name, words[at : at + count]))
            at += count
        elif word == "-exec":
            if at == len(words):
                fail(program, f"-find[ix]: not enough parameters with -exec '{word}'")
            job.action = words[at]
            at += 1
            if job.action in UNBUILT:
                fail(program, f"-find -exec: action is not built yet: '{job.action}'")
            if job.action not in ACTIONS:
                fail(program, f"-find -exec: unknown action '{job.action}'")
            count = ACTIONS[job.action].parameters
            if at + count > len(words):
                fail(program, f"-find[ix]: not enough parameters with -exec '{job.action}'")
            job.parameters = words[at : at + count]
            at += count
            if job.action == "find":
                job.inner = Job(".", job.is_disk)
                _parse_words(program, words[at:], job.inner)
                at = len(words)
        else:
            fail(program, f"-find[ix]: unknown option '{word}'")
    _compile(program, job)


def _compile(program: Program, job: Job) -> None:
    facts: Facts = DiskFacts() if job.is_disk else ImageFacts()
    parser = Parser(job.tokens, facts, lambda word: disk_path(program, word))
    try:
        job.test = parser.parse()
    except BadTest as error:
        fail(program, str(error))
    except Malformed:
        words = " ".join(word for name, given in job.tokens for word in (name, *given))
        fail(program, f"-find[ix]: malformed expression finds nothing: {words}", Severity.WARNING)
    job.sorts_by_lba = parser.sorts_by_lba


# Running.


def run_job(program: Program, job: Job, start: Node | str, shown: str) -> None:
    """Walk from a node or disk path, which is shown as given, and act on what passes the test."""
    from burnlab.xorriso.commands.find_actions import ACTIONS

    row = ACTIONS[job.action if not job.is_disk or ACTIONS[job.action].is_for_disk else DEFAULT_ACTION]
    action = row.make(program, job)
    found = walk_disk(program, start, shown) if isinstance(start, str) else walk_image(start, shown)
    try:
        _act(job, found, action)
    finally:
        action.end()


def _act(job: Job, found: Iterator[Candidate], action: Action) -> None:
    if job.sorts_by_lba:
        _act_sorted(job, found, action)
    elif job.test is always:
        for candidate in found:
            action.act(candidate)
    else:
        test = job.test
        for candidate in found:
            if is_wanted(test, candidate):
                action.act(candidate)


def _act_sorted(job: Job, found: Iterator[Candidate], action: Action) -> None:
    wanted = [candidate for candidate in found if is_wanted(job.test, candidate)]
    if not job.is_disk:
        wanted.sort(key=lambda candidate: lba_of(candidate.subject))
        for candidate in wanted:
            candidate.path = absolute(candidate.subject)
    for candidate in wanted:
        action.act(candidate)


def lba_of(subject: object) -> int:
    """The first block of a node's content in the loaded image; 0 if there is none."""
    return first_block(subject.content) if isinstance(subject, File) else 0


def absolute(subject: object) -> str:
    """The path of a node in the image."""
    assert isinstance(subject, Node)
    return os.fsdecode(subject.path())


def walk_image(top: Node, shown: str) -> Iterator[Candidate]:
    """A node and all below it, directories before what is in them, names in bytewise order.

    What a caller does to a candidate before it asks for the next one is respected: nothing is looked for in a
    pruned directory, nor in one that was taken out.
    """
    stack = [Candidate(shown, text_of(top.name), top.mode, 0, top)]
    while stack:
        candidate = stack.pop()
        yield candidate
        node = candidate.subject
        if (
            not isinstance(node, Directory)
            or candidate.is_pruned
            or (node.parent is None and node is not top)
        ):
            continue
        if not node.children:
            continue
        prefix = candidate.path if candidate.path.endswith("/") else candidate.path + "/"
        depth = candidate.depth + 1
        children = node.children
        for name in sorted(children, reverse=True):
            child = children[name]
            text = os.fsdecode(name)
            stack.append(Candidate(prefix + text, text, child.mode, depth, child))


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A file that `-findx` looks at: absolute path, state, and device of its directory."""

    path: str
    status: os.stat_result
    device_above: int


def walk_disk(program: Program, start: str, shown: str) -> Iterator[Candidate]:
    """A disk file and all below it, as `-follow` and the exclusions let it be seen."""
    follow = Follow(program.settings.follow)
    is_excluded = program.settings.exclusions.test(os.fsdecode)
    try:
        status = _status(start or "/", follows=follow.parameters)
    except OSError:
        return
    top = DiskFile(start, status, status.st_dev)
    key = (status.st_dev, status.st_ino)
    first = Candidate(shown, start.rpartition("/")[2], status.st_mode, 0, top)
    stack: list[tuple[Candidate, frozenset[tuple[int, int]]]] = [(first, frozenset((key,)))]
    while stack:
        candidate, above = stack.pop()
        yield candidate
        file = candidate.subject
        assert isinstance(file, DiskFile)
        crosses = file.status.st_dev == file.device_above or follow.mounts
        if not stat.S_ISDIR(candidate.mode) or candidate.is_pruned or not crosses:
            continue
        for name in reversed(disk_names(file.path)):
            path = f"{file.path}/{name}"
            if is_excluded is not None and is_excluded(os.fsencode(path)):
                continue
            try:
                status = _status(path, follows=follow.links)
            except OSError:
                continue
            key = (status.st_dev, status.st_ino)
            if key in above and stat.S_ISDIR(status.st_mode):
                status = os.lstat(path)
            prefix = candidate.path if candidate.path.endswith("/") else candidate.path + "/"
            below = DiskFile(path, status, file.status.st_dev)
            child = Candidate(prefix + name, name, status.st_mode, candidate.depth + 1, below)
            stack.append((child, above | {key} if stat.S_ISDIR(status.st_mode) else above))


def _status(path: str, *, follows: bool) -> os.stat_result:
    if follows:
        try:
            return os.stat(path)
        except OSError:
            pass
    return os.lstat(path)


# Facts.


class ImageFacts:
    """What tests ask about nodes."""

    def has_acl(self, subject: object) -> bool:
        """Whether it has an access control list."""
        return isinstance(subject, Node) and bool(subject.attributes) and ACL in (subject.attributes or {})

    def has_xattr(self, subject: object, *, any_space: bool) -> bool:
        """Whether it has attributes, of the user's name space or of any."""
        names = recorded_attributes(subject) if isinstance(subject, Node) else ()
        return any(name and (any_space or name.startswith(b"user.")) for name in names)

    def has_md5(self, subject: object) -> bool:
        """Whether an MD5 of its content is recorded."""
        content = subject.content if isinstance(subject, File) else None
        return isinstance(content, ImageContent) and content.md5 is not None

    def is_pending(self, subject: object) -> bool:
        """Whether its content comes from outside the loaded image."""
        return isinstance(subject, File) and not isinstance(subject.content, ImageContent)

    def is_damaged(self, subject: object) -> bool:  # noqa: ARG002
        """Whether it uses blocks that were seen as damaged: nothing keeps record of them."""
        return False

    def uses_blocks(self, subject: object, start: int, count: int) -> bool:
        """Whether its content has blocks in that range."""
        content = subject.content if isinstance(subject, File) else None
        if not isinstance(content, ImageContent):
            return False
        return any(
            lba < start + count and start < lba + max(1, (size + BLOCK - 1) // BLOCK)
            for lba, size in content.extents
        )

    def source(self, subject: object) -> str | None:
        """The disk path of its content, if it comes from there."""
        if isinstance(subject, File):
            return os.fsdecode(subject.content.path) if isinstance(subject.content, DiskContent) else None
        if not isinstance(subject, Directory):
            return None
        stack: list[tuple[Node, int]] = [(subject, 0)]
        while stack:
            node, depth = stack.pop()
            if isinstance(node, Directory):
                stack.extend((child, depth + 1) for child in node.children.values())
            elif isinstance(node, File) and isinstance(node.content, DiskContent):
                return os.fsdecode(node.content.path).rsplit("/", depth)[0]
        return None

    def is_mount_point(self, subject: object) -> bool:  # noqa: ARG002
        """There are none in an image."""
        return False


class DiskFacts(ImageFacts):
    """What tests ask about disk files: most of it is about images only."""

    def is_mount_point(self, subject: object) -> bool:
        """Whether it is a directory on another device than its own directory."""
        if not isinstance(subject, DiskFile) or not stat.S_ISDIR(subject.status.st_mode):
            return False
        return subject.status.st_dev != subject.device_above


MakeAction = Callable[["Program", Job], "Action"]


def counterpart(program: Program, candidate: Candidate, job: Job, *, on_disk: bool) -> str:
    """The path that corresponds to a candidate below the action's parameter in the other tree."""
    below = candidate.path[len(job.start) :] if candidate.path.startswith(job.start) else ""
    base = (disk_path if on_disk else image_path)(program, job.parameters[0])
    return base + (f"/{below.strip('/')}" if below.strip("/") else "")


def image_node(program: Program, path: str) -> Node | None:
    """The node at an absolute path, or None."""
    return lookup(require_image(program), path)
