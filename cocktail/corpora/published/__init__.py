"""Published corpora: a module each, which reads the layout that the publisher ships."""
