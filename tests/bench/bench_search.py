"""How fast one likeness is compared with 100,000, against FAISS's flat index alone, in the same run."""

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from protocols.session import AvatarId
from registry.search import MemorySearch

FIGURES = ("search_100k_ratio",)
LIKENESSES = 100_000
DIMENSION = 128  # of the encoder that comes along
EACH = 4  # vectors of an avatar
MOST = 4  # avatars that a look is compared with in earnest
ROUNDS = 9
QUESTIONS = 24
LIMIT = 1.2


def figures() -> dict[str, dict[str, Any]]:
    """The figures of this file, by name, as the bench writes them."""
    faiss = pytest.importorskip("faiss", reason="the package faiss-cpu of the group dev is missing")
    faiss.omp_set_num_threads(1)
    chance = np.random.default_rng(0)
    vectors = chance.normal(size=(LIKENESSES, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    questions = vectors[chance.integers(0, LIKENESSES, QUESTIONS)]
    flat, search = faiss.IndexFlatIP(DIMENSION), MemorySearch(DIMENSION)
    flat.add(vectors)
    _fill(search, vectors)
    _agree(flat, search, questions)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(_seconds(lambda question: flat.search(question[None], MOST), questions))
        ours.append(_seconds(lambda question: search.search(question, MOST, standing_only=True), questions))
    ratios = [mine / bare for mine, bare in zip(ours, theirs, strict=True)]
    return {
        "search_100k_ratio": {
            "value": round(statistics.median(ratios), 3),
            "unit": "ratio",
            "limit": LIMIT,
            "how": (
                f"the {MOST} avatars that a look is most like among {LIKENESSES} vectors of {DIMENSION} numbers"
                f" ({1000 * statistics.median(ours):.1f} ms), against FAISS IndexFlatIP, one thread"
                f" ({1000 * statistics.median(theirs):.1f} ms), interleaved, median"
            ),
            "runs": ROUNDS,
            "min": round(min(ratios), 3),
            "max": round(max(ratios), 3),
        }
    }


def _fill(search: MemorySearch, vectors: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    everything = {AvatarId(f"av_{n}"): vectors[n : n + EACH] for n in range(0, LIKENESSES, EACH)}
    asyncio.run(search.load(everything, frozenset(everything)))


def _agree(flat: Any, search: MemorySearch, questions: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """Both must find the same, or the comparison is worth nothing."""
    for question in questions:
        [[best, *_]] = flat.search(question[None], MOST)[1]
        found = search.search(question, MOST)
        if found[0].avatar != f"av_{best // EACH * EACH}":
            raise RuntimeError("the search and FAISS do not agree")


def _seconds(ask: Callable[[Any], object], questions: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """Median over the questions."""
    taken = []
    for question in questions:
        began = time.perf_counter()
        ask(question)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
