"""PyTorch as a peer: times one piece of dense work and prints one JSON line.

    python3 bench/peers/pytorch.py environment
    python3 bench/peers/pytorch.py mlp-step
    python3 bench/peers/pytorch.py linear SIZE BATCH
    python3 bench/peers/pytorch.py conv CHANNELS SIZE BATCH [--channels-last]
    python3 bench/peers/pytorch.py resnet [--channels-last]

Options: --threads N (default 2), --seconds S (time for each figure, default 4).

The peer is PyTorch 2.6 of Debian 13: apt-get install python3-torch libopenblas0-openmp.
PyTorch calls libblas.so.3 for every dense product, and the reference BLAS that the
package brings along by itself is tens of times slower than OpenBLAS. The openmp variant
shares PyTorch's threads; those of the pthread variant get in their way. "blas" in the
output names the libraries that this process has really loaded.
"""

import argparse
import json
import math
import os
import re
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

MLP_SIZES = (784, 200, 80, 10)
MLP_BATCH = 128
MLP_IMAGES = 57_000
MLP_STEPS_PER_EPOCH = math.ceil(MLP_IMAGES / MLP_BATCH)


def now_ms():
    return time.perf_counter() * 1e3


def median_ms(work, seconds, warmup=3, least=5):
    """Median time of work() over `seconds`, at least `least` runs."""
    for _ in range(warmup):
        work()
    times = []
    end = now_ms() + seconds * 1e3
    while len(times) < least or now_ms() < end:
        start = now_ms()
        work()
        times.append(now_ms() - start)
    return statistics.median(times), len(times)


def gflops(operations, ms):
    return round(operations / ms / 1e6, 1)


class L1:
    """J(x) = strength * |x|_1; strength 0 leaves x alone."""

    def __init__(self, strength):
        self.strength = strength

    def subgradient(self, x):
        return self.strength * torch.sign(x)

    def prox(self, x, delta):
        if self.strength == 0:
            return x
        return torch.sign(x) * torch.clamp(torch.abs(x) - delta * self.strength, min=0)


class LinBreg:
    """Linearized Bregman steps, with the tensor operations of the published optimizer."""

    def __init__(self, groups, lr, delta=1.0):
        self.lr, self.delta = lr, delta
        self.entries = [
            (p, penalty, p.data / delta + penalty.subgradient(p.data))
            for parameters, penalty in groups
            for p in parameters
        ]

    def zero_grad(self):
        for p, _, _ in self.entries:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for p, penalty, v in self.entries:
            v.add_(-self.lr * p.grad)
            p.data = penalty.prox(self.delta * v, self.delta)


def make_mlp():
    """The paper's MLP at its start: 1 % of the entries, He-normal times 0.7 / sqrt(0.01)."""
    layers = []
    for inputs, outputs in zip(MLP_SIZES, MLP_SIZES[1:]):
        layer = nn.Linear(inputs, outputs)
        keep = torch.rand_like(layer.weight) < 0.01
        values = torch.randn_like(layer.weight) * math.sqrt(2 / inputs) * 0.7 / math.sqrt(0.01)
        layer.weight.data = values * keep
        layer.bias.data = torch.rand(outputs) / math.sqrt(inputs)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def time_mlp(args):
    images = torch.randint(0, 256, (MLP_IMAGES, MLP_SIZES[0])).float()
    images = images.div_(255).sub_(0.1307).div_(0.3081)
    labels = torch.randint(0, MLP_SIZES[-1], (MLP_IMAGES,))
    model = make_mlp()
    linears = [layer for layer in model if isinstance(layer, nn.Linear)]
    optimizer = LinBreg(
        [([m.weight for m in linears], L1(0.1)), ([m.bias for m in linears], L1(0.0))], lr=0.1
    )
    phases = ("batch", "forward", "backward", "optimizer", "metrics")
    rows = []

    def epoch(end):
        order = torch.randperm(MLP_IMAGES)
        for i in range(0, MLP_IMAGES - MLP_BATCH + 1, MLP_BATCH):
            t = [now_ms()]
            index = order[i : i + MLP_BATCH]
            x, y = images[index], labels[index]
            t.append(now_ms())
            logits = model(x)
            loss = F.cross_entropy(logits, y)
            t.append(now_ms())
            optimizer.zero_grad()
            loss.backward()
            t.append(now_ms())
            optimizer.step()
            t.append(now_ms())
            loss.item()
            (logits.argmax(1) == y).sum().item()
            t.append(now_ms())
            rows.append([after - before for before, after in zip(t, t[1:])])
            if t[-1] >= end:
                return

    epoch(now_ms() + 300)
    rows.clear()
    end = now_ms() + args.seconds * 1e3
    while now_ms() < end:
        epoch(end)
    step = statistics.median(sum(row) for row in rows)
    split = {name: statistics.median(column) for name, column in zip(phases, zip(*rows))}
    return {
        "batch": MLP_BATCH,
        "steps": len(rows),
        "step_ms": round(step, 3),
        "split_ms": {name: round(ms, 3) for name, ms in split.items()},
        "epoch_s": round(step * MLP_STEPS_PER_EPOCH / 1e3, 2),
    }


def time_layer(layer, x, operations, seconds):
    """Forward alone, then forward with the gradients of input, weight and bias."""
    x.requires_grad_(True)
    inputs = [x, *layer.parameters()]
    with torch.no_grad():
        seed = torch.randn_like(layer(x))
        forward, forward_runs = median_ms(lambda: layer(x), seconds)
    both, both_runs = median_ms(lambda: torch.autograd.grad(layer(x), inputs, seed), seconds)
    return {
        "forward_ms": round(forward, 3),
        "forward_gflops": gflops(operations, forward),
        "forward_backward_ms": round(both, 3),
        "forward_backward_gflops": gflops(3 * operations, both),
        "runs": [forward_runs, both_runs],
    }


def time_linear(args):
    size, batch = args.size, args.batch
    figures = time_layer(
        nn.Linear(size, size), torch.randn(batch, size), 2 * size * size * batch, args.seconds
    )
    return {"size": size, "batch": batch, **figures}


def layout_of(args):
    return torch.channels_last if args.channels_last else torch.contiguous_format


def time_conv(args):
    channels, size, batch = args.channels, args.size, args.batch
    layout = layout_of(args)
    figures = time_layer(
        nn.Conv2d(channels, channels, 3, padding=1).to(memory_format=layout),
        torch.randn(batch, channels, size, size).contiguous(memory_format=layout),
        2 * 9 * channels * channels * size * size * batch,
        args.seconds,
    )
    return {"channels": channels, "size": size, "batch": batch, **figures}


class Block(nn.Module):
    """Two 3x3 convolutions and a skip connection, projected where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.skip = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.skip = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.skip(x))


def make_resnet18():
    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    inputs = 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(inputs, outputs, stride), Block(outputs, outputs, 1)]
        inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class AdaBreg:
    """Adam's moments drive v; theta is the prox of v over kernels, as the published optimizer does it."""

    def __init__(self, parameters, lr, strength, betas=(0.9, 0.999), epsilon=1e-8):
        self.lr, self.strength, self.betas, self.epsilon = lr, strength, betas, epsilon
        self.steps = 0
        self.entries = [
            (p, p.data.clone(), torch.zeros_like(p), torch.zeros_like(p)) for p in parameters
        ]

    @torch.no_grad()
    def step(self):
        self.steps += 1
        beta1, beta2 = self.betas
        for p, v, m, s in self.entries:
            m.mul_(beta1).add_(p.grad, alpha=1 - beta1)
            s.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
            root = (s.sqrt() / math.sqrt(1 - beta2**self.steps)).add_(self.epsilon)
            v.addcdiv_(m, root, value=-self.lr / (1 - beta1**self.steps))
            p.data = self.prox(v) if p.dim() == 4 else v.clone()
            p.grad = None

    def prox(self, v):
        kernels = v.flatten(2)
        norms = kernels.norm(dim=2, keepdim=True)
        threshold = self.strength * math.sqrt(kernels.shape[2])
        return (kernels * torch.clamp(1 - threshold / norms, min=0)).view_as(v)


def time_resnet(args):
    batch = 128
    layout = layout_of(args)
    model = make_resnet18().to(memory_format=layout)
    optimizer = AdaBreg(list(model.parameters()), lr=1e-7, strength=1e-4)
    x = torch.rand(batch, 3, 32, 32).contiguous(memory_format=layout)
    y = torch.randint(0, 10, (batch,))
    rows = []

    def step():
        t = [now_ms()]
        loss = F.cross_entropy(model(x), y)
        t.append(now_ms())
        loss.backward()
        t.append(now_ms())
        optimizer.step()
        t.append(now_ms())
        rows.append([after - before for before, after in zip(t, t[1:])])

    step_ms, runs = median_ms(step, args.seconds, warmup=1, least=3)
    names = ("forward", "backward", "optimizer")
    split = {name: round(statistics.median(column)) for name, column in zip(names, zip(*rows[1:]))}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "batch": batch,
        "steps": runs,
        "step_ms": round(step_ms),
        "split_ms": split,
        "peak_mebibytes": round(peak),
    }


def loaded_libraries():
    """Files of the BLAS-like libraries mapped into this process."""
    pattern = re.compile(r"(blas|blis|mkl|dnnl|atlas)[^/]*\.so", re.IGNORECASE)
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            files = {line.split(maxsplit=5)[-1].strip() for line in maps if "/" in line}
    except OSError:
        return []
    return sorted(f for f in files if pattern.search(os.path.basename(f)))


def environment():
    config, parallel = torch.__config__.show(), torch.__config__.parallel_info()

    def find(pattern, text):
        match = re.search(pattern, text)
        return match.group(1).strip() if match else None

    return {
        "torch": torch.__version__,
        "python": sys.version.split()[0],
        "threads": torch.get_num_threads(),
        "backend": find(r"ATen parallel backend: (.*)", parallel),
        "blas_info": find(r"BLAS_INFO=(\w+)", config),
        "blas": loaded_libraries(),
        "onednn": find(r"MKL-DNN (v\S+)", config) if torch.backends.mkldnn.is_available() else None,
        "capability": find(r"CPU capability usage: (\S+)", config),
    }


def main():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--threads", type=int, default=2)
    common.add_argument("--seconds", type=float, default=4.0, help="time for each figure")
    parser = argparse.ArgumentParser(description="Time PyTorch on one task; print one JSON line.")
    images = argparse.ArgumentParser(add_help=False)
    images.add_argument("--channels-last", action="store_true", help="instead of NCHW")
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("environment", parents=[common]).set_defaults(run=lambda args: {})
    tasks.add_parser("mlp-step", parents=[common]).set_defaults(run=time_mlp)
    linear = tasks.add_parser("linear", parents=[common])
    linear.add_argument("size", type=int)
    linear.add_argument("batch", type=int)
    linear.set_defaults(run=time_linear)
    conv = tasks.add_parser("conv", parents=[common, images])
    conv.add_argument("channels", type=int)
    conv.add_argument("size", type=int)
    conv.add_argument("batch", type=int)
    conv.set_defaults(run=time_conv)
    tasks.add_parser("resnet", parents=[common, images]).set_defaults(run=time_resnet)
    args = parser.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    result = args.run(args)
    print(json.dumps({"peer": "pytorch", "task": args.task, **result, **environment()}))


if __name__ == "__main__":
    main()
