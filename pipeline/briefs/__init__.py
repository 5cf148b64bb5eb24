"""Briefs: the daily, weekly, monthly and topic papers, every figure with the question behind it."""
