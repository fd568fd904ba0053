"""`method`: a method of an API that can return the response as it came, too."""

import functools
import inspect
import types
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Concatenate,
    Coroutine,
    Generic,
    ParamSpec,
    Type,
    TypeVar,
    Union,
    cast,
    overload,
)

from ai_spine.sdk_sync.runtime.responses import RawResponse

Owner = TypeVar("Owner")
P = ParamSpec("P")
R = TypeVar("R")


class _Bound:
    """A method of one object, as `help` and `inspect` know methods.

    Args:
        function: The function in the class.
        owner: The object.
    """

    def __init__(self, function: Callable[..., Any], owner: Any) -> None:
        self._function = function
        self._owner = owner
        self.__doc__ = function.__doc__

    @property
    def __wrapped__(self) -> Any:
        return types.MethodType(self._function, self._owner)

    if not TYPE_CHECKING:

        def __get__(self, instance: Any, owner: Any = None) -> "_Bound":
            return self  # `help` shows what has this method as it shows functions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)  # `__name__`, `__qualname__`, `__module__`

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Bound):
            return NotImplemented
        return bool(self.__wrapped__ == other.__wrapped__)

    def __hash__(self) -> int:
        return hash(self.__wrapped__)

    def __repr__(self) -> str:
        return f"<method {self._function.__qualname__} of {self._owner!r}>"


class BoundMethod(_Bound, Generic[P, R]):
    """A method: call it for what the operation returns, or its `raw` for the response."""

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = self._function(self._owner, *args, **kwargs)
        return result

    @property
    def raw(self) -> "BoundMethod[P, RawResponse[R]]":
        """The same method, which returns the response with its status, headers and body."""
        return BoundMethod(self._function, self._owner._raw())


class AsyncBoundMethod(_Bound, Generic[P, R]):
    """A method: await it for what the operation returns, or its `raw` for the response."""

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        result: Coroutine[Any, Any, R] = self._function(self._owner, *args, **kwargs)
        return result

    @property
    def raw(self) -> "AsyncBoundMethod[P, RawResponse[R]]":
        """The same method, which returns the response with its status, headers and body."""
        return AsyncBoundMethod(self._function, self._owner._raw())


class _Method(Generic[Owner, P, R]):
    """What `method` makes of a function in a class."""

    _bound: Type[Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(cast(Any, self), function)
        self._function = function

    def __call__(self, owner: Owner, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        return self._function(owner, *args, **kwargs)

    def _get(self, instance: Any) -> Any:
        return self if instance is None else self._bound(self._function, instance)


class Method(_Method[Owner, P, R]):
    """A method that returns when the server has responded."""

    _bound = BoundMethod

    @overload
    def __get__(self, instance: None, owner: Any) -> "Method[Owner, P, R]": ...

    @overload
    def __get__(self, instance: Owner, owner: Any) -> BoundMethod[P, R]: ...

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self._get(instance)


class AsyncMethod(_Method[Owner, P, R]):
    """A method that is awaited."""

    _bound = AsyncBoundMethod

    @overload
    def __get__(self, instance: None, owner: Any) -> "AsyncMethod[Owner, P, R]": ...

    @overload
    def __get__(self, instance: Owner, owner: Any) -> AsyncBoundMethod[P, R]: ...

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self._get(instance)


@overload
def method(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[Owner, P], Coroutine[Any, Any, R]],
) -> AsyncMethod[Owner, P, R]: ...


@overload
def method(function: Callable[Concatenate[Owner, P], R]) -> Method[Owner, P, R]: ...


def method(
    function: Callable[..., Any],
) -> Union[Method[Any, Any, Any], AsyncMethod[Any, Any, Any]]:
    """Make a method of an API, whose `_raw` returns the same API with responses as results.

    Type checkers, `help` and `inspect.signature` see the parameters of the function, for the method
    and for its `raw` alike.

    Example:
        >>> class Runs:
        ...     def _raw(self):
        ...         return self  # for this example
        ...     @method
        ...     def get_run(self, run_id: str) -> str:
        ...         "Return a run."
        ...         return f"run {run_id}"
        >>> Runs().get_run("7"), Runs().get_run.raw("7")
        ('run 7', 'run 7')
        >>> inspect.signature(Runs().get_run)
        <Signature (run_id: str) -> str>
    """
    if inspect.iscoroutinefunction(function):
        return AsyncMethod(function)
    return Method(function)
