"""The web app's home on AWS Lambda: behind CloudFront and an HTTP API, or a Function URL."""
