"""The tree of RFC 9162: the reference roots of Certificate Transparency, proofs that hold, and none that lie."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.merkle import EMPTY, LONGEST_PROOF, Tree, consistency, extends, includes, inclusion, leaf, root

# The eight leaves, and the roots of the trees over the first n of them, that the implementations of RFC 6962 share.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashes(data: Sequence[bytes]) -> list[bytes]:
    return [leaf(each) for each in data]


def numbered(count: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(count)]


def grown(data: Sequence[bytes]) -> Tree:
    tree = Tree()
    for each in data:
        tree.add(each)
    return tree


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_reference_ones(size: int) -> None:
    data = [bytes.fromhex(text) for text in LEAVES[:size]]
    assert root(hashes(data)).hex() == ROOTS[size - 1]
    assert grown(data).root().hex() == ROOTS[size - 1]


def test_a_tree_without_leaves_has_the_hash_of_nothing() -> None:
    assert Tree().root() == root([]) == EMPTY == hashlib.sha256(b"").digest()


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_grown_leaf_by_leaf_it_is_the_tree_over_all(data: list[bytes]) -> None:
    tree = grown(data)
    assert (tree.size, tree.root()) == (len(data), root(hashes(data)))


@pytest.mark.parametrize("size", range(1, 34))
def test_every_leaf_of_every_tree_is_shown_to_be_in_it(size: int) -> None:
    leaves = hashes(numbered(size))
    top = root(leaves)
    for index, fingerprint in enumerate(leaves):
        proof = inclusion(leaves, index)
        assert includes(top, size, index, fingerprint, proof)
        others = [(i, s) for i in range(size + 2) for s in range(size + 3) if (i, s) != (index, size)]
        claims = [claim for claim in others if includes(top, claim[1], claim[0], fingerprint, proof)]
        assert all(inclusion_is_the_same(size, index, *claim) for claim in claims)


def inclusion_is_the_same(size: int, index: int, other_index: int, other_size: int) -> bool:
    """Whether a proof cannot tell the two apart: its hashes say which way each step goes, not how large the tree is."""
    return _turns(size, index) == _turns(other_size, other_index)


def _turns(size: int, index: int) -> list[bool]:
    if size == 1:
        return []
    split = 1 << ((size - 1).bit_length() - 1)
    return [*_turns(split, index), False] if index < split else [*_turns(size - split, index - split), True]


@given(st.data())
def test_a_proof_of_inclusion_that_was_changed_shows_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 40))
    index = data.draw(st.integers(0, size - 1))
    leaves = hashes(numbered(size))
    proof, top = inclusion(leaves, index), root(leaves)
    place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    bent = [*proof[:place], flipped(proof[place], bit), *proof[place + 1 :]]
    assert not includes(top, size, index, leaves[index], bent)
    assert not includes(top, size, index, flipped(leaves[index], bit), proof)
    assert not includes(flipped(top, bit), size, index, leaves[index], proof)
    assert not includes(top, size, index, leaves[index], proof[:-1])
    assert not includes(top, size, index, leaves[index], [*proof, bytes(32)])


@pytest.mark.parametrize("later", range(1, 34))
def test_every_tree_is_shown_to_hold_every_earlier_one(later: int) -> None:
    leaves = hashes(numbered(later))
    for earlier in range(1, later + 1):
        proof = consistency(leaves, earlier)
        assert extends((earlier, root(leaves[:earlier])), (later, root(leaves)), proof)


@given(st.data())
def test_a_history_that_was_rewritten_has_no_proof(data: st.DataObject) -> None:
    later = data.draw(st.integers(2, 40))
    earlier = data.draw(st.integers(1, later - 1))
    changed = data.draw(st.integers(0, earlier - 1))
    honest = numbered(later)
    bent = [*honest[:changed], b"another", *honest[changed + 1 :]]
    kept = (earlier, root(hashes(honest[:earlier])))
    assert not extends(kept, (later, root(hashes(bent))), consistency(hashes(bent), earlier))
    assert not extends(kept, (later, root(hashes(bent))), consistency(hashes(honest), earlier))


@given(st.data())
def test_a_proof_of_consistency_that_was_changed_shows_nothing(data: st.DataObject) -> None:
    later = data.draw(st.integers(2, 40))
    earlier = data.draw(st.integers(1, later - 1))
    leaves = hashes(numbered(later))
    old, new, proof = (earlier, root(leaves[:earlier])), (later, root(leaves)), consistency(leaves, earlier)
    place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    assert not extends(old, new, [*proof[:place], flipped(proof[place], bit), *proof[place + 1 :]])
    assert not extends(old, new, proof[:-1])
    assert not extends(old, new, [*proof, bytes(32)])
    assert not extends((earlier, flipped(old[1], bit)), new, proof)
    assert not extends(old, (later, flipped(new[1], bit)), proof)


def flipped(data: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(data))


def test_a_tree_extends_itself_and_nothing_extends_none() -> None:
    top = root(hashes(numbered(3)))
    assert extends((3, top), (3, top), [])
    assert not extends((3, top), (3, top), [top])
    assert not extends((3, top), (3, EMPTY), [])
    assert not extends((0, EMPTY), (3, top), [top])
    assert not extends((4, top), (3, top), [top])
    assert not extends((2, top), (3, top), [])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_outside_of_the_tree_is_not_in_it(index: int, size: int) -> None:
    assert not includes(EMPTY, size, index, EMPTY, [])
    with pytest.raises(IndexError, match="has none"):
        inclusion(hashes(numbered(size)), index)


@pytest.mark.parametrize("size", [0, 4])
def test_a_tree_that_is_no_beginning_cannot_be_compared(size: int) -> None:
    with pytest.raises(IndexError, match="to compare with"):
        consistency(hashes(numbered(3)), size)


def test_an_endless_proof_is_not_worked_through() -> None:
    endless = [bytes(32)] * (LONGEST_PROOF + 1)
    assert not includes(EMPTY, 2**70, 5, EMPTY, endless)
    assert not extends((3, EMPTY), (2**70, EMPTY), endless)
