"""What every section of the configuration is: strict about its keys, and never changed once it is made."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """A section with keys. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def listed(value: object) -> object:
    """One name is a list of one."""
    return [value] if isinstance(value, str) else value


Name = Annotated[str, Field(min_length=1)]
Paths = Annotated[tuple[Name, ...], BeforeValidator(listed)]
TokenId = Annotated[int, Field(ge=0, lt=1 << 32)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
