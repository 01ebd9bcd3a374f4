"""The stack of template.yaml, running on this machine.

Buckets and queues are moto's behind the strict front; functions are processes of their own that
get events as Lambda hands them over; an API and a distribution stand before the web function.
Names are the real ones (https://…amazonaws.com, https://….cloudfront.net): only where they lead is
another place. What Rekognition says is recorded.
"""
