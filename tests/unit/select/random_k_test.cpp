// SPDX-License-Identifier: MIT
#include "dynamicpo/select/random_k.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/select_negatives.hpp"
#include "unit/select/select_from.hpp"

namespace po = dynamicpo;
using select_test::indices;
using select_test::select_from;

namespace {

indices drawn(const po::select::random_k& select, std::size_t negatives, po::index row = 0) {
  return select_from<double>(select, 0, std::vector<double>(negatives, -1), row).selected;
}

std::vector<std::int32_t> slots_of(const po::select::random_k& select, const po::scores<const double>& policy) {
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(policy.rows()) + 1);
  std::vector<std::int32_t> slots(static_cast<std::size_t>(policy.flat(policy.rows()) - policy.flat(0)));
  po::select_negatives(po::exec::seq, select, policy, {.offsets = offsets, .slots = slots});
  slots.resize(static_cast<std::size_t>(offsets.back()));
  return slots;
}

}  // namespace

TEST_CASE("select::random_k takes exactly count distinct negatives, all when there are no more") {
  for (std::uint32_t step = 0; step < 50; ++step) {
    for (po::index count = 0; count <= 9; ++count) {
      const auto found = drawn({.count = count, .seed = 3, .step = step}, 7);
      REQUIRE(found.size() == static_cast<std::size_t>(std::min<po::index>(count, 7)));
    }
  }
  REQUIRE(drawn({.count = 99}, 4) == indices{0, 1, 2, 3});
  REQUIRE(drawn({.count = -1}, 4).empty());
  REQUIRE(select_from<float>(po::select::random_k{}, 0, {-1, -2}).rule == po::selection_rule::random_k);
}

TEST_CASE("select::random_k draws every pair of six equally often, over steps and over rows") {
  const auto chi_square = [](auto&& draw) {
    constexpr int draws = 6000, pairs = 15;
    std::map<indices, int> seen;
    for (int i = 0; i < draws; ++i) { ++seen[draw(i)]; }
    REQUIRE(seen.size() == pairs);
    double sum = 0;
    for (const auto& [pair, count] : seen) {
      REQUIRE(pair.size() == 2);
      sum += (count - 400.0) * (count - 400.0) / 400.0;
    }
    return sum;
  };
  // The 0.999 and 0.001 quantiles of chi-square with 14 degrees of freedom.
  const double over_steps =
      chi_square([](int i) { return drawn({.count = 2, .seed = 42, .step = static_cast<std::uint32_t>(i)}, 6); });
  const double over_rows = chi_square([](int i) { return drawn({.count = 2, .seed = 42}, 6, i); });
  CAPTURE(over_steps, over_rows);
  REQUIRE(over_steps <= 36.12);
  REQUIRE(over_steps >= 3.04);
  REQUIRE(over_rows <= 36.12);
  REQUIRE(over_rows >= 3.04);
}

TEST_CASE("select::random_k is a function of seed, step and row alone") {
  const std::vector<double> chosen(40, 0), rejected(40 * 12, -1);
  const auto policy = po::view(chosen, rejected);
  const po::select::random_k select{.count = 3, .seed = 7, .step = 5};
  const auto whole = slots_of(select, policy);
  REQUIRE(whole.size() == 120);
  REQUIRE(whole == slots_of(select, policy));

  // A split batch says where it starts and draws the same.
  std::vector<std::int32_t> parts = slots_of(select, policy.slice(0, 13));
  po::select::random_k second = select;
  second.first_row = 13;
  const auto rest = slots_of(second, policy.slice(13, 27));
  parts.insert(parts.end(), rest.begin(), rest.end());
  REQUIRE(parts == whole);

  REQUIRE(whole != slots_of({.count = 3, .seed = 8, .step = 5}, policy));
  REQUIRE(whole != slots_of({.count = 3, .seed = 7, .step = 6}, policy));
  REQUIRE(whole != slots_of({.count = 3, .seed = 7, .step = 5 + (1u << 24)}, policy));
  REQUIRE(whole != slots_of({.count = 3, .seed = 7, .step = 5 + (1u << 31)}, policy));
  REQUIRE(whole != slots_of({.count = 3, .seed = 7, .step = 5, .first_row = 1}, policy));
}
