"""Control surfaces: presets over the table of commands, one adapter for each family of protocols."""

from assistant import presets

FAMILIES = {
    "launchpad": "bridge.surfaces.launchpad:Launchpad",
    "mackie": "bridge.surfaces.mackie:Mackie",
    "generic": "bridge.surfaces.generic:Generic",
    "osc": "bridge.surfaces.osc:Osc",
}
"""Family of protocols → adapter (`bridge.surfaces.family.Family`). A new surface of a family is a preset file."""

CHECKS = {**presets.CHECKS, "surfaces": "bridge.surfaces.preset:load_surface_file"}
"""What reads a preset of each kind, surfaces included: they are checked against the table of commands."""
