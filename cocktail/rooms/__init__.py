"""Rooms: arrays, placement, impulse responses, noise fields, and what is measured of them.

Importing the package costs nothing; pyroomacoustics is imported by the function that asks for an impulse response.
"""
