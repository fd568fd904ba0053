"""What a plan of models starts from: the schemas of parameters, bodies and responses."""

from dataclasses import dataclass

from ai_spine.sdk_sync.ir import IRField

REQUEST, RESPONSE = "request", "response"


@dataclass(frozen=True)
class Root:
    """A schema that an endpoint sends or receives.

    Attributes:
        pointer: Where it is, which is how its type is asked for and how names are remembered, such
            as `/endpoints/start_run/responses/201/application~1json`.
        hint: The words that a class for it is named by, such as `start run response`.
        field: The schema.
        direction: `request` or `response`.
        is_form: Whether it is the body of a multipart form, in which binary texts are files.
    """

    pointer: str
    hint: str
    field: IRField
    direction: str
    is_form: bool = False
