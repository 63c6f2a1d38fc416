"""Plugins: finding, checking and making methods, what they return, and the folders of their trained models."""
