"""What each metric and each paradigm means, in a line that takes no knowledge of the field."""

from cocktail.boards.cells import ATTACK, metric_of, scorer_of

MEANINGS = {
    "si_sdr": "How close the estimate is to the true speech, sample by sample, whatever its loudness.",
    "sdr": "How close the estimate is to the true speech, if a short filter may be undone first.",
    "sir": "How much quieter the other sounds are than the talker in the estimate.",
    "sar": "How much quieter what the method itself added, such as musical noise, is than the talker.",
    "pesq_wb": "How a listener would rate the quality, predicted; 1 is bad, 4.6 is as good as the original.",
    "pesq_nb": "How a listener on a telephone would rate the quality, predicted; 1 is bad, 4.5 the original.",
    "stoi": "How well a listener would understand the speech, predicted; 1 is as clear as the original.",
    "estoi": "How well a listener would understand it in noise that comes and goes, predicted; 1 is as the original.",
    "seg_snr": "How much quieter the error is than the speech, frame by frame, so that quiet sounds count, too.",
    "fwseg_snr": "How much quieter the error is than the speech, frame by frame, in bands as an ear hears them.",
    "llr": "How far the timbre of the estimate is from that of the true speech; 0 is the same.",
    "cd": "How far the spectral envelope of the estimate is from that of the true speech; 0 dB is the same.",
    "csig": "How a listener would rate the speech itself, noise left aside, predicted; 1 to 5.",
    "cbak": "How little the background would bother a listener, predicted; 5 is not at all.",
    "covl": "How a listener would rate the sound overall, predicted; 1 to 5.",
    "hit_fa": "How well the method finds the speech in time and frequency: hits less false alarms, in %.",
    "wer": "How many words of a hundred a speech recogniser gets wrong on the estimate.",
    "wer_ctc": "How many words of a hundred the project's own recogniser gets wrong on the estimate.",
    "wer_retrained": "How many words of a hundred it gets wrong once it has learnt from the method's estimates.",
    "si_sdr_pieces": "How close estimates are to the talkers of each piece, whichever stream they are heard in.",
    "swapped_pieces": "How many pieces of a hundred have talkers in streams that are others' in the scene.",
    "cpwer": "How many words of a hundred are wrong in a conversation, where each talker has one stream.",
    "orcwer": "How many words of a hundred are wrong in a conversation, in whatever stream each sentence is.",
    "eer_asv": "How often a speaker verifier errs on the estimates, at equal rates of both errors; 50 % is guessing.",
    "eer_cm": "How often genuine and spoofed speech are confused, at equal rates of both errors; 50 % is guessing.",
    "eer_asv_3": "How often a speaker verifier errs that knows three utterances of each speaker; 50 % is guessing.",
    "eer_asv_norm": "How often a speaker verifier errs whose scores are set against those of other speakers.",
    "min_dcf_asv": "What a speaker verifier's errors cost where one caller of twenty is who they say; 1 is of no use.",
    "min_dcf_cm": "What a spoof detector's errors cost if one recording of twenty is spoofed; 1 is of no use.",
    "actual_dcf_cm": "What a spoof detector's errors cost where its scores say by themselves which to accept.",
    "cllr_cm": "How far the detector's scores are from odds that one could bet on; 0 is perfect, 1 knows nothing.",
    "min_tdcf": "What the errors of verifier and spoof detector together cost; 1 is as bad as no detector.",
    "min_tdcf_2021": "What errors of verifier and spoof detector together cost, by the definition of 2021.",
    "a_dcf": "What verifier and spoof detector as one system cost by what they let pass and whom; 1 is of no use.",
    "t_eer": "How often the two together err, where owners, impostors and spoofs are misjudged at equal rates.",
    "spoof_acceptance": "How often a speaker verifier takes a spoof for the speaker whom it claims to be.",
    "auc": "How often what is looked for scores higher than the rest; 0.5 is guessing, 1 is perfect.",
    "cm_rejection": "How often genuine speech is taken for a spoof after the method has changed it.",
    "rtf": "Seconds of computing for a second of sound; below 1 it keeps up with a live stream on that machine.",
    "latency_ms": "How long the method must listen ahead before it can answer, however fast the machine.",
    "bit_rate": "What a coder sends along to tell the method about the talkers.",
    "peak_memory": "Working memory that the method takes.",
    "parameters": "How many numbers the method has learnt.",
}  # fmt: skip

PARADIGMS = {
    "learning-free": "Learns nothing.",
    "source-model": "Learns from speech alone and noise alone.",
    "annotated-source-model": "Learns from speech alone and noise alone, and is told who speaks, the words and labels.",
    "separation": "Learns from mixtures and the sounds that they are made of.",
    "annotated-separation": "Learns from mixtures and their sounds, and is told who speaks, and the words.",
    "mixture-only": "Learns from mixtures, without the sounds that they are made of.",
    "pretrained": "Was trained elsewhere, on whatever its makers had.",
    "oracle": "Sees the truth of the very scene: a bound, and no competitor.",
}
"""What the name of a training paradigm means."""
GUIDANCE = {
    "weakly guided": "Is told nothing by which it could tell the talkers of a scene apart.",
    "strongly guided": "Is told who or where the target is.",
    "informed": "Is told what was computed from the true sounds of the talkers.",
}
"""What the name of a test paradigm means."""

DRAWN = {
    "snr_db": ("SNR", "dB"),
    "t60_s": ("reverberation time", "s"),
    "distance_m": ("distance", "m"),
    "level_db": ("level", "dB"),
    "noise": ("noise", ""),
    "genders": ("genders", ""),
    "movement": ("movement", ""),
    "degradation": ("degradation", ""),
    "overlap": ("overlap", "%"),
    "speaker": ("speaker", ""),
}
"""What is drawn for a scene (columns of scenes.parquet) -> what it is called, and its unit."""


def drawn(name: str) -> str:
    """What a column of scenes.parquet is called, with its unit."""
    title, unit = DRAWN.get(name, (name, ""))
    return f"{title} in {unit}" if unit else title


def meaning(metric: str) -> str:
    """The line of a metric, of its improvement, of its part by attack or by scorer; empty where there is none."""
    text, attack = MEANINGS.get(metric_of(metric), ""), metric.partition(ATTACK)[2]
    if not text or metric_of(metric) == metric:
        return text
    if scorer := scorer_of(metric):
        return f"By {scorer}. {text}"
    return f"Against the attack {attack} alone. {text}" if attack else f"Gain over the unprocessed sound. {text}"
