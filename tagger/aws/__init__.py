"""The tagger as a Lambda: composed from the environment, fed by queues, or by S3 itself."""
