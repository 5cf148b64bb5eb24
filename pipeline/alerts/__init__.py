"""Alerts: what people are told, when, and that it reached them."""
