"""Tests that the guide to migrating has every public name of the SDKs that it is about.

The names are those of `ai-spine-sdk` 2.3.1 for Python and 2.5.0 for JavaScript, which are not
installed here: both were read, and do not change any more.
"""

import inspect
import re
from pathlib import Path

import pytest

import ai_spine
from ai_spine import AISpine, constants, exceptions, models

GUIDE = Path(__file__).parent.parent / "docs" / "migrating.md"
OF_2, OF_JAVASCRIPT = GUIDE.read_text(encoding="utf-8").split(
    "\n## From the JavaScript SDK\n"
)

# Each method of the client of 2.3.1, with its arguments and their defaults.
METHODS = {
    "__init__": "api_key base_url=None timeout=30 max_retries=3 debug=False",
    "cancel_execution": "execution_id",
    "check_credits": "",
    "check_user_api_key": "user_id",
    "close": "",
    "create_agent": "agent_config",
    "delete_agent": "agent_id",
    "execute_and_wait": "flow_id input_data metadata=None timeout=300 interval=2",
    "execute_flow": "flow_id input_data metadata=None",
    "generate_user_api_key": "user_id",
    "get_current_user": "",
    "get_execution": "execution_id",
    "get_flow": "flow_id",
    "get_metrics": "",
    "get_status": "",
    "health_check": "",
    "list_agents": "",
    "list_flows": "",
    "revoke_user_api_key": "user_id",
    "wait_for_execution": "execution_id timeout=300 interval=2",
}
KEYWORD_ONLY = [("execute_and_wait", "timeout"), ("execute_and_wait", "interval")]
ATTRIBUTES = {"api_key", "base_url", "debug", "session", "timeout"}
# The classes of errors, with the attributes that each adds.
ERRORS = {
    "AISpineError": "message details",
    "AuthenticationError": "",
    "ValidationError": "",
    "ExecutionError": "execution_id",
    "TimeoutError": "timeout",
    "RateLimitError": "retry_after",
    "InsufficientCreditsError": "credits_needed credits_available",
    "NetworkError": "",
    "APIError": "status_code response_body",
}
MODELS = {
    "Flow": "flow_id name description nodes metadata created_at updated_at from_dict to_dict",
    "Execution": "execution_id flow_id status input_data output_data error_message metadata "
    "created_at updated_at completed_at from_dict to_dict is_terminal is_successful is_failed",
    "Agent": "agent_id name type configuration metadata created_at updated_at from_dict to_dict",
    "HealthStatus": "status version timestamp checks from_dict is_healthy",
    "Metrics": "timestamp executions_total executions_active flows_total agents_total "
    "custom_metrics from_dict",
}
CONSTANTS = set("""
    DEFAULT_BASE_URL DEFAULT_TIMEOUT DEFAULT_MAX_RETRIES DEFAULT_POLLING_INTERVAL
    DEFAULT_EXECUTION_TIMEOUT ENDPOINTS EXECUTION_STATUS TERMINAL_STATUSES RETRY_STATUS_CODES
    DEFAULT_HEADERS
""".split())
HELPERS = set("""
    validate_flow_id validate_execution_id validate_agent_id validate_input_data parse_datetime
    exponential_backoff poll_with_timeout format_url clean_dict
""".split())

# The public methods, settings and errors of 2.5.0 for JavaScript.
METHODS_OF_JAVASCRIPT = set("""
    executeFlow getExecution waitForExecution listFlows getFlow listAgents getAgent registerAgent
    testAgent listExecutions executeBatch getMetrics healthCheck getConfig updateConfig
    createWebhook listWebhooks getWebhook updateWebhook deleteWebhook testWebhook
    getWebhookDeliveries retryWebhookDelivery validateAgentEnvironment getAgentEnvironmentSchema
    onWebhook offWebhook getWebhookHandler getCurrentUser getUserProfile getUserApiKeyStatus
    generateApiKey revokeApiKey checkUserApiKey generateUserApiKey revokeUserApiKey checkCredits
    createFlow getMyFlows updateFlow deleteFlow
""".split())
SETTINGS_OF_JAVASCRIPT = set(
    "apiKey supabaseToken baseURL timeout retries debug onCreditsLow headers".split()
)
ERRORS_OF_JAVASCRIPT = set("""
    AISpineError AuthenticationError AuthorizationError InsufficientCreditsError ValidationError
    NotFoundError RateLimitError NetworkError TimeoutError ServerError ExecutionError AgentError
    FlowError isAISpineError validationErrors code status details
""".split())


def words_of(text, column=None):
    """Return the names in the code of tables, or of one of their columns."""
    rows = [row.split("|")[1:-1] for row in text.splitlines() if row.startswith("| ")]
    cells = [
        cell
        for row in rows
        for number, cell in enumerate(row)
        if column in (None, number)
    ]
    code = " ".join(re.findall(r"`([^`]+)`", " ".join(cells)))
    return set(re.findall(r"[A-Za-z_]\w*", code))


def parameters_of(method):
    return inspect.signature(getattr(AISpine, method)).parameters


def arguments():
    return [
        (method, position, *argument.partition("=")[::2])
        for method, listed in METHODS.items()
        for position, argument in enumerate(listed.split(), start=1)
    ]


def test_each_name_of_2_x_is_in_the_guide():
    before = words_of(OF_2, column=0)
    names = {*METHODS, *ATTRIBUTES, *CONSTANTS, *HELPERS, *ERRORS, *MODELS}
    assert names - {"__init__"} - before == set()
    of_errors = {name for listed in ERRORS.values() for name in listed.split()}
    assert of_errors - words_of(OF_2) - {"message"} == set()
    assert "`message`" in OF_2


@pytest.mark.parametrize("method, position, argument, default", arguments())
def test_each_argument_of_2_x_is_in_the_guide_and_accepted(
    method, position, argument, default
):
    assert argument in words_of(OF_2, column=0)
    parameters = parameters_of(method)
    if (method, argument) not in KEYWORD_ONLY:
        assert list(parameters)[position] == argument
    if default:
        assert str(parameters[argument].default).replace(".0", "") == default


def test_exactly_the_arguments_that_the_guide_names_are_keyword_only():
    assert KEYWORD_ONLY == [
        (method, argument)
        for method, _, argument, _ in arguments()
        if parameters_of(method)[argument].kind is inspect.Parameter.KEYWORD_ONLY
    ]
    (row,) = [row for row in OF_2.splitlines() if "keyword-only |" in row]
    assert row.startswith("| `execute_and_wait(")


@pytest.mark.parametrize("model", MODELS)
def test_each_attribute_of_a_model_of_2_x_exists_or_is_in_the_guide(model):
    now = {*vars(getattr(models, model).from_wire({})), *dir(getattr(models, model))}
    gone = set(MODELS[model].split()) - now
    assert gone - words_of(OF_2, column=0) == set()


@pytest.mark.parametrize("error", ERRORS)
def test_the_classes_of_errors_of_2_x_exist(error):
    assert issubclass(getattr(ai_spine, error), ai_spine.AISpineError)


def test_the_guide_says_which_handlers_of_errors_catch_more_or_less():
    for name in ("RateLimitError", "ServerError"):
        assert not issubclass(getattr(ai_spine, name), ai_spine.NetworkError)
        assert issubclass(getattr(ai_spine, name), ai_spine.APIError)
    for name in ("NetworkError", "TimeoutError"):
        assert issubclass(ai_spine.RequestTimeoutError, getattr(ai_spine, name))
    for name in ("AuthenticationError", "InsufficientCreditsError", "BadRequestError"):
        assert issubclass(getattr(ai_spine, name), ai_spine.APIError)


def test_each_name_of_the_javascript_sdk_is_in_the_guide():
    before = words_of(OF_JAVASCRIPT, column=0)
    assert METHODS_OF_JAVASCRIPT - before == set()
    assert SETTINGS_OF_JAVASCRIPT - before == set()
    assert ERRORS_OF_JAVASCRIPT - before == set()


@pytest.mark.parametrize("text", [OF_2, OF_JAVASCRIPT], ids=["2.x", "JavaScript"])
def test_what_the_guide_leads_to_exists(text):
    known = {*dir(AISpine), *dir(ai_spine), *dir(constants), *dir(exceptions)}
    known |= {name for each in vars(models).values() for name in dir(each)}
    known |= {*inspect.signature(AISpine).parameters, *dir(exceptions.APIError())}
    known |= {*dir(exceptions.ExecutionError()), *dir(exceptions.TimeoutError())}
    for method in dir(AISpine):
        if callable(getattr(AISpine, method)) and not method.startswith("_"):
            known |= set(parameters_of(method))
    rows = [row.split("|") for row in text.splitlines() if row.startswith("| `")]
    now = set(
        re.findall(r"`(?:\w+[.]|[.])?([a-z]\w+)[(=`]", " ".join(r[2] for r in rows))
    )
    assert now - known - {"model"} == set()
