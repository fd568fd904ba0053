"""Flows as tools of a specification, and agents as its agents."""

import hashlib
import re
from dataclasses import replace
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
)

from ai_spine.models import Flow
from ai_spine.policy.flow_tools import tool_names
from ai_spine.sdk_sync.errors import ConfigError, ImportError
from ai_spine.sdk_sync.ir import IRAgent, IRModel, IRSpec, IRTool, SchemaVersion
from ai_spine.utils import one_line

Schema = Mapping[str, Any]
SchemasOf = Callable[[Flow], Tuple[Optional[Schema], Optional[Schema]]]
"""Returns what goes into a flow and what comes out; `None` where that is not known."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
WARNINGS = "warnings"
"""The key in the metadata of a specification with a sentence for each thing that is not known."""
_UNKNOWN: Schema = {"type": "object"}
_DIGEST_LENGTH = 8
GENERATOR: Mapping[str, str] = {"generator": "ai-spine"}
"""What the metadata of a specification say of the program that made it."""
EXAMPLE = "example_input"
"""The key in the metadata of a flow, and of its tool, with an input to try it with."""


class AgentInfo(NamedTuple):
    """What a specification says of an agent."""

    agent_id: str
    description: str = ""
    input_schema: Optional[Schema] = None
    output_schema: Optional[Schema] = None


def own_schemas(flow: Flow) -> Tuple[Optional[Schema], Optional[Schema]]:
    """Return the schemas that a flow's definition has.

    Example:
        >>> own_schemas(Flow("f", input_schema={"type": "object"}))
        ({'type': 'object'}, None)
    """
    return flow.input_schema, flow.output_schema


def spec_of_flows(
    flows: Iterable[Flow],
    schemas_of: SchemasOf = own_schemas,
    *,
    version: str = "1.0.0",
    namespace: str = "flows",
    agents: Iterable[AgentInfo] = (),
    auth_required: bool = False,
) -> IRSpec:
    """Return a specification that has a tool for each flow.

    A tool has the version of its flow, if that is a semantic version. A schema that is not known,
    or cannot be read, is an object of any kind, and a sentence in the `warnings` of the metadata.

    Args:
        flows: The flows; of two with one id, the first counts.
        schemas_of: Returns the schemas of a flow; by default, those of its definition.
        version: The version of the specification, and of what has none of its own.
        namespace: What the tools and agents belong to.
        agents: The agents.
        auth_required: Whether the tools need a key.

    Raises:
        ConfigError: The version is none.

    Example:
        >>> spec = spec_of_flows([Flow("credit_analysis")])
        >>> spec.tools["credit_analysis"].input_schema.name
        'CreditAnalysisInput'
        >>> spec.metadata["warnings"][0]
        "tool 'credit_analysis': its input is not known, so that it is an object of any kind"
    """
    given = SchemaVersion.parse(version)
    by_id: Dict[str, Flow] = {}
    for flow in flows:
        by_id.setdefault(str(flow.flow_id), flow)
    listed = {each.agent_id: each for each in agents}
    names = tool_names(by_id)
    classes = class_names([*names, *map(_agent_words, listed)])
    maker = _Maker(given, namespace, auth_required)
    tools = {
        name: maker.tool(name, by_id[flow_id], schemas_of, classes[name])
        for name, flow_id in names.items()
    }
    models = [
        m for tool in tools.values() for m in (tool.input_schema, tool.output_schema)
    ]
    return IRSpec(
        given,
        models={model.name: model for model in models},
        tools=tools,
        agents={
            agent_id: maker.agent(agent, classes[_agent_words(agent_id)])
            for agent_id, agent in listed.items()
        },
        metadata={**GENERATOR, "namespace": namespace, WARNINGS: maker.warnings},
    )


def class_names(names: Iterable[str]) -> Dict[str, str]:
    """Return a name in PascalCase for each name; no two are the same.

    Of names that become one, the first by the alphabet has it; the others get a digest.

    Example:
        >>> class_names(["credit_analysis", "sentiment-analysis", "2nd"]).values()
        dict_values(['Tool2nd', 'CreditAnalysis', 'SentimentAnalysis'])
        >>> class_names(["a-b", "a_b"])
        {'a-b': 'AB', 'a_b': 'AB648fa9b3'}
    """
    found: Dict[str, str] = {}
    taken = set()
    for name in sorted(set(names)):
        words = re.findall("[a-zA-Z0-9]+", name)
        made = "".join(word[0].upper() + word[1:] for word in words)
        if not made or made[0].isdigit():
            made = f"Tool{made}"
        while made in taken:
            digest = hashlib.sha256(name.encode("utf-8", "backslashreplace"))
            made += digest.hexdigest()[:_DIGEST_LENGTH]
        taken.add(made)
        found[name] = made
    return found


class _Maker:
    """Makes the parts of a specification, and notes what is not known."""

    def __init__(
        self, version: SchemaVersion, namespace: str, auth_required: bool
    ) -> None:
        self.warnings: List[str] = []
        self._version, self._namespace = version, namespace
        self._auth_required = auth_required

    def tool(
        self, name: str, flow: Flow, schemas_of: SchemasOf, class_name: str
    ) -> IRTool:
        version = _own_version(flow) or self._version
        subject = f"tool {one_line(repr(name), 100)}"
        taken, returned = schemas_of(flow)
        metadata: Dict[str, Any] = {"flow_id": flow.flow_id}
        if isinstance(flow.name, str) and flow.name:
            metadata["title"] = flow.name
        given = flow.metadata if isinstance(flow.metadata, dict) else {}
        if isinstance(given.get(EXAMPLE), dict):
            metadata[EXAMPLE] = given[EXAMPLE]
        return IRTool(
            name,
            version,
            _text(flow.description) or _text(flow.name) or f"Executes the flow {name}.",
            self._model(taken, f"{class_name}Input", version, f"{subject}: its input"),
            self._model(
                returned, f"{class_name}Output", version, f"{subject}: its output"
            ),
            namespace=self._namespace,
            auth_required=self._auth_required,
            streaming=True,
            metadata=metadata,
        )

    def agent(self, agent: AgentInfo, class_name: str) -> IRAgent:
        version = self._version
        subject = f"agent {one_line(repr(agent.agent_id), 100)}"
        # Most agents have no types, and no client is generated for them: that is no warning.
        schemas = (agent.input_schema or _UNKNOWN, agent.output_schema or _UNKNOWN)
        taken, returned = (
            self._model(
                schema, f"{class_name}{end}", version, f"{subject}: its {words}"
            )
            for schema, end, words in zip(
                schemas, ("Input", "Output"), ("input", "output")
            )
        )
        return IRAgent(
            agent.agent_id,
            version,
            agent.description,
            taken,
            returned,
            namespace=self._namespace,
        )

    def _model(
        self, schema: Optional[Schema], name: str, version: SchemaVersion, subject: str
    ) -> IRModel:
        reason = "is not known"
        if schema is not None:
            # The one dialect that there is here needs no mention in each model.
            own = {k: v for k, v in schema.items() if (k, v) != ("$schema", DIALECT)}
            try:
                made = IRModel.from_json_schema(own, name=name, version=version)
                return replace(made, namespace=made.namespace or self._namespace)
            except (ImportError, ConfigError) as error:
                reason = f"cannot be read ({one_line(str(error), 200)})"
        self.warnings.append(f"{subject} {reason}, so that it is an object of any kind")
        unknown = IRModel.from_json_schema(_UNKNOWN, name=name, version=version)
        return replace(unknown, namespace=self._namespace)


def _agent_words(agent_id: str) -> str:
    # No tool has a space in its name.
    return f"{agent_id} agent"


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _own_version(flow: Flow) -> Optional[SchemaVersion]:
    try:
        return SchemaVersion.parse(flow.version)
    except ConfigError:
        return None
