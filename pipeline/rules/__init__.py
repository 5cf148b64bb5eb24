"""Rules: posts in windows of time held against what people declared, and alerts made of what fits."""
