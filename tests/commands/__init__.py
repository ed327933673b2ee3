"""The commands: declarations, forms, dispatch, the guide's words."""
