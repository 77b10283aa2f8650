"""Both searches keep the contract, the one in PostgreSQL on a real server with pgvector."""

from collections.abc import AsyncIterator

import asyncpg
import numpy as np
import pytest

from protocols.session import AvatarId
from registry.error import Refused, Unavailable
from registry.search import MemorySearch
from registry.search_pgvector import PgvectorSearch
from tests.contract.search_contract import DIMENSION, SearchContract, likeness
from tests.servers.ports import free_port
from tests.servers.postgresql import PostgreSql


class TestMemorySearch(SearchContract):
    @pytest.fixture
    def search(self) -> MemorySearch:
        return MemorySearch(DIMENSION)

    async def test_what_is_dropped_is_not_left_in_memory(self, search: MemorySearch) -> None:
        await search.put(AvatarId("av_a"), likeness(1), standing=True)
        await search.put(AvatarId("av_b"), likeness(2), standing=True)
        await search.drop(AvatarId("av_a"))
        assert len(search) == 3
        assert np.count_nonzero(np.abs(search._columns).sum(axis=0)) == 3

    async def test_it_grows(self, search: MemorySearch) -> None:
        for number in range(1500):
            await search.put(AvatarId(f"av_{number}"), likeness(number, rows=2), standing=number % 2 == 0)
        assert len(search) == 3000
        [match] = await search.nearest(likeness(1499)[0], 1)
        assert match.avatar == "av_1499"
        [match] = await search.nearest(likeness(1498)[0], 1, standing_only=True)
        assert match.avatar == "av_1498"


class TestPgvectorSearch(SearchContract):
    @pytest.fixture
    async def search(self, postgresql: PostgreSql) -> AsyncIterator[PgvectorSearch]:
        async with postgresql.database() as url:
            search = await PgvectorSearch.at(url, DIMENSION)
            yield search
            await search.close()

    async def test_a_model_of_another_length_begins_anew(self, postgresql: PostgreSql) -> None:
        async with postgresql.database() as url:
            for dimension in (DIMENSION, DIMENSION, 8):
                search = await PgvectorSearch.at(url, dimension)
                held = await search.nearest(likeness(1, dimension=dimension)[0], 1)
                assert len(held) == (dimension == DIMENSION and len(held))
                await search.put(AvatarId("av_a"), likeness(1, dimension=dimension), standing=True)
                assert len(await search.nearest(likeness(1, dimension=dimension)[0], 1)) == 1
                await search.close()


async def test_where_there_is_no_pgvector_it_says_so() -> None:
    with pytest.raises(Refused, match=r"set likeness\.search to memory"):
        await PgvectorSearch.at("sqlite:///registry.sqlite", DIMENSION)
    with pytest.raises(Unavailable):
        await PgvectorSearch.at(f"postgresql://postgres@127.0.0.1:{free_port()}/none", DIMENSION)


async def test_where_pgvector_may_not_be_made_it_says_what_to_do(postgresql: PostgreSql) -> None:
    async with postgresql.database() as url:
        connection = await asyncpg.connect(url)
        await connection.execute("DROP ROLE IF EXISTS guest")
        await connection.execute("CREATE ROLE guest LOGIN")
        await connection.close()
        with pytest.raises(Refused, match="has no pgvector: install the extension"):
            await PgvectorSearch.at(url.replace("postgres@", "guest@"), DIMENSION)
