"""Masks before they are applied: smoothing against its recursion, the mean with a gain, closed forms of the rest."""

import pytest
import torch

from cocktail.nets.mask_postprocessing import fused, postprocess, smoothed


def test_smoothing_is_its_recursion():
    mask, factor = torch.rand(2, 3, 40, dtype=torch.float64), 0.6
    expected = [mask[..., 0]]
    for t in range(1, 40):
        expected.append(factor * expected[-1] + (1 - factor) * mask[..., t])
    assert torch.allclose(smoothed(mask, factor), torch.stack(expected, -1), atol=2e-3)
    later = mask.clone()
    later[..., 20:] = 0
    assert torch.equal(smoothed(later, factor)[..., :20], smoothed(mask, factor)[..., :20])


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, [0.0, 0.3, 0.5, 0.8, 1.0]),
        ({"over_subtraction": 2.0}, [0.0, 0.0, 0.0, 0.6, 1.0]),
        ({"floor": 0.4}, [0.4, 0.4, 0.5, 0.8, 1.0]),
        ({"over_subtraction": 2.0, "floor": 0.1}, [0.1, 0.1, 0.1, 0.6, 1.0]),
        ({"binary": True}, [0.0, 0.0, 0.0, 1.0, 1.0]),
    ],
)
def test_masks_become(how, expected):
    mask = torch.tensor([[0.0, 0.3, 0.5, 0.8, 1.0]])
    assert postprocess(mask, **how)[0].tolist() == pytest.approx(expected)


def test_a_fused_mask_is_no_more_than_1():
    mask, gains = torch.tensor([0.25, 1.0, 0.0, 0.81]), torch.tensor([4.0, 9.0, 0.5, 0.01])
    torch.testing.assert_close(fused(mask, gains, 0.5), torch.tensor([0.5, 1.0, 0.0, 0.09]))
    torch.testing.assert_close(fused(mask, gains, 0.0), mask)
