"""Small networks as plain arrays say what scikit-learn says, and the same wherever a row stands."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from quality.network import Network, scaled, windows

SIZES = [700, 1, 1299]


@pytest.fixture(scope="module")
def rows():
    """Rows of three pages, some values missing, some far out."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(sum(SIZES), 6)).astype(np.float32) * 3 + 1
    rows[rng.random(rows.shape) < 0.1] = np.nan
    rows[::50, 2] = 1000
    return rows


@pytest.fixture(scope="module")
def fitted(rows):
    """Two fitted classifiers, their inputs, and the network made of them."""
    from sklearn.neural_network import MLPClassifier

    mean, spread = np.nanmean(rows, 0), np.nanstd(rows, 0)
    inputs = np.concatenate([part for _, part in windows(scaled(rows, mean, spread), SIZES, 2)])
    label = inputs[:, 12] + inputs[:, 6] > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = [
            MLPClassifier((16,), max_iter=5, random_state=seed).fit(inputs, label)
            for seed in (0, 1)
        ]
    return models, inputs, Network.from_sklearn(models, mean, spread)


def test_networks_say_what_sklearn_says(rows, fitted):
    """The mean of the log-odds of all, but for rounding to steps."""
    models, inputs, network = fitted
    chances = [model.predict_proba(inputs)[:, 1] for model in models]
    expected = np.mean([np.log(chance / (1 - chance)) for chance in chances], 0)
    assert np.abs(network.margins(rows, SIZES) - expected).max() < 0.02
    assert expected.std() > 0.5


def test_a_row_reads_the_same_alone_and_among_others(rows, fitted):
    """To the last bit: pages scored together, one by one, or in other numbers."""
    network = fitted[2]
    together = network.margins(rows, SIZES)
    ends = np.cumsum(SIZES)
    for end, size in zip(ends, SIZES, strict=True):
        alone = network.margins(rows[end - size : end], [size])
        assert (alone == together[end - size : end]).all()


def test_sums_are_whole_and_exact(rows, fitted):
    """Adding in another order changes nothing: all is whole, and far below 2 ** 53."""
    network = fitted[2]
    for weights in (network.inner, network.bias, network.outer):
        assert (weights == np.rint(weights)).all()
    worst = np.abs(network.inner).sum(0) * 640 + np.abs(network.bias)
    assert worst @ np.abs(network.outer) < 2**53
    mixed = np.random.default_rng(1).permutation(len(network.bias))
    other = Network(
        network.mean,
        network.spread,
        network.inner[:, mixed],
        network.bias[mixed],
        network.outer[mixed],
        network.start,
        network.unit,
    )
    assert (other.margins(rows, SIZES) == network.margins(rows, SIZES)).all()


def test_contributions_add_up_to_the_margin(rows, fitted):
    """What the columns add, with what the answering units add on their own, is the margin."""
    network, which = fitted[2], [0, 5, 699]
    page = rows[:700]
    own, around = network.contributions(page, which)
    assert own.shape == (3, 6)
    steps = np.rint(scaled(page, network.mean, network.spread) * 128.0)
    seen = np.concatenate([part for _, part in windows(steps, [700], 2)])[which]
    answers = seen @ network.inner + network.bias > 0
    alone = answers @ (network.outer * network.bias) * network.unit + network.start
    expected = network.margins(page, [700])[which]
    assert np.allclose(own.sum(1) + around + alone, expected, atol=1e-3)


def test_stored_networks_come_back_the_same(rows, fitted):
    """As small whole numbers."""
    network = fitted[2]
    arrays = network.arrays("clean")
    assert arrays["clean_inner"].dtype == np.int16
    again = Network.from_arrays(arrays, "clean")
    assert (again.margins(rows, SIZES) == network.margins(rows, SIZES)).all()
