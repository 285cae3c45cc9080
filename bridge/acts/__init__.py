"""What commands do: an `async def (app, arguments) -> dict` for each, named in `bridge.commands`."""
