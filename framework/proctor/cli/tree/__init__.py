"""What a tree of sessions tells: fed with events, it draws nothing."""
