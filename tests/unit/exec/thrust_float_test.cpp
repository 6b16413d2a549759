// SPDX-License-Identifier: MIT
#include "dynamicpo/exec/thrust.hpp"

#include "unit/exec/thrust_systems.hpp"

TEST_CASE("exec::thrust gives the bits of seq on every host system, float") {
  thrust_test::require_bits_of_seq<float>();
}
