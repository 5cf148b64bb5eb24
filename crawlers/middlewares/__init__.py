"""What stands between the spider and the network: the address guard, robots.txt, pace and retries, redirects, the meter."""
