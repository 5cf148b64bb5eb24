"""Settings, sources and words of the installation: what the operator decides, typed and checked.

Nothing in this room reads posts or talks to the network. Import from the modules: `config.settings`,
`config.sources`, `config.project`, `config.errors`, `config.text`.
"""
