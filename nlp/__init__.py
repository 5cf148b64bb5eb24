"""Chinese text in, annotation out: a library without network, store or clock; I/O only to load its model and dictionaries."""
