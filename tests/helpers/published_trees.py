"""Small folders in the layouts of published corpora, made of short pieces of noise."""

import json
import shutil
from pathlib import Path

import numpy as np
import soundfile

FS = 16000
N_SAMPLES = 1600


def wave(path: Path, seed: int = 0, fs: int = FS, level: float = 0.1, add=None, **options) -> np.ndarray:
    """Write a tenth of a second of noise, to which `add` is added, as 16 bits; returns what can be read back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x = level * np.random.default_rng(seed).standard_normal(N_SAMPLES)
    x = x if add is None else x + add
    soundfile.write(path, x, fs, subtype="PCM_16", **options)
    return soundfile.read(path)[0]


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def librispeech(root):
    text(root / "LibriSpeech/SPEAKERS.TXT", "; ID |SEX| SUBSET\n84  | F | dev-clean\n61  | M | test-clean\n")
    for part, speaker in (("dev-clean", 84), ("test-clean", 61)):
        folder = root / f"LibriSpeech/{part}/{speaker}/12"
        names = [f"{speaker}-12-{i:04d}" for i in range(3)]
        text(folder / f"{speaker}-12.trans.txt", "".join(f"{name} GO DO YOU HEAR\n" for name in names))
        for i, name in enumerate(names):
            wave(folder / f"{name}.flac", i)


def musan(root):
    for part, source in (("noise", "free-sound"), ("music", "fma"), ("speech", "librivox")):
        for i in range(10):
            wave(root / f"musan/{part}/{source}/{part}-{source}-{i:04d}.wav", i)


def demand(root):
    for name in ("TBUS", "TCAR"):
        for microphone in range(1, 17):
            wave(root / f"{name}/ch{microphone:02d}.wav", microphone)


def esc50(root):
    names = [f"{fold}-100032-A-0.wav" for fold in range(1, 6)]
    lines = [f"{name},{name[0]},0,dog,True,100032,A\n" for name in names]
    text(root / "ESC-50-master/meta/esc50.csv", "filename,fold,target,category,esc10,src_file,take\n" + "".join(lines))
    for name in names:
        wave(root / "ESC-50-master/audio" / name, fs=44100)


def fsdd(root):
    for speaker in ("george", "jackson", "lucas", "nicolas", "theo", "yweweler"):
        for digit in range(10):
            for take in range(50):
                if digit < 2 and take < 2:
                    wave(root / f"recordings/{digit}_{speaker}_{take}.wav", take, fs=8000)
                else:
                    _copy(root / f"recordings/0_{speaker}_0.wav", root / f"recordings/{digit}_{speaker}_{take}.wav")


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def audiomnist(root):
    meta = {f"{number:02d}": {"gender": "female" if number == 12 else "male"} for number in range(1, 61)}
    text(root / "data/audioMNIST_meta.txt", json.dumps(meta))
    first = root / "data/01/0_01_0.wav"
    wave(first, fs=48000)
    for number in range(1, 61):
        for digit in range(10):
            for take in range(50):
                path = root / f"data/{number:02d}/{digit}_{number:02d}_{take}.wav"
                if path != first:
                    _copy(first, path)


def librimix(root):
    for part in ("train-100", "dev", "test"):
        names = {"train-100": "103-1-0001_26-2-0002", "dev": "84-1-0001_174-2-0002", "test": "61-1-0001_121-2-0002"}
        folder = root / f"Libri2Mix/wav16k/max/{part}"
        parts = [wave(folder / signal / f"{names[part]}.wav", i) for i, signal in enumerate(("s1", "s2", "noise"))]
        wave(folder / "mix_both" / f"{names[part]}.wav", level=0, add=sum(parts))


def wsj0(root):
    for part, speaker in (("si_tr_s", "01t"), ("si_dt_05", "050"), ("si_et_05", "440")):
        for i in range(2):
            wave(root / f"wsj0/{part}/{speaker}/{speaker}c020{i}.wav", i)
    dots = "the sale ~of the hotels\\, [loud_breath] is <part> (01tc0200)\n*New* York :is (01tc0201)\n"
    text(root / "wsj0/transcrp/dots/si_tr_s/01t/01tc0200.dot", dots)


def wsj0_2mix(root):
    for part, name in (("tr", "011a0101_1.9_401c020r_-1.9"), ("tt", "050a0501_0.4_440o030i_-0.4")):
        folder = root / f"2speakers/wav8k/min/{part}"
        parts = [wave(folder / f"s{k}" / f"{name}.wav", k, fs=8000) for k in (1, 2)]
        wave(folder / "mix" / f"{name}.wav", level=0, add=sum(parts), fs=8000)


def voicebank_demand(root):
    names = {"trainset_28spk": ["p226_001", "p227_002"], "testset": ["p232_001", "p232_002", "p257_001"]}
    for part, members in names.items():
        for i, name in enumerate(members):
            clean = wave(root / f"clean_{part}_wav/{name}.wav", i, fs=48000)
            wave(root / f"noisy_{part}_wav/{name}.wav", 9 + i, fs=48000, level=0.05, add=clean)
            text(root / f"{part}_txt/{name}.txt", "Please call Stella.\n")
        text(root / f"log_{part}.txt", "".join(f"{name} bus {2.5 + 5 * i}\n" for i, name in enumerate(members)))


def chime2(root):
    places = {"si_tr_s": "011", "si_dt_05": "050", "si_et_05": "440"}
    for part, speaker in places.items():
        for snr in ("m6dB", "9dB") if part != "si_tr_s" else ("",):
            path = Path(part, snr, speaker, f"{speaker}c0201.wav")
            clean = wave(root / "chime2-wsj0/scaled" / path)
            wave(root / "chime2-wsj0/isolated" / path, 1, add=clean)


def chime3(root):
    audio = root / "CHiME3/data/audio/16kHz"
    for part, speaker in (("tr05_bth", "F02"), ("dt05_bth", "M04"), ("et05_bth", "M05")):
        name = f"{speaker}_22GC010A_BTH"
        text(root / "CHiME3/data/transcriptions/dt05_real.dot_all", "THE sale [noise] *of* (F01_22GC010A_BUS)\n")
        for microphone in (1, 5):
            wave(audio / f"isolated/{part}/{name}.CH{microphone}.wav", microphone)
    wave(audio / "isolated/tr05_org/011c0201.wav")
    for i in range(10):
        wave(audio / f"backgrounds/BGD_150203_{i:03d}_{('BUS', 'CAF')[i % 2]}.CH5.wav", i)


chime4 = chime3


def grid(root):
    for number in range(1, 35):
        wave(root / f"audio_25k/s{number}/bbaf2n.wav", number, fs=25000)
    wave(root / "audio_25k/s1/swwz9a.wav", fs=25000)


def timit(root):
    for part, speaker in (("TRAIN", "FCJF0"), ("TEST", "MABW0")):
        for sentence in ("SA1", "SI648"):
            path = root / f"TIMIT/{part}/DR1/{speaker}/{sentence}.WAV"
            wave(path, format="NIST")
            text(path.with_suffix(".TXT"), "0 46797 She had your dark suit.\n")


def asvspoof2019(root):
    for part, end, speaker in (("train", "trn", "LA_0079"), ("dev", "trl", "LA_0069"), ("eval", "trl", "LA_0039")):
        names = [f"LA_{part[0].upper()}_{i}" for i in range(2)]
        for name in names:
            wave(root / f"LA/ASVspoof2019_LA_{part}/flac/{name}.flac")
        lines = f"{speaker} {names[0]} - - bonafide\n{speaker} {names[1]} - A01 spoof\n"
        text(root / f"LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.{part}.{end}.txt", lines)


def dns(root):
    wave(root / "datasets/clean/book_00000_chp_0009_reader_06709_0.wav")
    wave(root / "datasets/noise/door_1.wav")
    folder = root / "datasets/test_set/synthetic/no_reverb"
    for i in range(2):
        clean = wave(folder / f"clean/clean_fileid_{i}.wav", i)
        wave(folder / f"noisy/clnsp1_door_snr4_tl-19_fileid_{i}.wav", 9, add=clean)


def dicova(root):
    folder = root / "DiCOVA_Train_Val_Data_Release"
    statuses = {f"{letter}{letter}_cough": "pnnpnp"[i] for i, letter in enumerate("abcdef")}
    rows = [f"{name},{status},m,India" for name, status in statuses.items()]
    text(folder / "metadata.csv", "\n".join(["File_name,Covid_status,Gender,Nationality", *rows]) + "\n")
    for part, names in {"train": [*statuses][:5], "val": [*statuses][5:]}.items():
        text(folder / f"LISTS/{part}_fold_1.txt", "\n".join(names) + "\n")
        for name in names:
            wave(folder / f"AUDIO/{name}.flac", fs=44100)
