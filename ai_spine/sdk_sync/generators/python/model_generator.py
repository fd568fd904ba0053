"""`PythonModelGenerator`: the code of one model, to look at or to paste."""

from typing import Dict

from ai_spine.sdk_sync.generators.python import pydantic_models
from ai_spine.sdk_sync.generators.python.formatting import formatted
from ai_spine.sdk_sync.generators.python.plan import plan_models
from ai_spine.sdk_sync.generators.python.plan_parts import ClassPlan
from ai_spine.sdk_sync.generators.python.syntax import module, source_of
from ai_spine.sdk_sync.ir import IRModel, IRSpec


class PythonModelGenerator:
    """Generates the class of one model, and those of the objects within it.

    Example:
        >>> code = PythonModelGenerator().generate_model(IRModel("User", description="A user"))
        >>> print(code.splitlines()[0])
        class User(BaseModel):
    """

    def generate_model(self, model: IRModel) -> str:
        """Return the code of a model, without imports; its fields are in the order of the model.

        Args:
            model: The model. Models that it refers to are not known, so that they are `Any`.
        """
        spec = IRSpec(model.version, models={model.name: model})
        plan = plan_models(spec)
        order = {each.name: number for number, each in enumerate(model.fields)}
        own = plan.class_plan(plan.class_of(model))
        body = [
            pydantic_models.statement_of(
                _in_order(each, order) if each == own else each
            )
            for each in reversed(plan.classes)
        ]
        return formatted(source_of(module(body)))


def _in_order(plan: ClassPlan, order: Dict[str, int]) -> ClassPlan:
    plan.fields.sort(key=lambda each: order.get(each.wire, 0))
    return plan
