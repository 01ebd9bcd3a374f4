"""The web function: `webapp.lambda_handler.handler`.

The app is composed when Lambda starts this process, before there is a request.
"""

from webapp.on_lambda import snapshots
from webapp.on_lambda.adapter import make_handler
from webapp.on_lambda.home import open_door

door = open_door()
if door.behind is not None:
    snapshots.register(door.behind.let_go)

handler = make_handler(door.app)
