"""Metrics: one definition each, with its identity card. One file a family; a metric is an entry of its METRICS."""
