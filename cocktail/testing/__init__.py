"""The conformance suite: whether a method, or a metric, keeps the contract. Shipped for plugins of third parties."""
