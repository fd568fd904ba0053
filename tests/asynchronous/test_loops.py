"""A client and its event loop: made outside of one, used in several, forked, pickled, forgotten."""

import asyncio
import gc
import os
import pickle
import subprocess
import sys
import threading
import warnings

import pytest

from ai_spine import AsyncAISpine, ConfigurationError
from tests.local import LIMIT

LIBRARIES = ["aiohttp", "httpx"]
pytestmark = pytest.mark.parametrize("library", LIBRARIES)


async def names_of(client):
    return [flow.flow_id for flow in await client.list_flows()]


def test_a_client_that_was_made_outside_a_loop_works_in_one(server, library):
    client = AsyncAISpine(base_url=server.url, transport=library)

    async def main():
        async with client:
            return await names_of(client)

    assert "quick" in asyncio.run(main())


def test_a_client_works_in_one_loop_after_the_other(server, library):
    client = AsyncAISpine(base_url=server.url, transport=library)
    first, second = asyncio.run(names_of(client)), asyncio.run(names_of(client))
    assert first == second
    asyncio.run(client.aclose())


def test_a_second_loop_at_the_same_time_is_refused_in_one_sentence(server, library):
    client = AsyncAISpine(base_url=server.url, transport=library)
    found = []

    def use():
        with pytest.raises(ConfigurationError) as caught:
            asyncio.run(names_of(client))
        found.append(str(caught.value))

    async def main():
        async with client:
            await names_of(client)
            await asyncio.to_thread(use)
            await names_of(client)  # it still works here

    asyncio.run(main())
    assert found == [
        "another event loop uses this AsyncAISpine: make one for each loop"
    ]


def test_a_closed_client_can_be_used_again_and_closed_twice(server, library):
    async def main():
        client = AsyncAISpine(base_url=server.url, transport=library)
        await names_of(client)
        await client.aclose()
        await client.aclose()
        names = await names_of(client)
        await client.aclose()
        return names

    assert "quick" in asyncio.run(main())


def test_a_pickle_has_the_settings_and_no_connection(server, library):
    async def main():
        async with AsyncAISpine("sk-travels", server.url, transport=library) as client:
            await names_of(client)
            clone = pickle.loads(pickle.dumps(client))
            async with clone:
                assert clone.base_url == client.base_url
                return await names_of(clone)

    assert "quick" in asyncio.run(main())


FORKS = {
    "between loops": """
before = asyncio.run(names())
child = os.fork()
after = asyncio.run(names())
asyncio.run(client.aclose())
if child == 0:
    os._exit(0 if after == before else 9)
""",
    "in a loop": """
async def main():
    before = await names()
    child = os.fork()
    if child == 0:
        after = asyncio.run(names())
        asyncio.run(client.aclose())
        os._exit(0 if after == before else 9)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    after = await asyncio.wait_for(names(), 10)
    await client.aclose()
    return child, before, after

child, before, after = asyncio.run(main())
""",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("where", FORKS)
def test_a_client_works_in_a_forked_process(server, library, where):
    script = f"""
import asyncio, os, sys
from ai_spine import AsyncAISpine

async def names():
    return len(await client.list_flows())

client = AsyncAISpine(base_url=sys.argv[1], transport=sys.argv[2], max_retries=0)
{FORKS[where]}
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), after == before)
"""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script]
    done = subprocess.run(
        [*command, server.url, library], capture_output=True, text=True, timeout=LIMIT
    )
    assert (done.stdout, done.stderr) == ("0 True\n", "")


def test_a_forgotten_client_warns_once_and_its_library_says_nothing(
    server, library, capfd, no_garbage
):
    async def main():
        client = AsyncAISpine(base_url=server.url, transport=library)
        await names_of(client)
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: found.append(context["message"])
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del client
            gc.collect()
            await asyncio.sleep(0)
            gc.collect()
        return [str(each.message) for each in caught]

    found = []
    said = asyncio.run(main())
    assert said == [
        "an AsyncAISpine was not closed: use `async with`, or await its aclose()"
    ]
    assert found == [] and capfd.readouterr().err == ""


def test_a_client_that_was_never_used_need_not_be_closed(server, library, no_garbage):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        AsyncAISpine(base_url=server.url, transport=library)
        gc.collect()
    assert [str(each.message) for each in caught] == []


def test_clients_in_several_threads_have_a_loop_each(server, library):
    async def main():
        async with AsyncAISpine(base_url=server.url, transport=library) as client:
            found.append(await names_of(client))

    found = []
    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(found) == 4 and all(names == found[0] for names in found)
