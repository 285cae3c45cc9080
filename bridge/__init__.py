"""Every socket, device, clock and long-lived process, and the command line."""
