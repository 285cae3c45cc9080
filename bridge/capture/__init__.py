"""Recording a hum: from a JACK or PortAudio input to a file that a crash cannot take away."""
