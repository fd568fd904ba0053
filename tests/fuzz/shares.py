"""How the examples are divided: each property has a fixed share of the total."""

import math
import os

from hypothesis import HealthCheck, given, settings

TOTAL = int(os.environ.get("AI_SPINE_FUZZ_EXAMPLES", "250"))

# Properties that need a socket or a whole command are slow, and have a smaller share.
SHARES = {
    "test_any_response_is_a_typed_result_or_a_typed_error": 15,
    "test_a_wait_returns_an_execution_or_raises_a_typed_error": 6,
    "test_a_model_of_any_json_has_a_repr": 8,
    "test_any_error_body_raises_the_error_of_its_status": 12,
    "test_an_echoed_key_is_redacted_in_errors": 8,
    "test_a_key_echoed_in_an_execution_is_redacted_in_errors": 3,
    "test_harmless_headers_do_not_change_the_response": 2,
    "test_any_headers_lead_to_the_response_or_a_typed_error": 6,
    "test_both_ways_make_the_same_of_any_response": 20,
    "test_any_retry_after_is_ignored_or_seconds": 8,
    "test_no_retry_after_makes_a_client_sleep_longer_than_its_limits": 6,
    "test_any_id_is_refused_or_one_path_segment": 6,
    "test_any_id_is_one_path_segment_on_the_wire": 2,
    "test_any_arguments_create_a_client_or_raise_a_configuration_error": 4,
    "test_any_environment_creates_a_client_or_raises_a_configuration_error": 2,
    "test_any_options_create_a_client_or_raise_a_configuration_error": 2,
    "test_any_data_is_sent_without_loss_or_refused": 4,
    "test_any_command_line_ends_with_a_known_exit_code": 6,
}


def examples_of(name):
    """Return the number of examples of a property: at least its share of the total."""
    return math.ceil(TOTAL * SHARES[name] / sum(SHARES.values()))


def fuzz(**strategies):
    """Turn a function into a property-based test with its share of the examples."""

    def decorate(test):
        return settings(
            max_examples=examples_of(test.__name__),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )(given(**strategies)(test))

    return decorate
