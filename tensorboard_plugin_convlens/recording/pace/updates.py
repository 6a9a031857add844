"""How many updates a training has made, with any optimizer."""

from __future__ import annotations

import keras


class UpdateCounter:
    """Counts the updates of a training.

    The model's own optimizer counts them, across trainings too. A model whose `train_step` has
    its own optimizers (such as those of the two halves of a GAN) leaves it at zero: then the
    batches count as updates.
    """

    def __init__(self) -> None:
        """Begins at no batch."""
        self._batches_of_past_epochs = 0
        self._batches = 0

    def end_batch(self, batch: int) -> None:
        """Notes the batch of an epoch that ended, counted from 0 as Keras does."""
        self._batches = self._batches_of_past_epochs + batch + 1

    def end_epoch(self) -> None:
        """The next batch is the first of another epoch."""
        self._batches_of_past_epochs = self._batches

    def count(self, model: keras.Model) -> int:
        """Updates made so far to a model that is being trained."""
        optimizer = model.optimizer
        if optimizer is None:
            return self._batches
        return int(keras.ops.convert_to_numpy(optimizer.iterations)) or self._batches
