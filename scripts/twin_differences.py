"""The differences between twins: text of the source, and its replacement in the twin."""

from typing import Dict, Sequence, Tuple

_ON_CTRL_C = (
    "            CancelledError: The task was cancelled; the execution goes on.\n",
    "            KeyboardInterrupt: Ctrl-C; its text names the execution, which continues.\n",
)

# What the arguments of both clients mean.
_ARGUMENTS: Sequence[Tuple[str, str]] = [
    (
        """        event_hooks: Plain or async functions, or lists of them, for `request`, `response` and
            `retry`; each gets a `RequestEvent`.
""",
        """        event_hooks: Callables, or lists of them, for `request`, `response` and `retry`; each gets a
            `RequestEvent`.
""",
    ),
    (
        """        session: Your own `aiohttp.ClientSession` or `httpx.AsyncClient` to send with. It brings its
            own proxies, TLS settings and limits.
""",
        """        session: Your own session to send with. It brings its own proxies and TLS settings, and
            `timeout` then bounds each read, not the attempt as a whole.
""",
    ),
    (
        """        pool_size: How many connections may be open at once, up to 10,000; at most half of them are
            for streams.
""",
        """        pool_size: How many connections may be open at once for requests, up to 10,000, and as many
            more for streams.
""",
    ),
    (
        "        transport: The library that sends: `aiohttp`, or `httpx`.\n",
        "",
    ),
    (
        '        transport: str = "aiohttp",\n',
        "",
    ),
    (
        "from ai_spine.transport.sessions import",
        "from ai_spine.transport.requests import",
    ),
    (
        "Optional[AsyncSession]",
        "Optional[Session]",
    ),
]

DIFFERENCES: Dict[str, Sequence[Tuple[str, str]]] = {
    "async_client.py": [
        *_ARGUMENTS,
        (
            "or a plain or async function that returns it",
            "or a function that returns it",
        ),
        (
            """    Tasks of one event loop may share it. It can be made outside a loop, it survives a fork, and it
    can be pickled: its settings travel along, the key included, and its connections do not. Used as
    a context manager, it closes its connections.
""",
            """    Threads may share it. It survives a fork, and it can be pickled: its settings travel along, the
    key included, and its connections do not. Used as a context manager, it closes its connections.
""",
        ),
        ("import AsyncSession", "import Session"),
    ],
    "async_rest.py": [
        *_ARGUMENTS,
        (
            """    Tasks of one event loop may share it. It can be made outside a loop, it survives a fork, and it
    can be pickled: its settings travel along, the credentials included, and its connections do not.
    Used as a context manager, it closes its connections. It reads neither `AI_SPINE_*` variables
    nor profiles; proxies and CA bundles of the environment apply.
""",
            """    Threads may share it. It survives a fork, and it can be pickled: its settings travel along, the
    credentials included, and its connections do not. Used as a context manager, it closes its
    connections. It reads neither `AI_SPINE_*` variables nor profiles; proxies and CA bundles of the
    environment apply.
""",
        ),
        (
            """        token: The token that requests carry as `Authorization: Bearer`, or a plain or async
            function that returns it. A function is called before the first request, and again when
            the server refuses what it returned; the request is then repeated once.
""",
            """        token: The token that requests carry as `Authorization: Bearer`, or a function that returns
            it. A function is called before the first request, and again when the server refuses
            what it returned; the request is then repeated once.
""",
        ),
        (
            ', given["transport"])',
            ")",
        ),
        (
            "The pooled session that the client sends with, in the running event loop.",
            "The pooled session that the client sends with.",
        ),
        (
            "def session(self) -> AsyncSession",
            "def session(self) -> Session",
        ),
        (
            "        session: AsyncSession =",
            "        session: Session =",
        ),
        (
            "import AsyncSession, check",
            "import Session, check",
        ),
    ],
    "_async/rest_methods.py": [
        ("    ) -> Awaitable[None]: ...", "    ) -> None: ..."),
        ("    Awaitable,\n", ""),
        (
            "With a callback, what to await\n            until the stream is over.",
            "With a callback, nothing, when\n            the stream is over.",
        ),
    ],
    "_async/methods/waiting.py": [
        _ON_CTRL_C,
        (
            """            on_progress: A plain or async function, called with the execution as it changes, or
                after each poll.
""",
            """            on_progress: Called with the execution as it changes, or after each poll.
""",
        ),
    ],
    "_async/methods/streams.py": [_ON_CTRL_C],
    "_async/methods/batches.py": [
        (
            "Inputs = Union[Iterable[Mapping[str, Any]], AsyncIterable[Mapping[str, Any]]]",
            "Inputs = Iterable[Mapping[str, Any]]",
        ),
        ("    AsyncIterable,\n", ""),
        (
            "    from ai_spine._async.methods.batch_runs import AsyncBatchRun\n",
            "    import concurrent.futures\n\n"
            "    from ai_spine._async.methods.batch_runs import AsyncBatchRun\n",
        ),
        (
            """        checkpoint: Optional[Path] = None,
        progress:""",
            """        checkpoint: Optional[Path] = None,
        executor: Optional[concurrent.futures.Executor] = None,
        progress:""",
        ),
        (
            """        checkpoint: Optional[Path] = None,
        retry_failed: bool = False,""",
            """        checkpoint: Optional[Path] = None,
        executor: Optional[concurrent.futures.Executor] = None,
        retry_failed: bool = False,""",
        ),
        (
            """nothing from the start, the batch ends with the reason. Cancelling the task ends the batch
        at once; with a checkpoint, it can be resumed.
""",
            """nothing from the start, the batch ends with the reason. Ctrl-C lets what is in flight
        finish; a second Ctrl-C ends the batch at once.
""",
        ),
        (
            """            inputs: The inputs, from any plain or async iterable, which is read as there is room. Do
                not change them while the batch runs.
""",
            """            inputs: The inputs, from any iterable, which is read as there is room. Do not change
                them while the batch runs.
""",
        ),
        (
            """            on_result: A plain or async function, called with each item as it comes.
""",
            """            on_result: Called with each item as it comes.
""",
        ),
        (
            """            progress: Called with""",
            """            executor: An executor to use instead of threads of this process, such as Dask's. One
                that may run a task again when a worker dies needs a client with
                `retry_writes=True`.
            progress: Called with""",
        ),
        (
            """            CancelledError: The task was cancelled; what was in flight may have run.
""",
            """            KeyboardInterrupt: Ctrl-C; its text says how to resume.
""",
        ),
        (
            "            executor=None,\n            retry_failed=retry_failed,\n            retry_uncertain=retry_uncertain,\n        )\n        check_callback",
            "            executor=executor,\n            retry_failed=retry_failed,\n            retry_uncertain=retry_uncertain,\n        )\n        check_callback",
        ),
        (
            "            executor=None,\n            retry_failed=retry_failed,\n            retry_uncertain=retry_uncertain,\n        )\n        return iter",
            "            executor=executor,\n            retry_failed=retry_failed,\n            retry_uncertain=retry_uncertain,\n        )\n        return iter",
        ),
    ],
}
