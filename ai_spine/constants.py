"""The defaults and names that more than one module uses, each defined once."""


class DefaultFloat(float):
    """A default that can be distinguished from the same number passed by a caller.

    The environment may replace an argument that is absent, but not one that was passed.
    """


class DefaultInt(int):
    """See `DefaultFloat`."""


class DefaultText(str):
    """See `DefaultFloat`."""


DEFAULT_BASE_URL = "https://ai-spine-api-production.up.railway.app"
DEFAULT_TIMEOUT = DefaultFloat(30)
DEFAULT_MAX_RETRIES = DefaultInt(3)
DEFAULT_API_PREFIX = DefaultText("")
DEFAULT_POOL_SIZE = 10
DEFAULT_CREDITS_LOW_AT = 10.0
DEFAULT_CONCURRENCY = 16
API_PREFIX = "/api/v1"

ENV_API_KEY = "AI_SPINE_API_KEY"
ENV_API_KEY_FILE = "AI_SPINE_API_KEY_FILE"
ENV_BASE_URL = "AI_SPINE_BASE_URL"
ENV_TIMEOUT = "AI_SPINE_TIMEOUT"
ENV_MAX_RETRIES = "AI_SPINE_MAX_RETRIES"
ENV_PROFILE = "AI_SPINE_PROFILE"
ENV_TENANT = "AI_SPINE_TENANT"
ENV_WORKSPACE = "AI_SPINE_WORKSPACE"
ENV_CONFIG = "AI_SPINE_CONFIG"
ENV_CACHE = "AI_SPINE_CACHE"
ENV_LOG_BODIES = "AI_SPINE_LOG_BODIES"

IDEMPOTENCY_KEY_HEADER = "Idempotency-Key"
REQUEST_ID_HEADER = "X-Request-Id"
LAST_EVENT_ID_HEADER = "Last-Event-ID"
TENANT_HEADER = "X-Tenant-Id"
WORKSPACE_HEADER = "X-Workspace-Id"
EVENT_STREAM = "text/event-stream"
# The relation of a link that leads to the stream of an execution.
STREAM_RELATION = "monitor"

# Waiting for an execution, in seconds.
DEFAULT_WAIT_TIMEOUT = 300.0
DEFAULT_INTERVAL = 2.0
FIRST_INTERVAL = 0.05
INTERVAL_JITTER = 0.1
# The end of a short execution is noticed within a tenth of a second.
SHORT_INTERVAL = 0.1
SHORT_EXECUTION = 0.5
# After that, the interval between polls is this share of the time waited so far.
INTERVAL_SHARE = 0.42
# Where a flow's usual duration is known, the interval is a share of the time that is left until
# then, or has passed since, and at least a share of the duration; but no more than so many times
# the time waited so far.
USUAL_SHARE = 0.6
USUAL_PRECISION = 0.04
USUAL_GROWTH = 4
# How soon a stream must begin; a proxy may hold it back until it is over.
STREAM_PATIENCE = 5.0

# Sleeping between the attempts of one call, in seconds.
BACKOFF_BASE = 0.5
BACKOFF_MAX = 8.0
DEFAULT_RETRY_AFTER_LIMIT = 60.0
# Retries that a client may make at once, whatever its budget.
RETRY_RESERVE = 20

# No timeout or interval may be longer, since systems cannot sleep longer.
MAX_SECONDS = 1e9
MAX_REDIRECTS = 5
MAX_POOL_SIZE = 10_000
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 1024 * 1024
MAX_TENANT_LENGTH = 200
MAX_MESSAGE_LENGTH = 500
MAX_LOGGED_LENGTH = 4000

# The id that a server returns when it has started no execution.
NO_EXECUTION_ID = "00000000-0000-0000-0000-000000000000"

LOGGER_NAME = "ai_spine"
