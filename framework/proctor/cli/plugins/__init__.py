"""What `proctor plugins` says and does."""
