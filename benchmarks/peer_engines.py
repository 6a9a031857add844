"""Guided gradients by other libraries; runs in their environment, not in the project's.

python peer_engines.py PEER TASK.npz RESULT.npz

The task holds a network of `keras.applications` and its weights (`block1_conv1/0`, …), an
image, the name of a layer, channels, and the target: the sum of a feature map or its largest
value. The result holds the guided gradient of each channel, `[channel, height, width, 3]`,
and the CPU seconds that each took when all were computed a second time.
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
    start = time.process_time()
    differentiate(channels)
    seconds = (time.process_time() - start) / len(channels)
    np.savez(result_file, gradients=gradients, seconds=seconds)


def keras_model(task: Task) -> Any:
    """The Keras model with the weights of the task."""
    import keras

    model = getattr(keras.applications, str(task["network"]))(
        weights=None, include_top=False, input_shape=task["image"].shape[1:]
    )
    for layer in model.layers:
        weights = [task[f"{layer.name}/{index}"] for index in range(len(layer.weights))]
        layer.set_weights(weights)
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
    saliency = Saliency(keras_model(task), model_modifier=modifiers, clone=True)
    score = {"sum": tf.reduce_sum, "max": tf.reduce_max}[str(task["target"])]

    def one(channel: int) -> Any:
        return saliency(
            lambda output: score(output[..., channel]),
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

    def score(model: Any, images: Any, chosen: Any) -> Any:
        maps = model(images)
        if str(task["target"]) == "sum":
            return tf.reduce_sum(maps * chosen[:, None, None, :], (1, 2, 3))
        return tf.reduce_sum(tf.reduce_max(maps, (1, 2)) * chosen, 1)

    model = keras_model(task)
    part = keras.Model(model.input, model.get_layer(str(task["layer"])).output)
    explainer = GuidedBackprop(part, batch_size=_BATCH, operator=score, reducer=None)

    def differentiate(channels: list[int]) -> Any:
        images = np.repeat(task["image"], len(channels), 0)
        chosen = np.eye(part.output.shape[-1], dtype=np.float32)[channels]
        return explainer.explain(images, chosen)

    return differentiate


def captum(task: Task) -> Differentiate:
    """https://github.com/meta-pytorch/captum on PyTorch, a filter per call; VGG16 only."""
    import torch
    from captum.attr import GuidedBackprop
    from torch import nn

    class Scores(nn.Module):
        def forward(self, maps: Any) -> Any:
            planes = maps.flatten(2)
            return planes.sum(2) if str(task["target"]) == "sum" else planes.max(2).values

    parts: list[Any] = []
    for block, count in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            name = f"block{block}_conv{number}"
            kernel, bias = task[f"{name}/0"], task[f"{name}/1"]
            convolution = nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
            convolution.weight.data = torch.tensor(kernel.transpose(3, 2, 0, 1).copy())
            convolution.bias.data = torch.tensor(bias)
            parts += [convolution, nn.ReLU()]
            if name == str(task["layer"]):
                return _captum(GuidedBackprop, torch, nn.Sequential(*parts, Scores()), task)
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
