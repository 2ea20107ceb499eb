"""What `proctor sessions` says and does."""
