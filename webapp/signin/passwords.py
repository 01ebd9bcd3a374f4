"""The shared password of those who have no provider."""

from threading import Lock

from catalog.errors import SettingsError

SHORTEST, LONGEST = 10, 1000
_one_at_a_time = Lock()  # a check takes 64 MB for a moment: nobody makes us do forty at once


def make_hash(password: str) -> str:
    """Return the argon2id hash of a password. Raises SettingsError for one too short."""
    if len(password) < SHORTEST:
        raise SettingsError(f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise SettingsError(f"A password has at most {LONGEST} characters.")
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def is_right(password: str, hashed: str) -> bool:
    """Tell whether this is the password of that hash."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST:
        return False
    try:
        with _one_at_a_time:
            return PasswordHasher().verify(hashed, password)
    except (InvalidHashError, VerificationError):
        return False
