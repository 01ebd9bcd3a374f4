"""Who may come in: sessions, the shared password, the OpenID provider, bearer tokens.

guard.py stands before every route; routes.py holds the sign-in's own. Nothing here is imported
on a machine without a sign-in but users.py, and libraries of cryptography when first needed.
"""
