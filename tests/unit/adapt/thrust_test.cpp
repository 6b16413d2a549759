// SPDX-License-Identifier: MIT
#include "dynamicpo/adapt/thrust.hpp"

#include <type_traits>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "unit/adapt/same_as_spans.hpp"

namespace po = dynamicpo;
using adapt_test::policy;

namespace {

template <class Vector>
void check_vector() {
  const Vector chosen(policy().chosen.begin(), policy().chosen.end());
  const Vector rejected(policy().rejected.begin(), policy().rejected.end());
  const auto view = po::view(chosen, rejected);
  STATIC_REQUIRE(std::is_same_v<decltype(view), const po::scores<const float>>);
  REQUIRE(view.rows() == adapt_test::rows);
  REQUIRE(&view.chosen(0) == thrust::raw_pointer_cast(chosen.data()));
  REQUIRE(&view.rejected(1, 2) == thrust::raw_pointer_cast(rejected.data()) + adapt_test::columns + 2);
  adapt_test::require_same_as_spans(view);

  std::vector<std::int64_t> offsets;
  for (po::index b = 0; b <= adapt_test::rows; ++b) { offsets.push_back(b * adapt_test::columns); }
  adapt_test::require_same_as_spans(po::view(chosen, rejected, offsets));
}

/// The gradient goes into the vectors themselves.
template <class Vector>
void check_output() {
  const adapt_test::answer expected = adapt_test::by_spans();
  Vector chosen(adapt_test::rows), rejected(adapt_test::rows * adapt_test::columns);
  adapt_test::run(po::view(policy().chosen, policy().rejected), po::view(chosen, rejected));
  // By pointer: Thrust's reference to an element binds a reference to null, which UBSan reports.
  const auto require_same = [](const Vector& found, const auto& wanted) {
    const float* const memory = thrust::raw_pointer_cast(found.data());
    for (std::size_t i = 0; i < found.size(); ++i) { REQUIRE(memory[i] == wanted[i]); }
  };
  require_same(chosen, expected.gradient.chosen);
  require_same(rejected, expected.gradient.rejected);
}

}  // namespace

TEST_CASE("host_vector is viewed in place and answers as spans do") {
  check_vector<thrust::host_vector<float>>();
  check_output<thrust::host_vector<float>>();
}

// These programs are compiled for a host system, where device_vector is host memory.
TEST_CASE("device_vector of a host system is viewed in place and answers as spans do") {
  check_vector<thrust::device_vector<float>>();
  check_output<thrust::device_vector<float>>();
}
