"""A town of our own making, 云水县: three web sites on loopback with two months of talk, and a project that reads them."""
