"""Sorts support tickets: a flow says which desk a ticket is for, people get the rest."""

from typing import Dict, Iterable, List

from ai_spine import AISpine, ExecutionError, NetworkError

PEOPLE = "people"


def desk_for(client: AISpine, text: str) -> str:
    """Return the desk of a ticket; people handle those that the flow or the network failed on."""
    try:
        execution = client.execute_and_wait("triage", {"text": text})
    except (ExecutionError, NetworkError):
        return PEOPLE
    return str(execution.output["choose"]["desk"])


def sort_tickets(texts: Iterable[str]) -> Dict[str, List[str]]:
    """Return the tickets of each desk."""
    desks: Dict[str, List[str]] = {}
    with AISpine() as client:
        for text in texts:
            desks.setdefault(desk_for(client, text), []).append(text)
    return desks
