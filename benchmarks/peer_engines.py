"""Guided gradients by other libraries; runs in their environment, not in the project's.

python peer_engines.py PEER TASK.npz RESULT.npz

The task holds the weights of VGG16 (`block1_conv1/kernel`, …), an image, the name of a layer
and channels; the result the guided gradient of each channel's sum, `[channel, height, width,
3]`, and the CPU seconds that each took, after a warm-up.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Task = dict[str, Any]
Differentiate = Callable[[list[int]], Any]
"""Channels → their gradients."""

BLOCKS = (2, 2, 3, 3, 3)
_BATCH = 16


def main() -> None:
    """Computes everything once, which is compared, then times a second time."""
    peer, task_file, result_file = sys.argv[1:]
    task = dict(np.load(task_file))
    differentiate = PEERS[peer](task)
    channels = [int(one) for one in task["channels"]]
    gradients = np.asarray(differentiate(channels), np.float32)
    seconds = np.nan
    if task["timed"]:
        start = time.process_time()
        differentiate(channels)
        seconds = (time.process_time() - start) / len(channels)
    np.savez(result_file, gradients=gradients, seconds=seconds)


def vgg16(task: Task) -> Any:
    """The Keras model with the weights of the task."""
    import keras

    model = keras.applications.VGG16(
        weights=None, include_top=False, input_shape=task["image"].shape[1:]
    )
    for layer in model.layers:
        if "conv" in layer.name:
            layer.set_weights([task[f"{layer.name}/kernel"], task[f"{layer.name}/bias"]])
    return model


def tf_keras_vis(task: Task) -> Differentiate:
    """https://github.com/keisen/tf-keras-vis, a filter per call, as its examples do."""
    import tensorflow as tf
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.model_modifiers import (
        ExtractIntermediateLayer,
        GuidedBackpropagation,
    )

    modifiers = [ExtractIntermediateLayer(str(task["layer"])), GuidedBackpropagation()]
    saliency = Saliency(vgg16(task), model_modifier=modifiers, clone=True)

    def one(channel: int) -> Any:
        return saliency(
            lambda output: tf.reduce_sum(output[..., channel]),
            task["image"],
            keepdims=True,
            gradient_modifier=None,
            normalize_map=False,
        )[0]

    return lambda channels: [one(channel) for channel in channels]


def xplique(task: Task) -> Differentiate:
    """https://github.com/deel-ai/xplique, in batches."""
    import keras
    import tensorflow as tf
    from xplique.attributions import GuidedBackprop

    def total(model: Any, images: Any, chosen: Any) -> Any:
        return tf.reduce_sum(model(images) * chosen[:, None, None, :], (1, 2, 3))

    model = vgg16(task)
    part = keras.Model(model.input, model.get_layer(str(task["layer"])).output)
    explainer = GuidedBackprop(part, batch_size=_BATCH, operator=total, reducer=None)

    def differentiate(channels: list[int]) -> Any:
        images = np.repeat(task["image"], len(channels), 0)
        chosen = np.eye(part.output.shape[-1], dtype=np.float32)[channels]
        return explainer.explain(images, chosen)

    return differentiate


def captum(task: Task) -> Differentiate:
    """https://github.com/meta-pytorch/captum on PyTorch, a filter per call."""
    import torch
    from captum.attr import GuidedBackprop
    from torch import nn

    class Totals(nn.Module):
        def forward(self, maps: Any) -> Any:
            return maps.sum((2, 3))

    parts: list[Any] = []
    for block, count in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            name = f"block{block}_conv{number}"
            kernel = task[f"{name}/kernel"]
            convolution = nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
            convolution.weight.data = torch.tensor(kernel.transpose(3, 2, 0, 1).copy())
            convolution.bias.data = torch.tensor(task[f"{name}/bias"])
            parts += [convolution, nn.ReLU()]
            if name == str(task["layer"]):
                return _captum(GuidedBackprop, torch, nn.Sequential(*parts, Totals()), task)
        parts.append(nn.MaxPool2d(2))
    raise ValueError(f"VGG16 has no layer {task['layer']}.")


def _captum(method: Any, torch: Any, model: Any, task: Task) -> Differentiate:
    explainer = method(model.eval())
    image = torch.tensor(task["image"].transpose(0, 3, 1, 2).copy())

    def one(channel: int) -> Any:
        gradient = explainer.attribute(image.clone().requires_grad_(), target=channel)
        return gradient[0].detach().numpy().transpose(1, 2, 0)

    return lambda channels: [one(channel) for channel in channels]


PEERS: dict[str, Callable[[Task], Differentiate]] = {
    "tf-keras-vis": tf_keras_vis,
    "xplique": xplique,
    "Captum": captum,
}


if __name__ == "__main__":
    main()
