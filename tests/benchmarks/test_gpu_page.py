"""The page of the benchmark on a GPU says what a run measured, what failed, and where there is no run yet."""

from pages import gpu

FIGURES = {
    "device": "NVIDIA H100", "cores": 16, "torch": "2.13", "cuda": "13.0", "commit": "abc123", "finished": False,
    "started": "2026-11-28T01:00:00+00:00", "stopped": "after 470 s",
    "parts": {
        "training": {
            "pit": {
                "parameters": 1234567, "batch": 32, "steps_per_s": 12.34, "utilisation_percent": 87.6,
                "peak_memory_mb": 4567.8, "loss_falls": True, "repeatable": False,
            },
            "nmf-sparse": {"seconds_on_cpu": 3.0},
            "ctc": {"error": "RuntimeError: no"},
        },
        "agreement": {
            "pit": {"difference": 0.07, "unit": "dB of SI-SDR", "limit": 0.05, "agrees": False},
            "ctc": {"skipped": "no time left"},
        },
        "ratios": {"nmf": {"ratio": 41.26, "core_s": 4.1, "gpu_s": 0.1}},
        "separation": {
            "entry": "dpcl", "condition": "two-talkers", "bar_db": 8.0, "seconds": 201.4, "scenes": 24, "gain_db": 8.34,
            "reached": True, "history": {"long/train_loss": [[1, 0.5]], "long/valid_loss": [[1, 0.6], [2, 0.45]]},
        },
    },
}  # fmt: skip


def test_without_a_run_the_page_says_so():
    assert list(gpu.shown(None)) == [gpu.NONE_YET]
    (text,) = gpu.pages().values()
    assert text.startswith("# Benchmark on a GPU") and "## Figures" in text


def test_figures_failures_and_the_commit_are_shown():
    text = "\n".join(gpu.shown(FIGURES))
    assert "NVIDIA H100, 16 cores, torch 2.13, CUDA 13.0; commit `abc123`, 2026-11-28." in text
    assert "The run was cut after 470 s." in text
    assert "| `pit` | 1,234,567 | 32 | 12.3 | 88 % | 4,568 | yes | **no** |" in text
    assert "| `nmf-sparse` | trained on the CPU |" in text and "| `ctc` | RuntimeError: no |" in text
    assert "| `pit` | 0.07 dB of SI-SDR | 0.05 | **no** |" in text and "| `ctc` | no time left |" in text
    assert "| `nmf` | 41.3 |" in text
    assert "after 201 s: +8.3 dB. The bar of +8 dB is reached." in text
    assert "stage `long`: 0.6 (epoch 1), 0.45 (epoch 2)." in text and "train" not in text.split("### Separation")[1]
