// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/sdpo.hpp"

#include "device/device_test.cuh"
#include "device/stream_checks.cuh"

// The device against seq, float: gradients within 4 units of the last place, the same boundaries. And streams, graphs,
// workspaces, determinism and errors.
int main() {
  return device_test::run([] {
    device_test::check_parity<float, device_test::form::both>(device_test::objective::sdpo, dynamicpo::objective::sdpo,
                                                              1000000);
    device_test::streams::check();
  });
}
