"""Events and flags: what moves among the posts, and why it is worth a look."""
