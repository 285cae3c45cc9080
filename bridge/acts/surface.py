"""The control surfaces in use, to look at."""

from __future__ import annotations

from typing import Any

from bridge.app import App
from bridge.commands import Nothing, SurfaceNamed, SurfacePage


async def listed(app: App, _: Nothing) -> dict[str, Any]:
    return {"surfaces": app.surfaces.listed() if app.surfaces else []}


async def shown(app: App, asked: SurfaceNamed) -> dict[str, Any]:
    return app.need_surfaces().shown(asked.name)


async def page(app: App, asked: SurfacePage) -> dict[str, Any]:
    app.need_surfaces().open_page(asked.name, asked.page)
    return app.need_surfaces().shown(asked.name)
