"""A real PostgreSQL of one's own on this machine, from the system's package: for development, tests and small trials.

An office that relies on PostgreSQL lets the system's service run it, with passwords and backups (docs/how-to/postgres.md).
"""
