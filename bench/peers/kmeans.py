#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""DynamicPO-DMPO the way a trainer in Python does it, row by row: scikit-learn's KMeans picks the boundary, torch makes
loss and gradient. Written from the formulas of docs/objectives/dmpo.md; answers peers/serve.hpp's questions."""
import re
import sys
import time

try:
    import numpy
    import sklearn.cluster
    import torch
except ImportError as missing:
    print(missing, flush=True)
    sys.exit(0)

ROWS = 256
BETA, ALPHA, GAMMA = 1.0, 0.5, 6.0


def boundary(chosen, rejected):
    violators = rejected >= chosen
    if violators.any():
        return violators
    clusters = sklearn.cluster.KMeans(n_clusters=3, random_state=42, n_init=1).fit(rejected.reshape(-1, 1))
    return clusters.labels_ == numpy.argmax(clusters.cluster_centers_)


def row_loss(chosen, rejected, reference_chosen, reference_rejected):
    scores = rejected.detach().numpy()
    inside = boundary(chosen.item(), scores)
    mean_rest = float(scores[~inside].mean() if not inside.all() else scores.mean())
    inside = torch.from_numpy(inside)
    boundary_scores = rejected[inside]
    with torch.no_grad():
        d1 = chosen - boundary_scores
        d2 = boundary_scores - mean_rest
        beta = BETA * (1 + ALPHA * torch.tanh((d1 - d2 - GAMMA) / (d1.abs() + d2.abs())))
    margins = beta * ((chosen - reference_chosen) - (boundary_scores - reference_rejected[inside]))
    return -torch.nn.functional.logsigmoid(margins.mean())


def step(policy, reference):
    chosen, rejected = (scores.clone().requires_grad_() for scores in policy)
    losses = [row_loss(chosen[row], rejected[row], reference[0][row], reference[1][row]) for row in range(ROWS)]
    torch.stack(losses).mean().backward()


def prepare(case):
    asked = re.fullmatch(r"dmpo-dynamic/f32/K(\d+)/dense/seq/v0(/b\d+)?", case)
    if not asked:
        raise ValueError("has only dense DynamicPO-DMPO without violators, in float")
    draws = torch.Generator().manual_seed(327)
    rejected = -12 + 2 * torch.randn(ROWS, int(asked[1]), generator=draws)
    chosen = rejected.max(dim=1).values + 0.5
    noise = [torch.randn(scores.shape, generator=draws) for scores in (chosen, rejected)]
    reference = (chosen + noise[0], rejected + noise[1])
    step((chosen, rejected), reference)
    return (chosen, rejected), reference


torch.set_num_threads(1)
print("ready", flush=True)
prepared = None
for line in sys.stdin:
    try:
        if prepared != line:
            batch, prepared = prepare(line.strip()), line
        start = time.process_time()
        step(*batch)
        print((time.process_time() - start) * 1e9 / ROWS, flush=True)
    except ValueError as error:
        print(error, flush=True)
