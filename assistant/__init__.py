"""What the composer is helped with: hearing, variations, timbre, rendering, effects, the take library.

No sockets and no devices. Imports `midi`, never `bridge`.
"""

import os

# The released onnxruntime reports to its maker (what ran, in which folder, on which machine) unless this is set before
# it is imported. Any part here may be the first to import it, also through a package of others.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
