"""Panels of dashboards: what each asks of the query layer, and its figures."""
