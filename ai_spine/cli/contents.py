"""The commands: the module of each, and its summary.

Help pages and completion need no more of a module, so they do not import it.
"""

from typing import Dict

# The summaries are the beginnings of the help texts, which a test compares.
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
    "build": {
        "build": "Write a FastAPI backend that serves flows.",
    },
    "completion": {
        "completion": "Print the script that completes words in a shell.",
    },
    "config_commands": {
        "config": "Show and change profiles, which contain settings.",
        "config list": "List all settings, and where each comes from.",
        "config get": "Print a setting as commands use it.",
        "config set": "Set a setting in a profile.",
        "config unset": "Remove a setting from a profile, or a whole profile.",
        "config path": "Print where the file of profiles is.",
    },
    "executions": {
        "execute": "Execute a flow, wait for it, and print its output.",
        "wait": "Wait for an execution, and print its output.",
        "cancel": "Cancel an execution, and print its state after that.",
        "executions": "List, show and rerun executions.",
        "executions list": "List executions, the newest first.",
        "executions get": "Show an execution.",
        "executions results": "Show the results of an execution's nodes.",
        "executions messages": "Show the messages that agents sent each other.",
        "executions logs": "Show what agents printed and logged, on the local server.",
        "executions rerun": "Run an execution again, and print the output.",
    },
    "flows": {
        "flows": "List, show, add, change and remove flows.",
        "flows list": "List all flows.",
        "flows get": "Show a flow with its nodes.",
        "flows show": "Draw a flow's graph.",
        "flows create": "Add the flow that a YAML or JSON FILE defines.",
        "flows update": "Replace the definition of a flow by the one in FILE.",
        "flows delete": "Remove a flow.",
        "flows validate": "Check flows in YAML or JSON files, without a server.",
    },
    "init": {
        "init": "Start a project: agents, a flow, and tests.",
    },
    "local": {
        "local": "Run an AI Spine server on this machine.",
        "local start": "Serve flows until Ctrl-C or SIGTERM.",
    },
    "marketplace": {
        "marketplace": "Show the agents that others offer.",
        "marketplace list": "List the agents on offer.",
        "marketplace get": "Show an agent on offer.",
        "marketplace categories": "Show the categories of agents on offer.",
        "marketplace stats": "Show the statistics of the marketplace.",
    },
    "mcp": {
        "mcp": "Serve all flows as tools of the Model Context Protocol (MCP).",
    },
    "openapi": {
        "openapi": "Print the OpenAPI document of the API, without a server.",
    },
    "sdk_sync": {
        "sdk-sync": "Generate typed clients, and compare versions of schemas.",
        "sdk-sync python": "Generate a Python package of typed clients.",
        "sdk-sync inspect": "Show what is in an OpenAPI document, and what is wrong with it.",
        "sdk-sync openapi": "Write an OpenAPI 3.1 document from a specification.",
        "sdk-sync verify": "Call each operation of a generated package.",
        "sdk-sync diff": "Show what changed between two schemas, and whom it breaks.",
    },
    "system": {
        "health": "Check the server's health.",
        "metrics": "Show the server's counts of executions.",
        "status": "Show the status of each component.",
        "whoami": "Show the user of the key, and the remaining credits.",
    },
    "tools": {
        "tools": "List, show, register, change, remove and execute tools.",
        "tools list": "List all tools.",
        "tools search": "Search tools.",
        "tools get": "Show a tool.",
        "tools create": "Register a tool.",
        "tools update": "Change some fields of a tool.",
        "tools delete": "Remove a tool.",
        "tools status": "Say whether a tool can be executed.",
        "tools schemas": "Show the schemas of a tool.",
        "tools set-schemas": "Set schemas of a tool.",
        "tools execute": "Execute a tool, and print its output.",
        "tools execution": "Show an execution of a tool.",
    },
}
SUMMARIES = {
    path: text for commands in CONTENTS.values() for path, text in commands.items()
}
_ROOMS = {path: room for room, commands in CONTENTS.items() for path in commands}


def room_of(path: str) -> str:
    """Return the module of a command.

    Example:
        >>> room_of("execute")
        'ai_spine.cli.executions'
    """
    return f"ai_spine.cli.{_ROOMS[path]}"


def summaries_of(noun: str) -> Dict[str, str]:
    """Return the commands of a noun, or the top-level ones, with their summaries.

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
