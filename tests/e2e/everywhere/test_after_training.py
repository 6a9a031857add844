"""The model that a training left, where others set its weights when it ended."""

from __future__ import annotations

from pathlib import Path

import keras
from playwright.sync_api import expect

from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
from tests.tensorboard_process import running_tensorboard
from tests.training.training import IMAGES, build_model, fit


class HalfWeights(keras.callbacks.Callback):
    """Sets the weights when training ends, as EarlyStopping may."""

    def on_train_end(self, logs=None):
        self.model.set_weights([one * 0.5 for one in self.model.get_weights()])


def test_its_step_is_called_after_training_and_says_whose_weights_it_has(
    open_tab, tmp_path: Path
):
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:1]), HalfWeights(), epochs=2)
    with running_tensorboard(tmp_path, with_tensorflow=False) as server:
        tab = open_tab(server=server, run="train")
        tab.wait_until_painted()
        control = tab.frame.get_by_role("group", name="Step")
        expect(control).to_contain_text("3 after training")
        tab.inspector.get_by_role("tab", name="Layer").click()
        card = tab.inspector.get_by_role("tabpanel", name="Layer")
        for _ in tab.in_both_themes():
            expect(card).to_contain_text("other weights than after its last update")
        control.get_by_role("button", name="Previous step").click()
        expect(control).not_to_contain_text("after training")
