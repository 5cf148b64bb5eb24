"""Dashboards to and from Kibana's saved objects (NDJSON), so that staff who know Kibana see and make the same."""
