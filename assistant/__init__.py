"""What the composer is helped with: hearing, variations, timbre, rendering, effects, the take library.

No sockets and no devices. Imports `midi`, never `bridge`.
"""
