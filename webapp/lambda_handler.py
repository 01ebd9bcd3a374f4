"""The web function: `webapp.lambda_handler.handler`.

The app is composed when Lambda starts this process, before there is a request.
"""

import gc

# What is made at the start stays: to look through it for garbage again and again takes a tenth of
# a cold start.
gc.disable()

from webapp.on_lambda import snapshots  # noqa: E402
from webapp.on_lambda.adapter import make_handler  # noqa: E402
from webapp.on_lambda.home import open_door  # noqa: E402

door = open_door()
if door.behind is not None:
    snapshots.register(door.behind.let_go)

handler = make_handler(door.app)
gc.freeze()
gc.enable()
