"""What the dashboard asks and does, each verb refused to whom it is not granted: pages hold no right of their own."""
