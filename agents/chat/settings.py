"""Keys of a chat model in the configuration (`debate.models`): prices, key, limits, and how replies are asked for."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Structured = Literal["auto", "schema", "tools", "prompt"]


class ModelSettings(BaseModel):
    """One chat model. Prices are per million tokens, in whatever currency the budget is in; times in seconds.

    `key_env` names the environment variable with the key (None: the provider's own, OPENAI_API_KEY for openai).
    `max_tokens` is the longest reply asked for (None: the server's own limit). `retries` come after the first try.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    price_in: Annotated[float, Field(ge=0.0)] | None = None
    price_out: Annotated[float, Field(ge=0.0)] | None = None
    key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    timeout_s: Annotated[float, Field(gt=0.0, le=86_400)] = 300.0
    requests_per_minute: Annotated[float, Field(gt=0.0)] | None = None
    retries: Annotated[int, Field(ge=0, le=100)] = 5
    structured: Structured = "auto"
    max_tokens: Annotated[int, Field(ge=1)] | None = None

    def cost(self, prompt_tokens: int, reply_tokens: int) -> float:
        """What tokens cost; 0 where no price is known."""
        return (prompt_tokens * (self.price_in or 0.0) + reply_tokens * (self.price_out or 0.0)) / 1e6
