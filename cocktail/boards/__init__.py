"""From scores to figures that people quote: leaderboards, claims, strata, comparisons, and their statistics."""
