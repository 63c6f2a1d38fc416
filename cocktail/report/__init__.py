"""What people look at: the board in the terminal, and the page."""
