# SPDX-License-Identifier: MIT
"""The boundary as the published trainer finds it: the violators, else the top cluster of scikit-learn's KMeans, row by
row, seed 42. Answers lines on standard input: {"starts": n_init, "rows": [[chosen, [rejected..]]..]} gives {"seconds":
processor time, "selected": [[indices]..]}."""
import json
import os
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one row is too small to share
try:
    import numpy
    import sklearn.cluster
except ImportError as missing:
    print(missing, flush=True)
    sys.exit(0)
warnings.filterwarnings("ignore")


def boundary(chosen, rejected, starts):
    violators = rejected >= chosen
    if violators.any() or len(rejected) == 0:
        return violators
    # fit refuses more clusters than values
    clusters = min(3, len(numpy.unique(rejected)))
    fitted = sklearn.cluster.KMeans(n_clusters=clusters, random_state=42, n_init=starts).fit(rejected.reshape(-1, 1))
    return fitted.labels_ == numpy.argmax(fitted.cluster_centers_)


print("ready scikit-learn " + sklearn.__version__, flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    rows = [(chosen, numpy.array(rejected, dtype=numpy.float64)) for chosen, rejected in asked["rows"]]
    start = time.process_time()
    found = [boundary(chosen, rejected, asked["starts"]) for chosen, rejected in rows]
    seconds = time.process_time() - start
    selected = [numpy.flatnonzero(inside).tolist() for inside in found]
    print(json.dumps({"seconds": seconds, "selected": selected}), flush=True)
