"""Speed of the parts, each beside a well-known peer in the same run: `make bench`."""
