"""Rooms: arrays, placement, impulse responses and noise fields.

Importing the package costs nothing; pyroomacoustics is imported by the function that asks for an impulse response.
"""
