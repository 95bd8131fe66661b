"""How objects reach their destinations: a thread for each, at its own pace."""
