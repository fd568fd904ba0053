"""How the examples are divided: each property has a fixed share, so that all make the total."""

import math
import os

from hypothesis import HealthCheck, given, settings

TOTAL = int(os.environ.get("AI_SPINE_FUZZ_EXAMPLES", "500"))

# What takes a socket or a whole command is slow, and gets less.
SHARES = {
    "test_any_answer_gives_a_typed_result_or_a_typed_error": 15,
    "test_any_answers_end_a_wait_in_an_execution_or_a_typed_error": 6,
    "test_any_json_makes_a_model_that_can_be_shown": 8,
    "test_any_error_body_gives_the_error_of_its_status": 12,
    "test_an_echoed_key_stands_in_no_error": 8,
    "test_a_key_echoed_in_an_execution_stands_in_no_error": 3,
    "test_harmless_headers_leave_the_answer_as_it_is": 2,
    "test_any_headers_give_the_answer_or_a_typed_error": 6,
    "test_any_retry_after_is_nothing_or_seconds": 8,
    "test_no_retry_after_makes_a_client_sleep_too_long": 6,
    "test_any_id_is_refused_or_one_segment": 6,
    "test_any_id_is_one_segment_on_the_wire": 2,
    "test_any_arguments_make_a_client_or_a_configuration_error": 4,
    "test_any_environment_makes_a_client_or_a_configuration_error": 2,
    "test_any_options_make_a_client_or_a_configuration_error": 2,
    "test_any_data_is_sent_whole_or_refused": 4,
    "test_any_command_line_ends_in_a_known_way": 6,
}


def examples_of(name):
    """Return how many examples a property tries: never less than its share of the total."""
    return math.ceil(TOTAL * SHARES[name] / sum(SHARES.values()))


def fuzz(**strategies):
    """Make a function a property, which is tried with as many examples as its share says."""

    def decorate(test):
        return settings(
            max_examples=examples_of(test.__name__),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )(given(**strategies)(test))

    return decorate
