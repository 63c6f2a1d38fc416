"""Networks whose weights are kept in 8 bits: a quarter of the memory, on disk and between calls.

Rows of a matrix have a scale each, so that the largest weight of a row is 127: the symmetric, per-channel scheme of
R. Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference: a whitepaper", arXiv 1806.08342,
2018. A layer's weights become floats again while it computes; arithmetic and activations stay in 32 bits.
"""

import copy

import torch
from torch import nn

LAYERS = (nn.Linear, nn.Conv1d, nn.LSTM)
MOST = 127


class Int8(nn.Module):
    """A layer with its matrices in 8 bits; biases stay floats. It tells its sizes as the layer did."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        for name in set(layer.__constants__) - dict(layer.named_parameters()).keys():
            setattr(self, name, getattr(layer, name))
        for name, weight in layer.named_parameters():
            if weight.ndim > 1:
                scale = (weight.detach().flatten(1).abs().amax(1) / MOST).clamp_min(torch.finfo(weight.dtype).tiny)
                self.register_buffer(_scale(name), scale)
                rounded = (weight.detach() / _column(scale, weight)).round().to(torch.int8)
                self.register_parameter(name, nn.Parameter(rounded, requires_grad=False))
            else:
                self.register_parameter(name, nn.Parameter(weight.detach().clone(), requires_grad=False))
        self._bare = (copy.deepcopy(layer).to("meta"),)  # in a tuple: it is none of the parts that are saved

    def forward(self, *inputs):
        """What the layer makes of its inputs."""
        layer = copy.deepcopy(self._bare[0])
        layer.load_state_dict({name: self._float(name) for name in layer.state_dict()}, assign=True)
        return layer(*inputs)

    def _float(self, name):
        weight = getattr(self, name)
        return weight * _column(getattr(self, _scale(name)), weight) if weight.dtype == torch.int8 else weight


def quantise(network: nn.Module) -> nn.Module:
    """Exchange the layers of a network for such ones, in place."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, LAYERS):
                setattr(module, name, Int8(child))
    return network


def _scale(name):
    return f"{name}_scale"


def _column(scale, weight):
    return scale.reshape(-1, *[1] * (weight.ndim - 1))
