"""A program that is none of the project's: its estimates of a blind export are what microphone 1 heard.

python tests/helpers/other_program.py FOLDER
"""

import sys
from pathlib import Path

import soundfile

for mixture in Path(sys.argv[1]).glob("*/*/mixture.wav"):
    samples, fs = soundfile.read(mixture, always_2d=True)
    soundfile.write(mixture.parent.with_name(f"{mixture.parent.name}_1.wav"), samples[:, 0], fs)
