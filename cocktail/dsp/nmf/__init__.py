"""Non-negative matrix factorisation: updates, models of sources, frames."""
