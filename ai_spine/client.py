"""`AISpine`, the client: one short method for each operation, and the conveniences over them."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union

import requests

from ai_spine import config, operations
from ai_spine.api import ApiClient
from ai_spine.constants import (
    DEFAULT_INTERVAL,
    DEFAULT_MAX_RETRIES,
    DEFAULT_POOL_SIZE,
    DEFAULT_TIMEOUT,
    DEFAULT_WAIT_TIMEOUT,
    MAX_MESSAGE_LENGTH,
)
from ai_spine.events import log_to_stderr
from ai_spine.exceptions import (
    AISpineError,
    ConfigurationError,
    ExecutionError,
    NotFoundError,
)
from ai_spine.models import Agent, Execution, Flow, HealthStatus, Metrics, SystemStatus
from ai_spine.utils import Secret, one_line
from ai_spine.validation import (
    check_count,
    check_header_value,
    check_id,
    check_mapping,
    check_seconds,
)
from ai_spine.waiting import Wait, check_outcome

OnProgress = Callable[[Execution], Any]


class AISpine:
    """A client of one AI Spine server.

    It may be shared by threads, survives a fork, and pickles: its settings travel along, the key
    included, its connections do not. As a context manager it closes its connections at the end.

    Args:
        api_key: The key; without one, the environment's `AI_SPINE_API_KEY`, or none.
        base_url: The server; without one, `AI_SPINE_BASE_URL`, or the production server.
        timeout: Seconds that one attempt may take; where absent, `AI_SPINE_TIMEOUT` rules.
        max_retries: Attempts after the first; where absent, `AI_SPINE_MAX_RETRIES` rules.
        debug: Whether to log each attempt to stderr.
        api_prefix: What flows, executions and agents stand under, such as `/api/v1`.
        deadline: Seconds that a call may take with all its attempts and the sleeps between them.
        retry_writes: Whether a POST that may have run is sent again. Right only for a server that
            honours `Idempotency-Key`; the local server does.
        session: A session of your own to send with. It brings its own proxies and TLS settings.
        headers: Headers to add to each request.
        proxies: Proxies, as `requests` takes them; those of the environment hold without.
        verify: Whether to check certificates, or the path of a CA bundle to check against.
        cert: The path of a client certificate, or the paths of it and of its key.
        pool_size: How many connections may be open at once.
        event_hooks: Callables, or lists of them, for `request`, `response` and `retry`; each is
            given a `RequestEvent`.

    Raises:
        ConfigurationError: A setting is wrong.

    Example:
        >>> with AISpine(base_url=server.url) as client:
        ...     execution = client.execute_and_wait("sentiment-analysis", {"text": "Wonderful!"})
        >>> execution.output_data["sentiment"]["label"]
        'positive'
    """

    def __init__(
        self,
        api_key: Optional[str] = None,
        base_url: Optional[str] = None,
        timeout: float = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        debug: bool = False,
        *,
        api_prefix: str = "",
        deadline: Optional[float] = None,
        retry_writes: bool = False,
        session: Optional[requests.Session] = None,
        headers: Optional[Mapping[str, str]] = None,
        proxies: Optional[Mapping[str, str]] = None,
        verify: Union[bool, str] = True,
        cert: Union[None, str, Tuple[str, str]] = None,
        pool_size: int = DEFAULT_POOL_SIZE,
        event_hooks: Optional[config.Hooks] = None,
    ) -> None:
        # A traceback that shows locals must not show the key, so it is hidden before any check.
        secret = None if api_key is None else Secret(api_key)
        del api_key
        if session is not None:
            _check_session(session, proxies, verify, cert)
        settings = config.Settings(
            api_key=config.resolve_api_key(secret),
            base_url=config.resolve_base_url(base_url),
            timeout=config.resolve_timeout(timeout),
            max_retries=config.resolve_max_retries(max_retries),
            debug=bool(debug),
            api_prefix=config.check_prefix(api_prefix),
            deadline=(
                None
                if deadline is None
                else check_seconds("deadline", deadline, ConfigurationError)
            ),
            retry_writes=bool(retry_writes),
            headers=config.check_headers(headers),
            proxies=config.check_proxies(proxies),
            verify=config.check_verify(verify),
            cert=config.check_cert(cert),
            pool_size=check_count(
                "pool_size", pool_size, least=1, error=ConfigurationError
            ),
            event_hooks=config.check_hooks(event_hooks),
        )
        self._api = ApiClient(settings, session)
        if settings.debug:
            log_to_stderr()

    @property
    def base_url(self) -> str:
        """The server that it speaks to."""
        return self._api.settings.base_url

    @property
    def timeout(self) -> float:
        """Seconds that one attempt may take."""
        return self._api.settings.timeout

    @property
    def max_retries(self) -> int:
        """How many attempts may follow the first."""
        return self._api.settings.max_retries

    @property
    def session(self) -> requests.Session:
        """The pooled session that it sends with."""
        return self._api.session

    def close(self) -> None:
        """Closes its connections. A session of your own stays open."""
        self._api.close()

    def __enter__(self) -> "AISpine":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        # A traceback that shows locals may ask while the client is not yet complete.
        api = self.__dict__.get("_api")
        return f"AISpine(base_url={api.settings.base_url!r})" if api else "AISpine()"

    # Executions

    def execute_flow(
        self,
        flow_id: str,
        input_data: Mapping[str, Any],
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        idempotency_key: Optional[str] = None,
    ) -> Execution:
        """Starts an execution of a flow and gives it as it stands then: mostly `pending`.

        Args:
            flow_id: The flow.
            input_data: What the flow is given; anything that JSON can hold.
            metadata: What to attach to the execution.
            idempotency_key: A server that honours it answers the same key with the same execution.
                Without one, each call has a key of its own.

        Raises:
            ValidationError: An argument is wrong; nothing was sent.
            ExecutionError: The server knows no such flow; nothing was started.
            APIError: The server refused.
            NetworkError: No answer came; `maybe_executed` tells whether it may have started.

        Example:
            >>> execution = client.execute_flow("sentiment-analysis", {"text": "Fine."})
            >>> client.wait_for_execution(execution.execution_id).succeeded
            True
        """
        body: Dict[str, Any] = {
            "flow_id": check_id("flow_id", flow_id),
            "input_data": check_mapping("input_data", input_data),
        }
        if metadata is not None:
            body["metadata"] = check_mapping("metadata", metadata)
        if idempotency_key is not None:
            check_header_value("idempotency_key", idempotency_key)
        execution = self._api.call(
            operations.EXECUTE_FLOW, body=body, idempotency_key=idempotency_key
        ).filled(flow_id=flow_id)
        if not execution.was_started:
            reason = execution.error_message or f"flow {flow_id!r} was not started"
            words = one_line(str(reason), MAX_MESSAGE_LENGTH)
            raise ExecutionError(words, execution=execution)
        return execution

    def get_execution(self, execution_id: str) -> Execution:
        """Gives an execution as it stands now.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such execution.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._get_execution(check_id("execution_id", execution_id))

    def list_executions(
        self,
        flow_id: Optional[str] = None,
        status: Optional[str] = None,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
    ) -> List[Execution]:
        """Gives a page of executions, the newest first.

        Args:
            flow_id: Only those of this flow.
            status: Only those that stand so. Not every server heeds it.
            limit: How many at most; without, as many as the server deems a page.
            offset: How many to leave out first.

        Raises:
            ValidationError: An argument is wrong.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        params = {
            "flow_id": None if flow_id is None else check_id("flow_id", flow_id),
            "status": None if status is None else str(check_id("status", status)),
            "limit": None if limit is None else check_count("limit", limit, least=1),
            "offset": None if offset is None else check_count("offset", offset),
        }
        return self._api.call(operations.LIST_EXECUTIONS, params=params)

    def cancel_execution(self, execution_id: str) -> Execution:
        """Cancels an execution and gives it as it stands after that.

        Some servers let the node that runs finish, and call the execution completed later.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such execution, or it is done already.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        ids = {"execution_id": check_id("execution_id", execution_id)}
        self._api.call(operations.CANCEL_EXECUTION, ids=ids)
        return self._get_execution(execution_id)

    def wait_for_execution(
        self,
        execution_id: str,
        timeout: float = DEFAULT_WAIT_TIMEOUT,
        interval: float = DEFAULT_INTERVAL,
        *,
        on_progress: Optional[OnProgress] = None,
        raise_on_failure: bool = True,
    ) -> Execution:
        """Waits until an execution is done, and gives it.

        It looks at once, then after 0.05 s, then at growing distances. A look that fails for a
        passing reason does not end the wait.

        Args:
            execution_id: The execution.
            timeout: Seconds that the whole wait may take, its requests included.
            interval: The longest distance between two looks, in seconds.
            on_progress: Called with the execution after each look.
            raise_on_failure: Whether a failed or cancelled execution raises, or is given back.

        Raises:
            ValidationError: An argument is wrong.
            ExecutionCancelledError: It was cancelled.
            ExecutionError: It failed; `.execution` says how.
            TimeoutError: It was not done in time. It goes on; wait again for it.
            APIError: The server refused to tell.
            NetworkError: The server cannot be spoken to, and to ask again would not help.
            KeyboardInterrupt: Ctrl-C; its text names the execution, which goes on.
        """
        wait = Wait(
            check_id("execution_id", execution_id),
            check_seconds("timeout", timeout),
            check_seconds("interval", interval),
            clock=self._api.clock,
        )
        try:
            execution = self._look_until_done(wait, on_progress)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"stopped waiting for execution {execution_id}, which goes on"
            ) from None
        return check_outcome(execution) if raise_on_failure else execution

    def execute_and_wait(
        self,
        flow_id: str,
        input_data: Mapping[str, Any],
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        timeout: float = DEFAULT_WAIT_TIMEOUT,
        interval: float = DEFAULT_INTERVAL,
        on_progress: Optional[OnProgress] = None,
        raise_on_failure: bool = True,
        idempotency_key: Optional[str] = None,
    ) -> Execution:
        """Starts an execution of a flow, waits until it is done, and gives it.

        The arguments and errors are those of `execute_flow` and `wait_for_execution`. All arguments
        are checked before the flow is started.

        Example:
            >>> execution = client.execute_and_wait("sentiment-analysis", {"text": "Awful."})
            >>> execution.output_data["sentiment"]["label"]
            'negative'
        """
        check_seconds("timeout", timeout)
        check_seconds("interval", interval)
        execution = self.execute_flow(
            flow_id, input_data, metadata, idempotency_key=idempotency_key
        )
        return self.wait_for_execution(
            execution.execution_id,
            timeout,
            interval,
            on_progress=on_progress,
            raise_on_failure=raise_on_failure,
        )

    # Flows

    def list_flows(self) -> List[Flow]:
        """Gives all flows.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._api.call(operations.LIST_FLOWS)

    def get_flow(self, flow_id: str) -> Flow:
        """Gives a flow with its nodes.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such flow.
            APIError: The server refused.
            NetworkError: No answer came.

        Example:
            >>> [node.id for node in client.get_flow("sentiment-analysis").nodes]
            ['text', 'sentiment']
        """
        return self._api.call(
            operations.GET_FLOW, ids={"flow_id": check_id("flow_id", flow_id)}
        )

    # Agents

    def list_agents(self) -> List[Agent]:
        """Gives all agents.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._api.call(operations.LIST_AGENTS)

    def get_agent(self, agent_id: str) -> Agent:
        """Gives an agent.

        Raises:
            ValidationError: The id cannot be one.
            NotFoundError: There is no such agent.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        ids = {"agent_id": check_id("agent_id", agent_id)}
        return self._api.call(operations.GET_AGENT, ids=ids)

    def create_agent(self, agent_config: Mapping[str, Any]) -> Agent:
        """Registers an agent.

        Args:
            agent_config: `agent_id`, `name`, `endpoint` (its URL), `description`, `capabilities`
                (a list of texts) and `agent_type`, as far as the server asks for them.

        Raises:
            ValidationError: It is no mapping, has no `agent_id`, or is not JSON.
            ConflictError: There is such an agent already.
            APIError: The server refused.
            NetworkError: No answer came; `maybe_executed` tells whether it may be registered.
        """
        body = dict(check_mapping("agent_config", agent_config))
        check_id("agent_config.agent_id", body.get("agent_id"))
        return self._api.call(operations.CREATE_AGENT, body=body).filled(
            agent_id=body["agent_id"],
            name=body.get("name"),
            endpoint=body.get("endpoint"),
        )

    def delete_agent(self, agent_id: str) -> bool:
        """Removes an agent.

        Returns:
            Whether there was one to remove.

        Raises:
            ValidationError: The id cannot be one.
            APIError: The server refused.
            NetworkError: No answer came.
        """
        ids = {"agent_id": check_id("agent_id", agent_id)}
        try:
            self._api.call(operations.DELETE_AGENT, ids=ids)
        except NotFoundError as error:
            return (
                error.maybe_executed
            )  # an attempt before this one may have removed it
        return True

    # The system

    def health_check(self) -> HealthStatus:
        """Asks whether the server is well.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.

        Example:
            >>> client.health_check().is_healthy
            True
        """
        return self._api.call(operations.HEALTH_CHECK)

    def get_metrics(self) -> Metrics:
        """Gives what the server has counted.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._api.call(operations.GET_METRICS)

    def get_status(self) -> SystemStatus:
        """Gives how the server's parts are.

        Raises:
            APIError: The server refused.
            NetworkError: No answer came.
        """
        return self._api.call(operations.GET_STATUS)

    def _get_execution(
        self, execution_id: str, deadline: Optional[float] = None
    ) -> Execution:
        ids = {"execution_id": execution_id}
        return self._api.call(operations.GET_EXECUTION, ids=ids, deadline=deadline)

    def _look_until_done(
        self, wait: Wait, on_progress: Optional[OnProgress]
    ) -> Execution:
        while True:
            try:
                execution = self._get_execution(
                    wait.execution_id, deadline=wait.remaining()
                )
            except AISpineError as error:
                wait.missed(error)
            else:
                wait.saw(execution)
                if on_progress is not None:
                    on_progress(execution)
                if execution.is_done:
                    return execution
            self._api.sleep(wait.pause())


def _check_session(session: Any, proxies: Any, verify: Any, cert: Any) -> None:
    """Refuses settings that a session of the caller's would silently override."""
    if not isinstance(session, requests.Session):
        raise ConfigurationError("session must be a requests.Session")
    if proxies is not None or verify is not True or cert is not None:
        raise ConfigurationError(
            "set proxies, verify and cert on the session that you give"
        )
