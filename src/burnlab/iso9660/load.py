"""An image's tree from its blocks, whatever made it and whatever happened to it since.

Nothing that an image says about itself is believed before it was looked at: addresses, sizes, names, and that
directories form a tree. What can't be had is told of and left out; only an image without a usable volume
descriptor or root is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from burnlab.iso9660 import aaip
from burnlab.iso9660.aaip import ChecksumArea
from burnlab.iso9660.blocks import LBA_END, BlockWindow, ReadBlocks
from burnlab.iso9660.checksums import DIGEST_BYTES, MAX_SLOTS, check_array
from burnlab.iso9660.collector import no_collector
from burnlab.iso9660.ecma119 import (
    BLOCK,
    EL_TORITO_ID,
    SELF_ID,
    STANDARD_ID,
    SYSTEM_AREA_BLOCKS,
    BootRecord,
    DescriptorType,
    DirectoryRecord,
    FileFlags,
    ImageError,
    VolumeDescriptor,
    blocks_of,
    halves_agree,
    is_primary,
)
from burnlab.iso9660.el_torito import CATALOG_BLOCKS, BootCatalog
from burnlab.iso9660.fast_records import FastReader
from burnlab.iso9660.inodes import complete_inodes
from burnlab.iso9660.overlaps import Span, crossing
from burnlab.iso9660.record_reader import (
    PLAIN_PERMISSIONS,
    Namespace,
    Problem,
    RecordReader,
    Subdirectory,
)
from burnlab.iso9660.superblock import check_tree
from burnlab.iso9660.susp import NodeFacts
from burnlab.iso9660.tree import ROOT_MODE, Directory, Extent, File, show, walk

ROCK_RIDGE_IDS: Final = frozenset((b"RRIP_1991A", b"IEEE_P1282", b"IEEE_1282"))
ANY_NAMESPACE: Final = (Namespace.ROCK_RIDGE, Namespace.JOLIET, Namespace.ISO)
SP_HEAD: Final = b"SP\x07\x01\xbe\xef"
CHUNK_BLOCKS: Final = 512
MAX_DESCRIPTORS: Final = 64
BOTH_ORDERS: Final = ((80, 4), (120, 2), (124, 2), (128, 2), (132, 4), (158, 4), (166, 4))
"""Where a volume descriptor has numbers in both byte orders, the root's extent and size among them, and bytes
of each form.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a tree may take at most. `directory_blocks` counts all directories together."""

    nodes: int = 10_000_000
    depth: int = 1024
    directory_blocks: int = 1 << 20
    problems: int = 1000


@dataclass(slots=True)
class LoadedImage:
    """A tree and what else is known of the image it came from.

    `base` is where it was loaded from: the session's first block, or 0 for a head. `descriptor` is its
    primary volume descriptor, `namespace` the tree that was taken. `checksums` tells of the MD5 array if it
    could be used, `session_md5` is its slot 0. `nodes` counts all but the root. `problem_count` may be larger
    than the list of problems.
    """

    root: Directory
    base: int
    descriptor: VolumeDescriptor
    namespace: Namespace
    has_rock_ridge: bool = False
    has_joliet: bool = False
    boot_catalog: BootCatalog | None = None
    checksums: ChecksumArea | None = None
    session_md5: bytes = b""
    nodes: int = 0
    last_inode: int | None = None
    """The highest inode number if all nodes have one; None as long as they have only what was recorded."""
    collisions: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0

    @property
    def size_blocks(self) -> int:
        """Volume space size: blocks of the session, or for a head all blocks up to its end."""
        return self.descriptor.space_size

    @property
    def volume_id(self) -> bytes:
        """The volume id without blanks to the right."""
        return self.descriptor.volume_id

    @property
    def is_damaged(self) -> bool:
        """Whether anything is missing in the tree."""
        return any(problem.severity == "SORRY" for problem in self.problems)


def load_tree(
    read: ReadBlocks,
    lba: int,
    *,
    limits: Limits = Limits(),
    want_md5: bool = True,
    want_attributes: bool = True,
    number_nodes: bool = False,
    check_tags: bool = False,
    namespaces: Sequence[Namespace] = ANY_NAMESPACE,
    medium_blocks: int | None = None,
    on_problem: Callable[[Problem], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> LoadedImage:
    """Load the tree of the session that starts at a block; 0 is the head of an overwritable medium.

    Args:
        read: blocks of the medium.
        lba: where volume descriptors are, less 16.
        limits: bounds on what is taken in.
        want_md5: whether files get the MD5 that the image has recorded of them.
        want_attributes: whether nodes get what AL fields tell. If not, modes are those without the ACL.
        number_nodes: whether nodes without a recorded inode number get one.
        check_tags: whether superblock and tree are checked by their tags first.
        namespaces: which trees are acceptable, best first.
        medium_blocks: how many blocks there are, if known; content behind that is told of.
        on_problem: called for each problem as it is met, up to a limit.
        on_progress: called now and then with the number of nodes so far.

    Raises:
        TagMismatch: the tags say that superblock or tree are not as written.
        ImageError: there is no usable image.
    """
    if check_tags:
        check_tree(read, lba)
    with no_collector():
        loader = _Loader(read, lba, limits, medium_blocks)
        loader.on_problem, loader.on_progress = on_problem, on_progress
        loader.wants_md5, loader.wants_attributes = want_md5 and want_attributes, want_attributes
        image = loader.load(namespaces)
        if number_nodes:
            image.last_inode = complete_inodes(image.root)
        return image


class _Loader:
    def __init__(self, read: ReadBlocks, lba: int, limits: Limits, medium_blocks: int | None) -> None:
        self.read = read
        self.window = BlockWindow(read)
        self.base = lba
        self.limits = limits
        self.wants_md5 = self.wants_attributes = True
        self.on_problem: Callable[[Problem], None] | None = None
        self.on_progress: Callable[[int], None] | None = None
        self.problems: list[Problem] = []
        self.problem_count = 0
        self.blocks_left = limits.directory_blocks
        self.visited: dict[int, Directory] = {}
        self.directories: dict[Extent, Directory] = {}
        self.boot: BootRecord | None = None
        self.volumes: list[VolumeDescriptor] = []
        self.medium_end = medium_blocks or LBA_END

    def tell(self, problem: Problem) -> None:
        self.problem_count += 1
        if self.problem_count > self.limits.problems:
            return
        self.problems.append(problem)
        if self.on_problem:
            self.on_problem(problem)

    def sorry(self, text: str, where: Directory | None = None) -> None:
        self.tell(Problem("SORRY", text, where.path() if where else b""))

    def warn(self, text: str, where: Directory | None = None) -> None:
        self.tell(Problem("WARNING", text, where.path() if where else b""))

    # Volume descriptors.

    def _descriptors(self) -> VolumeDescriptor:
        """The primary descriptor; supplementary ones that can be used are kept."""
        first = self.window.get(self.base + SYSTEM_AREA_BLOCKS)
        if not is_primary(first):
            raise ImageError("No ISO 9660 volume descriptor found")
        primary = VolumeDescriptor.unpack(first)
        if not all(halves_agree(first, at, half) for at, half in BOTH_ORDERS):
            self.warn("Numbers of the volume descriptor differ by byte order: the little-endian ones count")
        if primary.block_size != BLOCK:
            raise ImageError(f"Logical block size of {primary.block_size} bytes isn't supported")
        for number in range(1, MAX_DESCRIPTORS):
            try:
                block = self.window.get(self.base + SYSTEM_AREA_BLOCKS + number)
                if block[1:6] != STANDARD_ID or block[0] == DescriptorType.TERMINATOR:
                    break
                if block[0] == DescriptorType.SUPPLEMENTARY:
                    self.volumes.append(VolumeDescriptor.unpack(block))
                elif block[0] == DescriptorType.BOOT and block.startswith(EL_TORITO_ID, 7):
                    self.boot = BootRecord.unpack(block)
            except ImageError as error:
                self.warn(f"Volume descriptor {number}: {error}")
        space = primary.space_size
        self.medium_end = min(self.medium_end, max(self.base + space, space), LBA_END)
        return primary

    # The whole.

    def load(self, namespaces: Sequence[Namespace]) -> LoadedImage:
        self.primary = self._descriptors()
        joliet = next((volume for volume in self.volumes if volume.is_joliet), None)
        skip, facts = self._rock_ridge()
        namespace, volume = self._choose(namespaces, facts, joliet)
        reader = RecordReader(self.window, BlockWindow(self.read), namespace, skip, self.medium_end)
        reader.wants_attributes = self.wants_attributes
        root = Directory(name=b"", mode=ROOT_MODE)
        record = volume.root
        image = LoadedImage(
            root,
            self.base,
            self.primary,
            namespace,
            facts is not None,
            joliet is not None,
            problems=self.problems,
        )
        if namespace == Namespace.ROCK_RIDGE and facts is not None:
            root.mode = ROOT_MODE & ~0o7777 | ((facts.posix.mode & 0o7777) if facts.posix else 0)
            reader.describe(root, record, facts)
            self._take_root_attributes(image, reader)
        else:
            reader.describe(root, record, NodeFacts())
            root.mode = ROOT_MODE & ~0o7777 | PLAIN_PERMISSIONS
        self._walk(reader, Subdirectory(root, record.extent + record.attribute_blocks, record.size, 0))
        image.nodes, image.collisions = reader.nodes, reader.collisions
        self._overlaps(reader, root)
        self._boot_catalog(image)
        image.problem_count = self.problem_count
        return image

    def _rock_ridge(self) -> tuple[int, NodeFacts | None]:
        """Bytes to skip elsewhere, and what the root's own record tells if there is Rock Ridge."""
        record = self.primary.root
        try:
            own = DirectoryRecord.unpack(self.window.get(record.extent + record.attribute_blocks))
        except ImageError as error:
            raise ImageError(f"Root directory can't be read: {error}") from error
        if not own.system_use.startswith(SP_HEAD) or len(own.system_use) < 7:
            return 0, None
        reader = RecordReader(self.window, BlockWindow(self.read), Namespace.ROCK_RIDGE, 0, self.medium_end)
        facts = reader.facts(own)
        for problem in reader.held:
            self.tell(problem)
        return own.system_use[6], facts if ROCK_RIDGE_IDS.intersection(facts.extensions) else None

    def _choose(
        self, namespaces: Sequence[Namespace], facts: NodeFacts | None, joliet: VolumeDescriptor | None
    ) -> tuple[Namespace, VolumeDescriptor]:
        for namespace in namespaces:
            if namespace == Namespace.ROCK_RIDGE and facts is not None:
                return namespace, self.primary
            if namespace == Namespace.JOLIET and joliet is not None:
                return namespace, joliet
        return Namespace.ISO, self.primary

    # Checksums.

    def _take_root_attributes(self, image: LoadedImage, reader: RecordReader) -> None:
        """Load the MD5 array if wanted, from where the root's attributes tell."""
        area = (image.root.attributes or {}).get(aaip.CHECKSUM_AREA)
        if area is None or not self.wants_md5:
            return
        try:
            image.checksums = ChecksumArea.unpack(area)
            reader.array = self._array(image.checksums)
        except ImageError as error:
            self.warn(f"MD5 array can't be used: {error}")
            image.checksums = None
            return
        reader.slots = image.checksums.count
        image.session_md5 = reader.array[:DIGEST_BYTES]

    def _array(self, area: ChecksumArea) -> bytes:
        """The slots of an MD5 array.

        Raises:
            ImageError: it can't be what it says, can't be read, or isn't what was written.
        """
        blocks = blocks_of(area.count * DIGEST_BYTES)
        if (area.name, area.size) != (aaip.MD5_NAME, DIGEST_BYTES) or not 2 <= area.count <= MAX_SLOTS:
            raise ImageError("isofs.ca doesn't tell of MD5 in a size that can be")
        if not area.start < area.end or area.end + blocks > self.medium_end:
            raise ImageError("isofs.ca points behind the end of the volume")
        window = BlockWindow(self.read, 1)
        parts = [
            window.get(at, min(CHUNK_BLOCKS, area.end + blocks - at))
            for at in range(area.end, area.end + blocks, CHUNK_BLOCKS)
        ]
        array = b"".join(parts)[: area.count * DIGEST_BYTES]
        if not check_array(array, area.count):
            raise ImageError("MD5 of the array doesn't match: it is ignored")
        return array

    # Directories.

    def _walk(self, reader: RecordReader, root: Subdirectory) -> None:
        fast = FastReader(reader, numbered=bool(root.node.inode))
        stack = [root]
        while stack:
            where = stack.pop()
            found: list[Subdirectory] = []
            self._read_directory(fast, where, found)
            for problem in reader.held:
                self.tell(problem)
            reader.held.clear()
            if reader.nodes > self.limits.nodes:
                self.sorry(f"More than {self.limits.nodes} nodes: the rest is left out")
                return
            found.reverse()
            stack += found
            if self.on_progress:
                self.on_progress(reader.nodes)

    def _read_directory(self, fast: FastReader, where: Subdirectory, found: list[Subdirectory]) -> None:
        """All nodes of a directory."""
        first = self._may_enter(where)
        if first is None:
            return
        self.visited[where.lba] = where.node
        left = self._size(fast.reader, where, first)
        self.directories[Extent(where.lba, left)] = where.node
        lba = where.lba
        while left > 0 and fast.reader.nodes <= self.limits.nodes:
            data = self._directory_blocks(where, lba, min(CHUNK_BLOCKS, blocks_of(left)))
            if not data:
                break
            self.blocks_left -= len(data) // BLOCK
            fast.read(where, data[:left], found)
            lba += len(data) // BLOCK
            left -= len(data)
        fast.reader.sink = {}
        fast.reader.finish(where, found)
        fast.reader.tell_disagreeing()
        where.node.children.update(fast.reader.sink)

    def _may_enter(self, where: Subdirectory) -> DirectoryRecord | None:
        """The directory's own record; None, and a problem told, if it must not or can't be read."""
        other = self.visited.get(where.lba)
        if other is not None:
            self.sorry(f"Directory leads back to {show(other.path())}: it stays empty", where.node)
        elif where.depth > self.limits.depth:
            self.sorry(f"Directory is more than {self.limits.depth} levels deep: it stays empty", where.node)
        elif where.lba >= self.medium_end:
            self.sorry("Directory lies behind the end of the volume: it stays empty", where.node)
        else:
            try:
                own = DirectoryRecord.unpack(self.window.get(where.lba))
                if own.identifier == SELF_ID and own.flags & FileFlags.DIRECTORY:
                    return own
                raise ImageError("Directory doesn't start with its own record")
            except ImageError as error:
                self.sorry(f"{error}: it stays empty", where.node)
        return None

    def _size(self, reader: RecordReader, where: Subdirectory, own: DirectoryRecord) -> int:
        """The directory's length in bytes as its own record has it, which is what counts, within bounds."""
        if own.extent + own.attribute_blocks != where.lba:
            self.warn("Directory's own record tells another block than its parent", where.node)
        if where.is_relocated:
            name = where.node.name
            reader.describe(where.node, own, reader.facts(own))
            where.node.name = name
        elif own.size != where.size:
            self.warn("Directory's own record tells another size than its parent", where.node)
        room = min(self.blocks_left, self.medium_end - where.lba) * BLOCK
        if own.size > room:
            self.sorry("Directory is larger than can be: its end is left out", where.node)
        return min(own.size, room)

    def _directory_blocks(self, where: Subdirectory, lba: int, count: int) -> bytes:
        """Some blocks of a directory; fewer in front of one that can't be read."""
        try:
            return self.window.get(lba, count)
        except ImageError:
            blocks: list[bytes] = []
        try:
            for number in range(count):
                blocks.append(self.window.get(lba + number))
        except ImageError as error:
            if not blocks:
                self.sorry(f"{error}: the rest of the directory is left out", where.node)
        return b"".join(blocks)

    def _overlaps(self, reader: RecordReader, root: Directory) -> None:
        """Tell of contents that share some blocks with another, or with a directory, but not all of them."""
        divided = [(extent, content) for whole, content in reader.divided.items() for extent in whole]
        pairs = list(crossing([*self.directories, *reader.contents, *(extent for extent, _ in divided)]))
        if not pairs:
            return
        places = [*divided, *reader.contents.items(), *self.directories.items()]
        owners = {Span.of(extent): owner for extent, owner in places}
        paths: dict[int, bytes] = {}
        for node in walk(root):
            if isinstance(node, Directory | File):
                paths.setdefault(id(node.content if isinstance(node, File) else node), node.path())
        for first, second in pairs:
            one, other = (paths.get(id(owners[span]), b"?") for span in (first, second))
            self.tell(Problem("WARNING", f"Has some blocks, but not all, in common with {show(one)}", other))

    # Boot.

    def _boot_catalog(self, image: LoadedImage) -> None:
        if self.boot is None:
            return
        data = b""
        try:
            for number in range(CATALOG_BLOCKS):
                data += self.window.get(self.boot.catalog + number)
        except ImageError:
            pass
        try:
            image.boot_catalog = BootCatalog.unpack(data, self.boot.catalog)
        except ImageError as error:
            self.warn(str(error))
            return
        if image.boot_catalog.problem:
            self.warn(image.boot_catalog.problem)
