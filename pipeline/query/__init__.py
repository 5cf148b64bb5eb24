"""The query model: the language people type, its tree, and the questions all rooms ask."""
