"""What `proctor doctor` looks at."""
