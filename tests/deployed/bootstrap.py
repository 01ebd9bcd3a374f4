"""What runs in a function's process: reads events as lines of JSON, answers each with a line.

    python bootstrap.py <module.function> <port>

Names under amazonaws.com lead to the port on this machine.
"""

import importlib
import json
import os
import socket
import sys
import time
import traceback
from typing import Any

AWS = ".amazonaws.com"


class Context:
    """What Lambda tells a handler besides the event."""

    memory_limit_in_mb = 2048
    function_version = "$LATEST"
    log_stream_name = "stream"

    def __init__(self, request_id: str, seconds: float) -> None:
        name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.aws_request_id = request_id
        self.function_name = self.log_group_name = name
        self.invoked_function_arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"
        self._ends = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the call may still take."""
        return max(0, int((self._ends - time.monotonic()) * 1000))


def lead_names_to(port: int) -> None:
    """Have every name of Amazon's lead to a port of this machine."""
    resolve = socket.getaddrinfo

    def here(host: Any, asked: Any, *rest: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if isinstance(name, str) and name.endswith(AWS):
            return resolve("127.0.0.1", port, *rest, **options)
        return resolve(host, asked, *rest, **options)

    socket.getaddrinfo = here


def main() -> None:
    """Answer until there are no more events."""
    # What a handler prints is the log, as on Lambda; answers have a way of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    lead_names_to(int(sys.argv[2]))
    module, _, name = sys.argv[1].rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            os.environ["_X_AMZN_TRACE_ID"] = asked["trace"]
            context = Context(asked["request"], asked["seconds"])
            answer = {"result": handler(asked["event"], context)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": repr(error)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
