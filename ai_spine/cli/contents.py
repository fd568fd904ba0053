"""Which commands there are, in which room, and what each does in a few words.

It is all that a help page and completion need to know of a room that they do not import.
"""

from typing import Dict

# The words are the beginnings of the help texts, which a test compares.
CONTENTS: Dict[str, Dict[str, str]] = {
    "agents": {
        "agents": "List, show, register and remove agents.",
        "agents list": "List all agents.",
        "agents get": "Show an agent.",
        "agents create": "Register an agent.",
        "agents delete": "Remove an agent.",
    },
    "batch": {
        "batch": "Execute a flow for each line of a file.",
    },
    "completion": {
        "completion": "Print the script that completes words in a shell.",
    },
    "config_commands": {
        "config": "Show and change profiles, which hold settings.",
        "config list": "List all settings, and where each comes from.",
        "config get": "Print a setting as commands have it.",
        "config set": "Set a setting in a profile.",
        "config unset": "Remove a setting from a profile, or a whole profile.",
        "config path": "Print where the file of profiles is.",
    },
    "executions": {
        "execute": "Execute a flow, wait for its end, and print its output.",
        "wait": "Wait for an execution's end, and print its output.",
        "cancel": "Cancel an execution, and print it as it stands then.",
        "executions": "List and show executions.",
        "executions list": "List executions, the newest first.",
        "executions get": "Show an execution.",
        "executions results": "Show what each node of an execution gave.",
        "executions messages": "Show what agents told each other while an execution ran.",
    },
    "flows": {
        "flows": "List, show, add, change and remove flows.",
        "flows list": "List all flows.",
        "flows get": "Show a flow with its nodes.",
        "flows show": "Draw a flow's graph",
        "flows create": "Add the flow that a YAML or JSON FILE defines.",
        "flows update": "Put the definition in FILE in a flow's place.",
        "flows delete": "Remove a flow.",
        "flows validate": "Check the graphs of flows in YAML or JSON files; no server is asked.",
    },
    "local": {
        "local": "Run an AI Spine server on this machine.",
        "local start": "Serve flows until Ctrl-C or SIGTERM",
    },
    "system": {
        "health": "Ask whether the server is well.",
        "metrics": "Show what the server has counted.",
        "status": "Show how the server's parts are.",
        "whoami": "Show whom the key belongs to, and the credits that are left.",
    },
}
SUMMARIES = {
    path: text for commands in CONTENTS.values() for path, text in commands.items()
}
_ROOMS = {path: room for room, commands in CONTENTS.items() for path in commands}


def room_of(path: str) -> str:
    """Return the module that has a command.

    Example:
        >>> room_of("execute")
        'ai_spine.cli.executions'
    """
    return f"ai_spine.cli.{_ROOMS[path]}"


def summaries_of(noun: str) -> Dict[str, str]:
    """Return the commands of a noun, or those at the top for none, with their summaries.

    Example:
        >>> list(summaries_of("config"))
        ['list', 'get', 'set', 'unset', 'path']
    """
    begin = f"{noun} " if noun else ""
    return {
        path[len(begin) :]: text
        for path, text in SUMMARIES.items()
        if path.startswith(begin) and " " not in path[len(begin) :]
    }
