"""From estimates to rows of scores."""
