"""A real browser on a real server: what people do, seen as they see it."""
