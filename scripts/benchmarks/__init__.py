"""What `scripts/bench` measures, an area a file; each yields its rows as they are known."""
