"""The Streamlit dashboard: pages that ask the query layer and show its answers."""
