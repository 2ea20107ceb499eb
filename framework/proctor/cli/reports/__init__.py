"""What came of a run, as a page on the terminal and as files."""
