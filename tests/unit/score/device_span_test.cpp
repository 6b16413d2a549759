// SPDX-License-Identifier: MIT
#include "dynamicpo/score/device_span.hpp"

#include <cstdint>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

namespace po = dynamicpo;

// Views only carry pointers, so host memory may stand for a device's.
TEST_CASE("device_span makes views in device space, dense and ragged") {
  std::vector<float> chosen(3), rejected(6);
  const std::vector<std::int64_t> offsets{0, 1, 4, 6};
  const po::device_span<const float> s{chosen.data(), 3}, r{rejected.data(), 6};

  const auto dense = po::view(s, r);
  STATIC_REQUIRE(std::is_same_v<decltype(dense), const po::scores<const float, po::space::device>>);
  REQUIRE(dense.rows() == 3);
  REQUIRE(dense.longest_row() == 2);
  REQUIRE(&dense.rejected(2, 1) == &rejected[5]);

  const auto ragged = po::view(s, r, po::device_span{offsets.data(), 4}, 3);
  STATIC_REQUIRE(std::is_same_v<decltype(ragged), const po::scores<const float, po::space::device>>);
  REQUIRE(ragged.ragged());
  REQUIRE(ragged.longest_row() == 3);
  REQUIRE(&ragged.rejected(1, 2) == &rejected[3]);
  REQUIRE_THROWS_WITH(po::view(s, r, po::device_span{offsets.data(), 3}, 3),
                      "dynamicpo::view: offsets is [3], expected one more than chosen [3]");
  REQUIRE_THROWS_WITH(po::view(s, po::device_span<const float>{rejected.data(), 5}),
                      "dynamicpo::view: chosen is [3], rejected is [5]: not a whole number of rejected a row");
}
