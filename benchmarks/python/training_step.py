"""The speed of a training step of EFRNet in PyTorch on the CPU, for comparison with the Java learners.

    python training_step.py [--batch 10] [--size 480x360] [--threads 2] [--precision fp32|bf16]
                            [--slopes learn|frozen] [--rounds 10]

Prints one line: the median and the best step in milliseconds and pictures a second. The network is
the one that docs/reconstruction.md describes; nothing of the product depends on this file.
"""

import argparse
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 11
LEARN_SLOPES = True


def act(kind):
    if kind == "relu":
        return nn.ReLU(inplace=True)
    return nn.PReLU(1) if LEARN_SLOPES else nn.LeakyReLU(0.25, inplace=True)


def norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-3)


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn = norm(channels)

    def forward(self, x):
        return x + x * torch.sigmoid(self.bn(self.conv(x.mean((2, 3), keepdim=True))))


class Block(nn.Module):
    def __init__(self, channels, middle, dropout, kind="prelu", refined=False):
        super().__init__()
        i = channels // 4
        layers = [nn.Conv2d(channels, i, 1, bias=False), norm(i), act(kind)]
        if middle == "asym":
            layers += [nn.Conv2d(i, i, (5, 1), padding=(2, 0), bias=False), norm(i), act(kind)]
            layers += [nn.Conv2d(i, i, (1, 5), padding=(0, 2), bias=False), norm(i), act(kind)]
        else:
            layers += [nn.Conv2d(i, i, 3, padding=middle, dilation=middle, bias=False), norm(i), act(kind)]
        if refined:
            layers.append(Attention(i))
        layers += [nn.Conv2d(i, channels, 1, bias=False), norm(channels), act(kind), nn.Dropout2d(dropout)]
        self.path = nn.Sequential(*layers)
        self.act = act(kind)

    def forward(self, x):
        return self.act(x + self.path(x))


class Down(nn.Module):
    def __init__(self, cin, cout, dropout):
        super().__init__()
        i = cin // 4
        self.path = nn.Sequential(
            nn.Conv2d(cin, i, 2, 2, bias=False), norm(i), act("prelu"),
            nn.Conv2d(i, i, 3, padding=1, bias=False), norm(i), act("prelu"),
            nn.Conv2d(i, cout, 1, bias=False), norm(cout), act("prelu"), nn.Dropout2d(dropout))
        self.act = act("prelu")
        self.more = cout - cin

    def forward(self, x):
        pooled = F.pad(F.max_pool2d(x, 2), (0, 0, 0, 0, 0, self.more))
        return self.act(pooled + self.path(x))


class Fusion(nn.Module):
    def __init__(self, cin, cout, dilation):
        super().__init__()

        def stream():
            d = dilation
            return nn.Sequential(
                nn.Conv2d(cin, cout, 1, bias=False), norm(cout), act("prelu"),
                nn.Conv2d(cout, cout, (3, 1), padding=(d, 0), dilation=(d, 1), bias=False), norm(cout), act("prelu"),
                nn.Conv2d(cout, cout, (1, 3), padding=(0, d), dilation=(1, d), bias=False), norm(cout), act("prelu"),
                nn.Conv2d(cout, 2 * cout, 1, bias=False), norm(2 * cout))

        self.low, self.high = stream(), stream()
        self.fuse = nn.Conv2d(4 * cout, cout, 1, bias=False)
        self.rest = nn.Sequential(
            norm(cout), act("prelu"),
            nn.Conv2d(cout, cout, 3, padding=2, dilation=2, bias=False), norm(cout), act("prelu"))

    def forward(self, low, high, like):
        joined = torch.cat([self.low(low), self.high(high)], 1)
        # The exact rewrite that the Java learners make too: 1x1 before the resize.
        mixed = F.interpolate(self.fuse(joined), like.shape[2:], mode="bilinear", align_corners=False)
        return self.rest(mixed)


class EfrNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 13, 3, 2, 1, bias=False)
        self.first_rest = nn.Sequential(norm(16), act("prelu"))
        self.down1 = Down(16, 64, 0.01)
        self.stage1 = nn.Sequential(*[Block(64, 1, 0.01) for _ in range(4)])
        self.down2 = Down(64, 128, 0.1)
        kinds = [1, 2, "asym", 4, 1, 8, "asym", 16]
        self.stage2 = nn.Sequential(*[Block(128, k, 0.1, refined=True) for k in kinds])
        self.stage3 = nn.Sequential(*[Block(128, k, 0.1) for k in kinds])
        self.ffm2 = Fusion(128, 64, 2)
        self.stage4 = Block(64, 1, 0.1, "relu", True)
        self.ffm1 = Fusion(64, 16, 4)
        self.stage5 = Block(16, 1, 0.1, "relu", True)
        self.cls = nn.ConvTranspose2d(16, CLASSES, 3, 2, 1, 1, bias=False)

    def forward(self, image):
        half = self.first_rest(torch.cat([self.first(image), F.max_pool2d(image, 3, 2, 1)], 1))
        low1 = self.stage1(self.down1(half))
        low2 = self.stage2(self.down2(low1))
        x = self.stage4(self.ffm2(low2, self.stage3(low2), low1))
        return self.cls(self.stage5(self.ffm1(low1, x, half)))


def main():
    global LEARN_SLOPES
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--size", default="480x360")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16")
    parser.add_argument("--slopes", choices=["learn", "frozen"], default="frozen")
    parser.add_argument("--rounds", type=int, default=10)
    a = parser.parse_args()
    LEARN_SLOPES = a.slopes == "learn"
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    width, height = map(int, a.size.split("x"))
    net = EfrNet().to(memory_format=torch.channels_last)
    count = sum(p.numel() for p in net.parameters())
    assert count == (479284 if LEARN_SLOPES else 479175), count
    sgd = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=2e-4, nesterov=True)
    image = torch.randn(a.batch, 3, height, width).to(memory_format=torch.channels_last)
    truth = torch.randint(0, CLASSES, (a.batch, height, width))
    times = []
    for i in range(a.rounds + 2):
        start = time.perf_counter()
        sgd.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=a.precision == "bf16"):
            logits = net(image)
        F.cross_entropy(logits.float(), truth).backward()
        sgd.step()
        if i >= 2:
            times.append(1000 * (time.perf_counter() - start))
    median, best = statistics.median(times), min(times)
    print(
        f"PyTorch {torch.__version__} {a.precision} slopes {a.slopes} batch {a.batch} {a.size}"
        f" {a.threads} threads: median {median:.0f} ms, best {best:.0f} ms,"
        f" {1000 * a.batch / median:.2f} pictures/s")


if __name__ == "__main__":
    main()
