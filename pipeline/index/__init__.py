"""The search index: one interface (`pipeline.index.engine`), one module an engine."""
