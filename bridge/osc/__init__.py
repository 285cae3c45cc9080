"""Open Sound Control: speaking to DAWs and being spoken to."""
