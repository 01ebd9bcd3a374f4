"""A strict front for moto's server: what S3 checks and moto does not, checked before it.

Signatures, expiry, lengths, checksums, CORS, and conditions of copies; answers in S3's error XML.
"""
