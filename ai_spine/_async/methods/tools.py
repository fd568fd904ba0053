"""Tools: services that do one thing on request."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence

from ai_spine._async.methods.base import Methods
from ai_spine.exceptions import ValidationError
from ai_spine.models import Tool, ToolExecution, ToolResult, ToolSchemas, ToolSearch
from ai_spine.operations import tools as operations
from ai_spine.policy.json_encoding import kind_of
from ai_spine.policy.validation import (
    ToolExecutionId,
    ToolId,
    check_bool,
    check_count,
    check_header_value,
    check_id,
    check_mapping,
    check_text,
)

_MOST_FOUND = 100


class ToolMethods(Methods):
    """Methods of tools, which servers have under `/api/v1`, whatever the prefix."""

    async def list_tools(
        self, *, active: bool = False, mine: bool = False
    ) -> List[Tool]:
        """Return all tools.

        Args:
            active: Only tools that can be executed.
            mine: Only tools of the key's user.

        Raises:
            ValidationError: An argument is neither true nor false.
            APIError: The server refused.
            NetworkError: No response came.
        """
        active, mine = check_bool("active", active), check_bool("mine", mine)
        if mine:
            found = await self._list_all(operations.LIST_MY_TOOLS)
            return found.holding(
                each for each in found if not active or each.is_active is not False
            )
        if active:
            return await self._list_all(operations.LIST_ACTIVE_TOOLS)
        return await self._list_all(operations.LIST_TOOLS)

    async def search_tools(
        self,
        query: Optional[str] = None,
        *,
        tool_types: Optional[Sequence[str]] = None,
        is_active: Optional[bool] = True,
        created_by: Optional[str] = None,
        limit: int = 50,
        offset: int = 0,
    ) -> ToolSearch:
        """Return one page of the tools that a search finds.

        Args:
            query: The text to look for; without it, all tools match.
            tool_types: Only tools of one of these types, such as `OCR`.
            is_active: Only active tools, or with `False` only others; `None` finds both.
            created_by: Only tools of this user.
            limit: How many at most, up to 100.
            offset: How many to skip.

        Returns:
            The `tools`, and in `has_more` whether there are others.

        Raises:
            ValidationError: An argument is wrong.
            APIError: The server refused.
            NetworkError: No response came.
        """
        # An `is_active` of `None` is sent, since servers take a missing one for true.
        active = None if is_active is None else check_bool("is_active", is_active)
        body: Dict[str, Any] = {"is_active": active}
        for name, value in {"query": query, "created_by": created_by}.items():
            if value is not None:
                body[name] = check_text(name, value)
        if tool_types is not None:
            body["tool_types"] = _check_types(tool_types)
        body["limit"] = check_count("limit", limit, least=1, most=_MOST_FOUND)
        body["offset"] = check_count("offset", offset)
        return await self._api.call(operations.SEARCH_TOOLS, body=body)

    async def get_tool(self, tool_id: ToolId) -> Tool:
        """Return a tool with its schemas.

        Args:
            tool_id: The id of the tool, or the tool.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such tool.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"tool_id": check_id("tool_id", tool_id)}
        return await self._api.call(operations.GET_TOOL, ids=ids)

    async def create_tool(self, tool_config: Mapping[str, Any]) -> Tool:
        """Register a tool.

        Args:
            tool_config: `tool_id`, `name` and `endpoint` (its URL), and if you like `description`,
                `tool_type` (a list of texts such as `OCR`), `is_active`, `metadata`,
                `input_schema`, `output_schema` and `config_schema`.

        Raises:
            ValidationError: It is not a mapping, has no `tool_id`, or is not JSON.
            ConflictError: There is such a tool already.
            APIError: The server refused.
            NetworkError: No response came; `maybe_executed` says whether the tool may be there.

        Example:
            >>> url = "http://127.0.0.1:9000/translate"
            >>> tool = {"tool_id": "translate", "name": "Translate", "endpoint": url}
            >>> created = await client.create_tool(tool)
            >>> created.is_active
            True
        """
        body = dict(check_mapping("tool_config", tool_config))
        check_id("tool_config.tool_id", body.get("tool_id"))
        created = await self._api.call(operations.CREATE_TOOL, body=body)
        return created.filled(
            tool_id=body["tool_id"],
            name=body.get("name"),
            endpoint=body.get("endpoint"),
        )

    async def update_tool(self, tool_id: ToolId, changes: Mapping[str, Any]) -> Tool:
        """Change some fields of a tool.

        Args:
            tool_id: The id of the tool, or the tool.
            changes: New values by the names that `create_tool` takes; other fields stay. On the
                local server, so do those whose new value is `None`.

        Raises:
            ValidationError: It is not a mapping, changes the id, or is not JSON.
            NotFoundError: There is no such tool.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"tool_id": check_id("tool_id", tool_id)}
        body = dict(check_mapping("changes", changes))
        named = body.pop("tool_id", ids["tool_id"])
        if named != ids["tool_id"]:
            raise ValidationError(
                f"changes.tool_id is {named!r}, but the tool is {ids['tool_id']!r}"
            )
        updated = await self._api.call(operations.UPDATE_TOOL, ids=ids, body=body)
        return updated.filled(**ids)

    async def delete_tool(self, tool_id: ToolId) -> bool:
        """Remove a tool.

        Args:
            tool_id: The id of the tool, or the tool.

        Returns:
            Whether there was one to remove.

        Raises:
            ValidationError: The id is not valid.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"tool_id": check_id("tool_id", tool_id)}
        return await self._delete(operations.DELETE_TOOL, ids)

    async def set_tool_status(self, tool_id: ToolId, is_active: bool) -> Tool:
        """Say whether a tool can be executed.

        Args:
            tool_id: The id of the tool, or the tool.
            is_active: Whether it can.

        Returns:
            The tool, as far as the server sends it.

        Raises:
            ValidationError: An argument is wrong.
            NotFoundError: There is no such tool.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"tool_id": check_id("tool_id", tool_id)}
        body = {"is_active": check_bool("is_active", is_active)}
        changed = await self._api.call(operations.SET_TOOL_STATUS, ids=ids, body=body)
        return changed.filled(**ids, **body)

    async def get_tool_schemas(self, tool_id: ToolId) -> ToolSchemas:
        """Return the schemas of a tool's input, output and configuration.

        Args:
            tool_id: The id of the tool, or the tool.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: There is no such tool.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"tool_id": check_id("tool_id", tool_id)}
        return await self._api.call(operations.GET_TOOL_SCHEMAS, ids=ids)

    async def create_tool_schemas(
        self,
        tool_id: ToolId,
        *,
        input_schema: Optional[Mapping[str, Any]] = None,
        output_schema: Optional[Mapping[str, Any]] = None,
        config_schema: Optional[Mapping[str, Any]] = None,
    ) -> ToolSchemas:
        """Set schemas of a tool.

        A schema is not a JSON Schema, but the API's own form of one: its `properties` are a list of
        `{"property_name": …, "type": …, "required": …}`.

        Args:
            tool_id: The id of the tool, or the tool.
            input_schema: What its input must be.
            output_schema: What its output is.
            config_schema: What its configuration must be.

        Raises:
            ValidationError: None is given, or one is not a mapping.
            NotFoundError: There is no such tool.
            APIError: The server refused.
            NetworkError: No response came.
        """
        ids = {"tool_id": check_id("tool_id", tool_id)}
        given = {
            "input_schema": input_schema,
            "output_schema": output_schema,
            "config_schema": config_schema,
        }
        schemas = {
            name: check_mapping(name, schema)
            for name, schema in given.items()
            if schema is not None
        }
        if not schemas:
            raise ValidationError(
                "no schema is given: pass input_schema, output_schema or config_schema"
            )
        body = {**ids, **schemas}
        made = await self._api.call(operations.CREATE_TOOL_SCHEMAS, ids=ids, body=body)
        return made.filled(**body)

    async def execute_tool(
        self,
        tool_id: ToolId,
        input_data: Optional[Mapping[str, Any]] = None,
        config_data: Optional[Mapping[str, Any]] = None,
        *,
        raise_on_failure: bool = True,
        idempotency_key: Optional[str] = None,
    ) -> ToolResult:
        """Execute a tool, and return its result.

        The server responds when the tool is done: a slow tool needs a client with a longer
        `timeout`, such as `client.with_options(timeout=300)`.

        Args:
            tool_id: The id of the tool, or the tool.
            input_data: The input of the tool.
            config_data: The configuration to execute it with.
            raise_on_failure: Whether a failure of the tool is an error, or a result.
            idempotency_key: The key by which a server knows a repetition; by default a random one.

        Raises:
            ValidationError: An argument is wrong.
            NotFoundError: There is no such tool.
            ExecutionError: The tool failed; its `execution` is the `ToolResult`.
            APIError: The server refused.
            NetworkError: No response came; `maybe_executed` says whether the tool may have run.
        """
        ids = {"tool_id": check_id("tool_id", tool_id)}
        body: Dict[str, Any] = {}
        for name, data in {
            "input_data": input_data,
            "config_data": config_data,
        }.items():
            if data is not None:
                body[name] = check_mapping(name, data)
        raise_on_failure = check_bool("raise_on_failure", raise_on_failure)
        if idempotency_key is not None:
            check_header_value("idempotency_key", idempotency_key)
        result = await self._api.call(
            operations.EXECUTE_TOOL, ids=ids, body=body, idempotency_key=idempotency_key
        )
        if not raise_on_failure:
            return result
        from ai_spine.policy.tool_results import check_tool_result

        return check_tool_result(ids["tool_id"], result, self._api.redact)

    async def get_tool_execution(self, execution_id: ToolExecutionId) -> ToolExecution:
        """Return an execution of a tool.

        Args:
            execution_id: Its id, what `execute_tool` returned, or the execution.

        Raises:
            ValidationError: The id is not valid, or the result has none.
            NotFoundError: There is no such execution.
            APIError: The server refused.
            NetworkError: No response came.
        """
        if isinstance(execution_id, ToolResult):
            execution_id = execution_id.execution_id or ""
        elif isinstance(execution_id, ToolExecution):
            execution_id = execution_id.id or ""
        ids = {"execution_id": check_id("execution_id", execution_id)}
        return await self._api.call(operations.GET_TOOL_EXECUTION, ids=ids)


def _check_types(value: Any) -> List[str]:
    """Return types of tools as a list.

    Raises:
        ValidationError: They are no list of texts.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValidationError(
            f"tool_types must be a list of texts, not {kind_of(value)}"
        )
    return [check_text(f"tool_types[{n}]", each) for n, each in enumerate(value)]
