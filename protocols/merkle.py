"""Merkle tree over the ledger's entries: a root of 32 bytes stands for all of them (RFC 9162, section 2.1).

With the root in hand, a proof of about log2(n) hashes shows that one entry is among the n (inclusion), or that a later
tree holds all of an earlier one, in the same places (consistency). Leaves and inner nodes are hashed with different
first bytes, so that neither passes for the other.
"""

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""

LONGEST_PROOF = 64
"""Hashes in one proof; no tree of fewer than 2**63 leaves needs more."""


def leaf(data: bytes) -> bytes:
    """The hash of a leaf that holds ``data`` (32 bytes)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (32 bytes)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows at its end. It keeps the roots of its full subtrees only, one for each bit set in ``size``."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Put ``data`` into a leaf at the end."""
        fresh, size = leaf(data), self.size
        while size & 1:
            fresh = node(self._peaks.pop(), fresh)
            size >>= 1
        self._peaks.append(fresh)
        self.size += 1

    def root(self) -> bytes:
        """The root of what is in it by now (32 bytes)."""
        if not self._peaks:
            return EMPTY
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node(peak, root)
        return root


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over ``leaves``, hashes as ``leaf`` makes them."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node(root(leaves[:split]), root(leaves[split:]))


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The proof that the leaf at ``index`` (from 0) is among ``leaves``. Raises IndexError for one that is not."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves has none at {index}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion(leaves[:split], index), root(leaves[split:])]
    return [*inclusion(leaves[split:], index - split), root(leaves[:split])]


def consistency(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """The proof that the tree over ``leaves`` holds that over the first ``size`` of them.

    Raises IndexError for a size that is not in 1..len(leaves).
    """
    if not 1 <= size <= len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves holds none of {size} to compare with")
    return _subproof(leaves, size, whole=True)


def _subproof(leaves: Sequence[bytes], size: int, *, whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if size <= split:
        return [*_subproof(leaves[:split], size, whole=whole), root(leaves[split:])]
    return [*_subproof(leaves[split:], size - split, whole=False), root(leaves[:split])]


def includes(root: bytes, size: int, index: int, fingerprint: bytes, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows that a tree of ``size`` leaves with ``root`` has the leaf ``fingerprint`` at ``index``.

    RFC 9162, section 2.1.3.2. Never raises, whatever the proof holds.
    """
    if not 0 <= index < size or len(proof) > LONGEST_PROOF:
        return False
    place, last, found = index, size - 1, fingerprint
    for beside in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node(beside, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def extends(earlier: tuple[int, bytes], later: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows that the tree ``later`` (size, root) begins with all of the tree ``earlier``.

    RFC 9162, section 2.1.4.2. Never raises, whatever the proof holds.
    """
    (first, first_root), (second, second_root) = earlier, later
    if first == second:
        return not proof and first_root == second_root
    if not 0 < first < second or not 0 < len(proof) <= LONGEST_PROOF:
        return False
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node(beside, old), node(beside, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node(new, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(count: int) -> int:
    """The largest power of two below ``count`` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)
