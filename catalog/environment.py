"""Settings from the environment: a model whose fields name their variables.

pydantic alone: a library for it would read files and command lines too, which takes a function
on AWS twenty milliseconds at every cold start.
"""

import os
from typing import Any

from pydantic import BaseModel, ConfigDict


class Environment(BaseModel):
    """Settings: each field is given by name, or read from the variable that is its alias."""

    model_config = ConfigDict(
        extra="ignore",
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        defer_build=True,
    )

    def __init__(self, **given: Any) -> None:
        """Read what is not given. Raises pydantic.ValidationError."""
        super().__init__(**type(self)._variables(given), **given)

    @classmethod
    def _variables(cls, given: dict[str, Any]) -> dict[str, str]:
        return {
            field.validation_alias: os.environ[field.validation_alias]
            for name, field in cls.model_fields.items()
            if isinstance(field.validation_alias, str)
            and field.validation_alias in os.environ
            and name not in given
            and field.validation_alias not in given
        }
