// SPDX-License-Identifier: MIT
#include "device/device_test.cuh"
#include "dynamicpo/objective/sdpo.hpp"

// The device against seq, double.
int main() {
  return device_test::run([] {
    device_test::check_parity<double, device_test::form::dynamic>(device_test::objective::sdpo,
                                                                  dynamicpo::objective::sdpo, 100000);
  });
}
