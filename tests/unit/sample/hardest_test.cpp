// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/hardest.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/exec/threads.hpp"
#include "dynamicpo/sample/uniform.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
namespace sample = dynamicpo::sample;
using sample::item;

namespace {

double score(po::index row, item of) { return std::sin(static_cast<double>(of * 37 + row)); }

}  // namespace

TEST_CASE("draw_hardest keeps the best of what draw_negatives draws, highest first", "[threads]") {
  constexpr po::index rows = 200, pool = 12, slots = 3;
  std::vector<item> drawn(rows * pool), kept(rows * slots), many(rows * slots);
  const sample::uniform sampler(400);
  const sample::place at{.seed = 8, .epoch = 1};
  sample::draw_negatives(po::exec::seq, sampler, rows, {}, at, false, {.items = drawn});
  const auto counts = sample::draw_hardest(po::exec::seq, sampler, pool, rows, {}, at, score, {.items = kept});
  sample::draw_hardest(po::exec::threads{3}, sampler, pool, rows, {}, at, score, {.items = many});
  REQUIRE(kept == many);
  REQUIRE((counts.drawn == rows * slots && counts.short_rows == 0));
  for (po::index row = 0; row < rows; ++row) {
    const auto begin = drawn.begin() + row * pool;
    std::sort(begin, begin + pool, [&](item a, item b) { return score(row, b) < score(row, a); });
    REQUIRE(std::equal(begin, begin + slots, kept.begin() + row * slots));
  }
}

TEST_CASE("draw_hardest: equal scores by item, NaN last, what is missing is -1") {
  std::vector<item> kept(4);
  std::vector<po::index> found(1);
  const auto counts =
      sample::draw_hardest(po::exec::seq, sample::uniform(3), 4, 1, {}, {},
                           [](po::index, item of) { return of == 0 ? NAN : 1.0; }, {.items = kept, .found = found});
  REQUIRE(kept == std::vector<item>{1, 2, 0, -1});
  REQUIRE((found[0] == 3 && counts.short_rows == 1 && counts.drawn == 3));
}

TEST_CASE("draw_hardest refuses a pool below K, and log q") {
  std::vector<item> kept(4);
  std::vector<double> log_q(4);
  const auto any = [](po::index, item) { return 0.0; };
  REQUIRE_THROWS_AS(sample::draw_hardest(po::exec::seq, sample::uniform(9), 3, 1, {}, {}, any, {.items = kept}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(
      sample::draw_hardest(po::exec::seq, sample::uniform(9), 5, 1, {}, {}, any, {.items = kept, .log_q = log_q}),
      std::invalid_argument);
}

TEST_CASE("draw_hardest: the rejection rate is that of the pool; pools beyond memory are refused") {
  std::vector<item> positives, kept(1);
  for (item i = 0; i < 985; ++i) { positives.push_back(i); }
  const std::vector<std::int64_t> offsets{0, 985};
  const auto any = [](po::index, item) { return 0.0; };
  const auto counts =
      sample::draw_hardest(po::exec::seq, sample::uniform(1000), 15, 1, {offsets, positives}, {}, any, {.items = kept});
  REQUIRE((counts.drawn == 1 && counts.accepted + counts.exhaustive == 15));
  REQUIRE((counts.rejection_rate() > 0.9 && counts.rejection_rate() <= 1));
  std::vector<item> four(4);
  REQUIRE_THROWS_AS(
      sample::draw_hardest(po::exec::seq, sample::uniform(1000), po::index{1} << 62, 4, {}, {}, any, {.items = four}),
      std::invalid_argument);
}
