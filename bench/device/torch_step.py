#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A DMPO step, loss and gradients to the scores, in PyTorch on a GPU: all rows at once, eager and through torch.compile.
Written from the formulas of docs/objectives/dmpo.md, docs/beta.md and docs/selection.md. A line a case, to be read beside
those of bench_device_bandwidth, whose batches these are.

  torch_step.py                    times on the GPU; says so and ends with 77 where torch or the GPU is missing
  torch_step.py --check DYNAMICPO  on the CPU, in double: loss and gradients against `DYNAMICPO loss`
"""
import json
import subprocess
import sys

try:
    import torch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

BETA, ALPHA, GAMMA = 1.0, 0.5, 6.0
RUNS = 21


def top_cluster(scores):
    """Of each row of [B, K], K >= 3: the best of all cuts of the sorted scores into three, and who is in the highest."""
    count = scores.shape[1]
    ordered = scores.sort(dim=1).values
    centred = ordered - ordered.mean(dim=1, keepdim=True)
    sums = torch.nn.functional.pad(centred.cumsum(dim=1), (1, 0))
    first, last = torch.triu_indices(count - 1, count - 1, offset=1, device=scores.device) + 1  # 1 <= first < last < count
    low, high = sums[:, first], sums[:, last]
    explained = low * low / first + (high - low) ** 2 / (last - first) + (sums[:, -1:] - high) ** 2 / (count - last)
    threshold = ordered.gather(1, last[explained.argmax(dim=1, keepdim=True)])
    return scores >= threshold


def boundary(chosen, rejected):
    violators = rejected >= chosen[:, None]
    return torch.where(violators.any(dim=1, keepdim=True), violators, top_cluster(rejected))


def dual_margin(chosen, rejected, inside):
    outside = (~inside).sum(dim=1)
    rest = torch.where(inside, torch.zeros_like(rejected), rejected).sum(dim=1) / outside.clamp(min=1)
    rest = torch.where(outside > 0, rest, rejected.mean(dim=1))
    above = chosen[:, None] - rejected
    below = rejected - rest[:, None]
    return BETA * (1 + ALPHA * torch.tanh((above - below - GAMMA) / (above.abs() + below.abs())))


def vanilla_loss(chosen, rejected, reference_chosen, reference_rejected):
    margins = (chosen - reference_chosen)[:, None] - (rejected - reference_rejected)
    return -torch.nn.functional.logsigmoid(BETA * margins.mean(dim=1)).mean()


def dynamic_loss(chosen, rejected, reference_chosen, reference_rejected):
    with torch.no_grad():
        inside = boundary(chosen, rejected)
        weight = torch.where(inside, dual_margin(chosen, rejected, inside), torch.zeros_like(rejected))
        weight = weight / inside.sum(dim=1, keepdim=True)
    margins = (chosen - reference_chosen)[:, None] - (rejected - reference_rejected)
    return -torch.nn.functional.logsigmoid((weight * margins).sum(dim=1)).mean()


LOSSES = {"DMPO": vanilla_loss, "dynamic DMPO": dynamic_loss}


def make_batch(rows, negatives, violated, dtype, device):
    """As bench_device_bandwidth's: rejected in [-12, -2), the chosen of `violated` rows in 100 below the best of them."""
    draws = torch.Generator(device=device).manual_seed(327)

    def scores():
        rejected = -12 + 10 * torch.rand(rows, negatives, generator=draws, device=device)
        low = 100 * torch.rand(rows, generator=draws, device=device) < violated
        return torch.where(low, -10.0, 1.0).to(dtype), rejected.to(dtype)

    policy, reference = scores(), scores()
    return [each.requires_grad_() for each in policy] + list(reference)


def gradients(loss, batch):
    value = loss(*batch)
    return value, torch.autograd.grad(value, batch[:2])


def microseconds(call):
    taken = []
    for run in range(RUNS + 3):
        before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        before.record()
        call()
        after.record()
        after.synchronize()
        if run >= 3:
            taken.append(1000 * before.elapsed_time(after))
    return sorted(taken)[RUNS // 2]


def time_all():
    if not torch.cuda.is_available():
        print(f"skipped: torch {torch.__version__} finds no CUDA device")
        sys.exit(77)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, CUDA {torch.version.cuda}")
    ways = {"eager": lambda loss: loss}
    if hasattr(torch, "compile"):
        ways["compile"] = lambda loss: torch.compile(loss, dynamic=False)
    else:
        print("skipped: torch.compile, which this torch lacks")
    for dtype in (torch.float32, torch.bfloat16):
        for negatives in (5, 15, 19, 32, 64):
            for rows in (256, 1_000_000):
                for name, violated in (("DMPO", 0), ("dynamic DMPO", 0), ("dynamic DMPO", 50), ("dynamic DMPO", 100)):
                    for way, wrap in ways.items():
                        case = (f"{str(dtype)[6:]:<8} K {negatives:6} {name:<12} violators {violated:3} %  "
                                f"rows {rows:10}  torch {way:<8}")
                        try:
                            batch = make_batch(rows, negatives, violated, dtype, "cuda")
                            loss = wrap(LOSSES[name])
                            taken = microseconds(lambda: gradients(loss, batch))
                            print(f"{case} {taken:10.1f} us", flush=True)
                        except torch.cuda.OutOfMemoryError:
                            print(f"{case} out of memory", flush=True)
                        torch.cuda.empty_cache()


def check(program):
    worst = 0.0
    for negatives in (3, 5, 15, 64):
        for name, loss in LOSSES.items():
            for violated in (0, 50):
                batch = make_batch(200, negatives, violated, torch.float64, "cpu")
                keys = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")
                lines = "".join(json.dumps(dict(zip(keys, row))) + "\n" for row in zip(*(each.tolist() for each in batch)))
                answer = subprocess.run([program, "loss", "--objective", "dmpo"] + ["--dynamic"] * (name != "DMPO"),
                                        input=lines, capture_output=True, text=True, check=True).stdout
                expected = [json.loads(line) for line in answer.splitlines()]
                _, found = gradients(loss, batch)
                rows = len(expected)
                for key, gradient in zip(("grad_chosen", "grad_rejected"), found):
                    theirs = torch.tensor([row[key] for row in expected], dtype=torch.float64)
                    worst = max(worst, float((rows * gradient - theirs).abs().max()))
                mean = sum(row["loss"] for row in expected) / rows
                worst = max(worst, abs(float(loss(*batch)) - mean))
    print(f"largest difference to {program}: {worst:.3g}")
    sys.exit(0 if worst <= 1e-12 else 1)


if len(sys.argv) == 3 and sys.argv[1] == "--check":
    check(sys.argv[2])
elif len(sys.argv) == 1:
    time_all()
else:
    sys.exit(__doc__)
