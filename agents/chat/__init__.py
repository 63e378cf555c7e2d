"""Language models as agents use them: ask for a reply of a known shape, and get it read, checked and accounted for."""

from agents.chat.call import Ask, ChatModel, ModelError, Reply
from agents.chat.meter import Meter, metering
from agents.chat.quoting import quoted

__all__ = ["Ask", "ChatModel", "Meter", "ModelError", "Reply", "metering", "quoted"]
