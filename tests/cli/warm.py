"""The command as a process that need not import anything: it is forked from one that has.

`python -m tests.cli.warm FD` imports what `ai-spine` needs, and forks for whoever connects to the
listening socket. `python -I -S tests/cli/warm.py PLACE WORDS…` starts at once, and stands for the
process that it asks for: it hands over its environment, folder and files, passes signals on, and
ends as that one ends, which is killed with it.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading

PASSED_ON = (signal.SIGINT, signal.SIGTERM)
IMPORTED = ("ai_spine.cli.main", "ai_spine.local", "ai_spine.cli.mcp_server", "uvicorn")


def main(place, *words):
    """Stand for a process that runs the command."""
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until it is there
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        wanted = {"words": words, "folder": os.getcwd(), "environ": dict(os.environ)}
        socket.send_fds(connection, [b"!"], [0, 1, 2])
        connection.sendall(json.dumps(wanted).encode() + b"\n")
        for each in range(3):
            os.close(each)
        answers = connection.makefile()
        process = int(answers.readline())
        for each in PASSED_ON:
            signal.signal(each, lambda number, _: os.kill(process, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        code = int(answers.readline())
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def serve(listener):
    """Fork for each connection, until stdin ends; return in the processes that were asked for."""
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if hasattr(gc, "freeze"):  # PyPy's collector has ages
        gc.freeze()
    while listener in select.select([0, listener], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return look_after(connection)
        connection.close()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # those that have ended
                pass
    os._exit(0)


def look_after(connection):
    """Fork the process that is asked for, and tell how it ends."""
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    lines = connection.makefile()
    wanted = json.loads(lines.readline())
    process = os.fork()
    if process == 0:
        lines.close()
        connection.close()
        return become(wanted, files)
    for each in files:
        os.close(each)
    connection.sendall(b"%d\n" % process)

    def kill_with_it():
        lines.read()  # to the end
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

    threading.Thread(target=kill_with_it, daemon=True).start()
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with contextlib.suppress(OSError):  # it is gone
        connection.sendall(b"%d\n" % code)
    os._exit(0)


def become(wanted, files):
    """Be the process that is asked for."""
    for number, each in enumerate(files):
        os.dup2(each, number)
        os.close(each)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environ"])
    sys.path[0] = wanted["folder"]
    sys.argv = ["ai-spine", *wanted["words"]]
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)
    sys.stderr = open(2, "w", buffering=1, closefd=False)


if __name__ == "__main__" and len(sys.argv) > 2:
    main(*sys.argv[1:])
elif __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    importlib.import_module("ai_spine.cli.main").main()
