"""Records of scenes for tests that look at little of them."""

from cocktail.scenes.scene import Scene, Talker


def record(task="enhance", speakers=("s",), *, utterances=None, text=None, label=None) -> str:
    """The JSON record of a scene of these speakers at one microphone, without a room or noise."""
    said = utterances or [f"u-{speaker}" for speaker in speakers]
    scene = Scene(
        id="s",
        condition="c",
        split="test",
        index=0,
        seed=0,
        fs=16000,
        task=task,
        reference="image",
        n_samples=16000,
        lead_s=0.0,
        peak=0.5,
        array=((0.0, 0.0, 0.0),),
        talkers=tuple(Talker(u, s, None, text, 0.0, None) for s, u in zip(speakers, said, strict=True)),
        room=None,
        noise=None,
        label=label,
    )
    return scene.to_json()
