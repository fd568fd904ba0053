"""Agents of the local server: Python functions, and how to find agents in modules."""

import asyncio
import importlib
import importlib.util
import inspect
import sys
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Union,
)

from ai_spine.constants import MAX_MESSAGE_LENGTH
from ai_spine.exceptions import ConfigurationError, ValidationError
from ai_spine.local.agents.context import AgentContext
from ai_spine.local.agents.failures import failure_of
from ai_spine.local.agents.http_agents import AgentFailed, HttpAgent, Task
from ai_spine.local.agents.signature import Signature, Values
from ai_spine.models.graph import NODE_TYPES
from ai_spine.policy.validation import check_id
from ai_spine.utils import one_line

Function = Callable[..., Any]


class AgentFunction:
    """A Python function as an agent; made by `agent`, and callable like the function.

    Args:
        function: A plain or an async function; `agent` says what it may take.
        agent_id: What nodes call it.
        name: As for `agent`, like the rest.
        description: What it does.
        capabilities: What it can do.
        agent_type: What its nodes are.

    Raises:
        ConfigurationError: The function cannot be an agent.
    """

    def __init__(
        self,
        function: Function,
        agent_id: str,
        name: Optional[str] = None,
        description: Optional[str] = None,
        capabilities: Sequence[str] = (),
        agent_type: str = "processor",
    ) -> None:
        self._signature = _read_signature(agent_id, function)
        if agent_type not in NODE_TYPES:
            raise ConfigurationError(
                f"agent {agent_id!r}: agent_type must be one of {', '.join(NODE_TYPES)}"
            )
        self.function = function
        self.agent_id = agent_id
        self.name = name or agent_id
        self.description = description or inspect.getdoc(function) or ""
        self.capabilities = list(capabilities)
        self.agent_type = agent_type
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"AgentFunction({self.agent_id!r})"

    @property
    def is_async(self) -> bool:
        """Whether it runs on the server's event loop, by `run_async`."""
        return self._signature.is_async

    @property
    def input_schema(self) -> Optional[Dict[str, Any]]:
        """The JSON Schema (2020-12) of its input, from the types of its parameters.

        `None` if they have no types. Further keys of an input are ignored.
        """
        return self._signature.input_schema()

    @property
    def output_schema(self) -> Optional[Dict[str, Any]]:
        """The JSON Schema (2020-12) of its output, from its return type; `None` if it has none."""
        return self._signature.output_schema()

    def describe(self) -> Dict[str, Any]:
        """Return the agent as the API describes it."""
        function = self.function
        name = getattr(function, "__qualname__", type(function).__qualname__)
        where = f"{getattr(function, '__module__', type(function).__module__)}.{name}"
        return {
            "agent_id": self.agent_id,
            "name": self.name,
            "description": self.description,
            "endpoint": f"python:{where}",
            "capabilities": self.capabilities,
            "agent_type": self.agent_type,
            "is_active": True,
        }

    def run(self, task: Task) -> Any:
        """Do the work of a plain function.

        Raises:
            AgentFailed: The function raised, or the input does not fit its types.
        """
        values = self._bind(task)
        with self._failing():
            return self.function(*values.args, **values.kwargs)

    async def run_async(self, task: Task) -> Any:
        """Do the work of an async function.

        Raises:
            AgentFailed: The function raised, or the input does not fit its types.
        """
        values = self._bind(task)
        with self._failing():
            return await self.function(*values.args, **values.kwargs)

    async def finish(self, result: Awaitable[Any]) -> Any:
        """Await what a plain function has returned.

        Raises:
            AgentFailed: It raised, or belongs to another event loop.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is not None:
            # Once cancelled, nobody else asks how it has failed, and asyncio would log that.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        if isinstance(result, asyncio.Future) and result.get_loop() is not loop:
            kind = type(result).__name__
            raise AgentFailed(
                f"agent {self.agent_id!r} returned a {kind} of another event loop"
            )
        with self._failing():
            return await result

    def _bind(self, task: Task) -> Values:
        problems: List[str] = []
        context = _context_of(task) if self._signature.wants_context else None
        values = self._signature.bind(task.input, task.config, context, problems)
        if problems:
            raise AgentFailed(one_line("; ".join(problems), MAX_MESSAGE_LENGTH))
        return values

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:  # none may end the worker's thread
            raise failure_of(error) from error


AnyAgent = Union[AgentFunction, HttpAgent]
AgentSource = Union[
    None,
    str,
    ModuleType,
    Sequence[AgentFunction],
    Mapping[str, Union[Function, AgentFunction, str]],
]


def agent(
    agent_id: str,
    *,
    name: Optional[str] = None,
    description: Optional[str] = None,
    capabilities: Sequence[str] = (),
    agent_type: str = "processor",
) -> Callable[[Function], AgentFunction]:
    """Make an agent of a function that returns a mapping, a dataclass or a pydantic model.

    The function may be async. It takes `input`, `config` and `context` (an `AgentContext`), of
    which the last may be left out; or parameters with types, which are taken from the input by
    name and converted. An input that does not fit the types fails the node.

    Args:
        agent_id: What nodes call it.
        name: What people call it; its id, without.
        description: What it does; the function's docstring, without.
        capabilities: What the agent can do, in words.
        agent_type: `input`, `processor`, `output` or `conditional`.

    Raises:
        ConfigurationError: The id cannot be one, or it is unclear what the function takes.

    Example:
        >>> @agent("greeter", capabilities=["conversation"])
        ... def greet(input, config):
        ...     return {"greeting": f"Hello, {input['name']}!"}
        >>> greet({"name": "Ana"}, {})
        {'greeting': 'Hello, Ana!'}
        >>> @agent("payment")
        ... def pay(amount: float, months: int = 12) -> dict:
        ...     return {"monthly": amount / months}
        >>> pay.input_schema["required"]
        ['amount']
    """
    _check_agent_id(agent_id)

    def decorate(function: Function) -> AgentFunction:
        return AgentFunction(
            function, agent_id, name, description, capabilities, agent_type
        )

    return decorate


def collect_agents(source: AgentSource) -> Dict[str, AnyAgent]:
    """Return the agents of a module, a list or a mapping by their ids.

    Raises:
        ConfigurationError: An item is not an agent, or two have the same id.
    """
    if source is None:
        return {}
    if isinstance(source, str):
        source = import_agent_module(source)
    if isinstance(source, ModuleType):
        return _by_id(
            [v for v in vars(source).values() if isinstance(v, AgentFunction)]
        )
    if isinstance(source, Mapping):
        return {
            _check_agent_id(key): _make_agent(key, value)
            for key, value in source.items()
        }
    if not isinstance(source, (list, tuple)):
        raise ConfigurationError(
            "agents must be a module, a list of agents, or a mapping of ids"
        )
    for item in source:
        if not isinstance(item, AgentFunction):
            raise ConfigurationError(
                f"{item!r} is not an agent: decorate it with @agent(...)"
            )
    return _by_id(source)


def import_agent_module(name: str) -> ModuleType:
    """Import the module of that name, or the Python file at that path.

    Raises:
        ConfigurationError: It cannot be imported, for whatever reason.
    """
    try:
        if name.endswith(".py"):
            return _import_file(Path(name))
        if "" not in sys.path:
            sys.path.insert(
                0, ""
            )  # a console script does not search the working folder
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {one_line(str(error))}"
        raise ConfigurationError(
            f"the agents {name!r} cannot be imported: {reason}"
        ) from error


def _make_agent(agent_id: str, value: Any) -> AnyAgent:
    if isinstance(value, str):
        return HttpAgent(agent_id, value)
    if isinstance(value, AgentFunction):
        if value.agent_id != agent_id:
            raise ConfigurationError(
                f"agent {value.agent_id!r} is given under the id {agent_id!r}"
            )
        return value
    return AgentFunction(value, agent_id)


def _by_id(agents: Sequence[AgentFunction]) -> Dict[str, AnyAgent]:
    by_id: Dict[str, AnyAgent] = {}
    for item in agents:
        if by_id.setdefault(item.agent_id, item) is not item:
            raise ConfigurationError(f"two agents have the id {item.agent_id!r}")
    return by_id


def _import_file(path: Path) -> ModuleType:
    name = (
        f"ai_spine_agents_{path.stem}"  # no name of a module that there may be already
    )
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as Python does for a script
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _check_agent_id(agent_id: Any) -> str:
    try:
        return check_id("agent_id", agent_id)
    except ValidationError as error:
        raise ConfigurationError(str(error)) from None


def _read_signature(agent_id: str, function: Any) -> Signature:
    if not callable(function):
        raise ConfigurationError(f"agent {agent_id!r} must be a function or a URL")
    try:
        return Signature(function)
    except ConfigurationError as error:
        raise ConfigurationError(f"agent {agent_id!r}: {error}") from None


def _context_of(task: Task) -> AgentContext:
    return AgentContext(
        task.execution_id,
        task.node_id,
        tenant=task.tenant,
        ends=task.ends,
        report=task.report,
    )
