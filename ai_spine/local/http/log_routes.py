"""`/executions/{id}/logs`: what agents have printed and logged."""

from ai_spine.local.http.requests import Routes
from ai_spine.local.http.responses import check_uuid, found_or_404
from ai_spine.local.store.store import Reply, Store


class LogRoutes:
    """The lines of an execution's nodes.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_to(self, routes: Routes) -> None:
        """Add the route."""
        routes.add("GET", "/executions/<execution_id>/logs", self.logs)

    def logs(self, execution_id: str) -> Reply:
        """Return the lines so far."""
        found = self._store.execution(check_uuid(execution_id))
        known = found_or_404(found, f"Execution {execution_id!r} not found")
        lines = self._store.node_logs(known["execution_id"])
        ids = {"execution_id": known["execution_id"]}
        return Reply(200, {"logs": lines, "count": len(lines), **ids})
