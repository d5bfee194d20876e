"""What an image has recorded of nodes besides what they are."""

from __future__ import annotations

from burnlab.iso9660.aaip import CHECKSUM_INDEX, pack_index, unpack_index
from burnlab.iso9660.tree import CopiedContent, File, ImageContent, Node


def recorded_attributes(node: Node) -> dict[bytes, bytes]:
    """All attributes of a node in their order; for a file that has none of its own, the index in the MD5
    array.
    """
    if node.attributes is not None:
        return dict(node.attributes)
    index = recorded_index(node)
    return {CHECKSUM_INDEX: pack_index(index)} if index else {}


def recorded_index(node: Node) -> int:
    """The number of a file in the MD5 array of the image that it was loaded from, or 0."""
    if node.attributes is not None:
        return unpack_index(node.attributes.get(CHECKSUM_INDEX, b""))
    content = node.content if isinstance(node, File) else None
    return content.index if isinstance(content, ImageContent | CopiedContent) else 0
