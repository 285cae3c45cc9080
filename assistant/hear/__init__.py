"""From a voice to notes: recording → what the networks hear → sung notes → the motif that was meant."""

from __future__ import annotations

from assistant.hear.heard import Heard
from assistant.hear.listening import Listener, listen
from assistant.hear.settings import HearSettings
from assistant.hear.trackers import TRACKERS, check_ears

__all__ = ["TRACKERS", "HearSettings", "Heard", "Listener", "check_ears", "listen"]
