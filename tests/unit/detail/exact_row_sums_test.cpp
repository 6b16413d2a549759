// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/exact_row_sums.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

namespace {

template <class V>
struct summed {
  bool exact;
  std::vector<double> total;
};

/// Rows of V::count rows, one after the other in memory that ends with infinities.
template <class V>
summed<V> sum(const std::vector<std::vector<float>>& rows) {
  std::vector<float> memory;
  std::vector<std::size_t> begin;
  for (const auto& row : rows) {
    begin.push_back(memory.size());
    memory.insert(memory.end(), row.begin(), row.end());
  }
  memory.insert(memory.end(), 2 * V::count, std::numeric_limits<float>::infinity());
  detail::lanes<double, V::count, V::bytes> total;
  const bool exact = detail::exact_row_sums<V>(
      [&](std::size_t l) { return rows[l].size(); },
      [&](std::size_t l) { return [&, l](std::size_t k) { return V::load(memory.data() + begin[l] + k); }; }, total);
  summed<V> found{exact, std::vector<double>(V::count)};
  total.store(found.total.data());
  return found;
}

template <class V>
std::vector<std::vector<float>> random_rows(unsigned seed, std::size_t longest, double decades) {
  std::mt19937 bits(seed);
  std::uniform_real_distribution<double> exponent(-decades, 0), sign(-1, 1);
  std::vector<std::vector<float>> rows(V::count);
  for (auto& row : rows) {
    row.resize(bits() % (longest + 1));
    for (float& each : row) { each = static_cast<float>(std::copysign(std::pow(10.0, exponent(bits)), sign(bits))); }
  }
  return rows;
}

template <class V>
void require_sums(const std::vector<std::vector<float>>& rows) {
  const auto found = sum<V>(rows);
  REQUIRE(found.exact);
  for (std::size_t l = 0; l < V::count; ++l) {
    double forwards = 0, backwards = 0;
    for (const float each : rows[l]) { forwards += static_cast<double>(each); }
    for (std::size_t k = rows[l].size(); k > 0; --k) { backwards += static_cast<double>(rows[l][k - 1]); }
    REQUIRE(forwards == backwards);
    REQUIRE(found.total[l] == forwards);
    REQUIRE(std::signbit(found.total[l]) == std::signbit(forwards));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("exact_row_sums: said to be exact, a sum is that in any order", "", (detail::lanes<float, 16, 16>),
                   (detail::lanes<float, 16, 32>), (detail::lanes<float, 16, 64>)) {
  using V = TestType;
  for (unsigned seed = 0; seed < 200; ++seed) { require_sums<V>(random_rows<V>(seed, 1 + seed % 64, 6.5)); }
  require_sums<V>(std::vector<std::vector<float>>(V::count, std::vector<float>(64, 0x1.fffffep127f)));
  require_sums<V>(std::vector<std::vector<float>>(V::count, std::vector<float>(3, 0x1p-149f)));
  require_sums<V>(std::vector<std::vector<float>>(V::count, std::vector<float>(5, -0.0f)));
  require_sums<V>(std::vector<std::vector<float>>(V::count));
}

TEMPLATE_TEST_CASE("exact_row_sums: sums that depend on the order are refused, and what is not finite", "",
                   (detail::lanes<float, 16, 16>), (detail::lanes<float, 16, 32>), (detail::lanes<float, 16, 64>)) {
  using V = TestType;
  unsigned inexact = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    const auto rows = random_rows<V>(seed, 64, 20);
    bool depends = false;
    for (const auto& row : rows) {
      double forwards = 0, backwards = 0;
      for (const float each : row) { forwards += static_cast<double>(each); }
      for (std::size_t k = row.size(); k > 0; --k) { backwards += static_cast<double>(row[k - 1]); }
      depends = depends || forwards != backwards;
    }
    inexact += depends ? 1 : 0;
    if (depends) { REQUIRE_FALSE(sum<V>(rows).exact); }
  }
  REQUIRE(inexact > 50);

  // The widest range that may be exact, and one binary place more: 64 sums of these lose the least.
  std::vector<std::vector<float>> rows(V::count, {1.0f});
  rows.back() = std::vector<float>(63, 0x1.fffffep0f);
  rows.back().push_back(0x1.000002p-23f);
  REQUIRE(sum<V>(rows).exact);
  rows.back().back() = 0x1.000002p-24f;
  REQUIRE_FALSE(sum<V>(rows).exact);

  for (const float wrong : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
    for (const std::size_t place : {0u, 7u, 19u}) {
      auto spoilt = random_rows<V>(3, 0, 1);
      spoilt[V::count - 2].assign(20, 1.0f);
      REQUIRE(sum<V>(spoilt).exact);
      spoilt[V::count - 2][place] = wrong;
      REQUIRE_FALSE(sum<V>(spoilt).exact);
    }
  }
}
