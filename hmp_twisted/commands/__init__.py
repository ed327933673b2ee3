"""The guide's 21 commands: declared once, bound to typed parameters, answered in its words."""
