"""From a voice to notes: recording → what the network hears → sung notes → the motif that was meant."""

from __future__ import annotations

from assistant.hear.heard import Heard
from assistant.hear.listening import TRACKERS, listen
from assistant.hear.network import Network, check
from assistant.hear.settings import HearSettings

__all__ = ["TRACKERS", "HearSettings", "Heard", "Network", "check", "listen"]
