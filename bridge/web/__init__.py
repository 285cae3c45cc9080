"""HTTP: every command as JSON, the OpenAPI document, and a websocket for changes and progress."""
