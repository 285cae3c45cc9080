"""The session, the jobs and the presets, to look at."""

from __future__ import annotations

from typing import Any

from assistant.presets import list_presets
from bridge.acts.variation import described, on_the_table
from bridge.app import App
from bridge.commands import JobNumber, Nothing, PresetKind


async def get(app: App, _: Nothing) -> dict[str, Any]:
    takes = on_the_table(app)
    return {
        **app.store.session.as_json(),
        "variations": [described(number, take) for number, take in takes.items()],
        "jobs": [job.as_json() for job in app.jobs.list()],
        "workers": app.jobs.workers,
        **(app.live.facts() if app.live else {}),
        **(app.recorder.facts() if app.recorder else {}),
        **app.details,
    }


async def jobs(app: App, _: Nothing) -> dict[str, Any]:
    return {"jobs": [job.as_json() for job in app.jobs.list()]}


async def cancel(app: App, asked: JobNumber) -> dict[str, Any]:
    return app.jobs.cancel(asked.job).as_json()


async def presets(app: App, asked: PresetKind) -> dict[str, Any]:
    return {
        "presets": [
            {"name": preset.name, "own": preset.own, "description": preset.description}
            for preset in list_presets(asked.kind)
        ]
    }
