"""The wordings of single pages, Chinese and English side by side; `dashboard.texts` holds what several share."""
