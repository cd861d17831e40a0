"""Trains the float network of the Fashion-MNIST example and writes weights.safetensors.

Rerun (Python 3.11, about 5 minutes of one core; the example itself reads only weights.safetensors):

    apt-get install dataset-fashion-mnist
    pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0
    python examples/fashion_mnist/train.py

The network, in NHWC:

    pixels u8 [28, 28, 1]  ->  (pixel / 255 - kMean) / kStd
    conv 3x3, stride 1, padding 1, ReLU  ->  [28, 28, 32]
    max pool 2x2  ->  [14, 14, 32]
    flatten  ->  [6272], index (y * 14 + x) * 32 + c
    dense  ->  logits [10]

The padding is 0 after normalisation: the mean pixel, not black.

The file, all float32: conv.weight [32, 3, 3, 1] (OHWI), conv.bias [32], dense.weight [10, 6272], dense.bias [10]; its
metadata holds the normalisation and the test accuracy.

The hyperparameters were chosen by training on the first 50,000 training images and scoring the other 10,000; the test
images give only the accuracy at the end. Flips, shifts, more dropout and AdamW did no better.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

kMean, kStd = 0.2860, 0.3530
kEpochs, kBatch, kLearningRate, kWeightDecay, kDropout, kSeed = 30, 128, 0.05, 5e-4, 0.3, 1


def read_idx(path):
    """A gzipped IDX file of bytes: two zeros, type 0x08, rank, then rank big-endian u32 sizes, then the data."""
    data = gzip.decompress(path.read_bytes())
    if data[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an IDX file of bytes")
    shape = np.frombuffer(data, ">u4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def read_split(folder, name):
    """images float32 [N, 28, 28], normalised; labels int64 [N]."""
    images = read_idx(folder / f"{name}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{name}-labels-idx1-ubyte.gz")
    return ((images / 255 - kMean) / kStd).astype(np.float32), labels.astype(np.int64)


def train(images, labels):
    """Returns the tensors of the file."""
    torch.manual_seed(kSeed)
    torch.set_num_threads(1)
    images = torch.from_numpy(images)[:, None]  # NCHW with C = 1, which has the same bytes as NHWC.
    labels = torch.from_numpy(labels)

    conv = torch.nn.Conv2d(1, 32, 3, padding=1).to(memory_format=torch.channels_last)
    dense = torch.nn.Linear(14 * 14 * 32, 10)
    parameters = [*conv.parameters(), *dense.parameters()]
    sgd = torch.optim.SGD(parameters, kLearningRate, momentum=0.9, nesterov=True, weight_decay=kWeightDecay)
    batches = len(images) // kBatch
    # One cycle: 5 % of the steps warm up, then half a cosine to nearly 0.
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        sgd, kLearningRate, total_steps=kEpochs * batches, pct_start=0.05, cycle_momentum=False)

    for epoch in range(kEpochs):
        loss_sum = 0.0
        for batch in torch.randperm(len(images))[: batches * kBatch].split(kBatch):
            x = images[batch].contiguous(memory_format=torch.channels_last)
            x = F.max_pool2d(F.relu(conv(x)), 2).permute(0, 2, 3, 1).flatten(1)
            loss = F.cross_entropy(dense(F.dropout(x, kDropout)), labels[batch])
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            schedule.step()
            loss_sum += loss.item()
        print(f"epoch {epoch + 1}/{kEpochs}: training loss {loss_sum / batches:.4f}", flush=True)

    tensors = {"conv.weight": conv.weight.permute(0, 2, 3, 1), "conv.bias": conv.bias,
               "dense.weight": dense.weight, "dense.bias": dense.bias}
    return {name: np.ascontiguousarray(t.detach().numpy()) for name, t in tensors.items()}


def classify(tensors, images):
    """The network again, in numpy and straight from the file's layout: images [N, 28, 28] -> classes [N]."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    taps = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))  # [N, 28, 28, 3, 3]
    x = taps.reshape(-1, 28, 28, 9) @ tensors["conv.weight"].reshape(32, 9).T + tensors["conv.bias"]
    x = np.maximum(x, 0).reshape(-1, 14, 2, 14, 2, 32).max(axis=(2, 4))
    return np.argmax(x.reshape(-1, 14 * 14 * 32) @ tensors["dense.weight"].T + tensors["dense.bias"], axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("weights.safetensors"))
    flags = parser.parse_args()

    tensors = train(*read_split(flags.data, "train"))
    images, labels = read_split(flags.data, "t10k")
    right = sum((classify(tensors, x) == y).sum() for x, y in zip(np.split(images, 20), np.split(labels, 20)))
    accuracy = f"{right / len(images):.4f}"
    metadata = {"input_mean": str(kMean), "input_std": str(kStd), "test_accuracy": accuracy}
    save_file(tensors, flags.out, metadata)
    print(f"{flags.out}: test accuracy {accuracy}")


if __name__ == "__main__":
    main()
