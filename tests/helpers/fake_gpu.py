"""A GPU that is none: tensors that are sent to `cuda` stay in memory and are marked, and mixing them up is an error.

Under this mode, code that computes on `cuda` runs on any machine, gives the CPU's numbers, and raises where a real GPU
would: operands on two devices, NumPy asked for a tensor that is on the GPU, lengths of packed sequences there. What
autograd and optimisers do inside is not looked at.
"""

import torch
from torch.overrides import TorchFunctionMode

CUDA = torch.device("cuda", 0)
MIXING = ("copy_", "__setitem__", "_has_compatible_shallow_copy_type")
"""Functions whose operands may lie on different devices."""
ON_CPU = {"_pack_padded_sequence": 1, "_pad_packed_sequence": 1}
"""Function -> which of its arguments, and of its results, lies on the CPU whatever the device."""


def on_gpu(x) -> bool:
    """Whether a tensor was sent to the GPU."""
    return getattr(x, "_on_fake_gpu", False)


def _marked(x, yes=True):
    """Mark a tensor, or all tensors of a collection."""
    if isinstance(x, torch.Tensor):
        x._on_fake_gpu = yes
    elif isinstance(x, list | tuple):
        for part in x:
            _marked(part, yes)
    elif isinstance(x, dict):
        for part in x.values():
            _marked(part, yes)
    return x


def _tensors(x):
    if isinstance(x, torch.Tensor):
        yield x
    elif isinstance(x, list | tuple):
        for part in x:
            yield from _tensors(part)
    elif isinstance(x, dict):
        for part in x.values():
            yield from _tensors(part)


class FakeGpu(TorchFunctionMode):
    """In the block, there is a device `cuda`."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name == "__get__":
            return self._get(func, args)
        if name == "__set__":
            func(*args)
            if func.__self__.__name__ == "data":
                _marked(args[0], on_gpu(args[1]))
            return None
        if name in ("to", "cpu", "cuda"):
            return self._to(name, *args, **kwargs)
        if name in ("numpy", "__array__", "from_dlpack") and on_gpu(args[0]):
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first")
        if kwargs.get("device") is not None:
            return self._made(func, args, kwargs)
        return self._computed(func, name, args, kwargs)

    def _get(self, func, args):
        quantity = func.__self__.__name__
        if on_gpu(args[0]) and quantity in ("device", "is_cuda", "is_cpu"):
            return {"device": CUDA, "is_cuda": True, "is_cpu": False}[quantity]
        found = func(*args)
        return _marked(found) if on_gpu(args[0]) and isinstance(found, torch.Tensor) else found

    def _to(self, name, x, *args, **kwargs):
        if args and isinstance(args[0], torch.Tensor):
            yes, found = on_gpu(args[0]), x.to(args[0].dtype)
        elif name != "to":
            yes, found = name == "cuda", x
        else:
            copy = kwargs.pop("copy", False)
            device, dtype, *_ = torch._C._nn._parse_to(*args, **kwargs)
            yes = on_gpu(x) if device is None else device.type == "cuda"
            found = x.to(dtype=dtype or x.dtype, copy=copy)
        return x if found is x and yes == on_gpu(x) else _marked(found.clone() if found is x else found, yes)

    def _made(self, func, args, kwargs):
        yes = torch.device(kwargs["device"]).type == "cuda"
        found = func(*args, **(kwargs | {"device": "cpu"}))
        if args and found is args[0] and yes != on_gpu(found):
            found = found.clone()
        return _marked(found, yes)

    def _computed(self, func, name, args, kwargs):
        kept = ON_CPU.get(name)
        if name == "lstm" and len(args) > 1 and isinstance(args[1], torch.Tensor):  # of packed sequences
            kept = 1
        if kept is not None and on_gpu(args[kept]):
            raise RuntimeError(f"{name}: lengths must be on the CPU")
        given = [x for i, x in enumerate(args) if i != kept]
        if name == "__getitem__" and on_gpu(args[0]):
            given = args[:1]  # an index may lie on the CPU
        there = [on_gpu(x) for x in _tensors([given, kwargs]) if x.dim() or on_gpu(x)]
        if any(there) and not all(there) and name not in MIXING:
            raise RuntimeError(f"{name}: expected all tensors to be on the same device, found cuda:0 and cpu")
        found = func(*args, **kwargs)
        if name == "__iter__":
            found = list(found)
        if any(there) and not (name in MIXING and not on_gpu(args[0])):
            _marked(found)
            if kept is not None and name in ON_CPU:
                _marked(found[kept], False)
        return iter(found) if name == "__iter__" else found
