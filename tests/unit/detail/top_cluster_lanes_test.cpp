// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/top_cluster_lanes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/select/boundary.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

namespace {

namespace po = dynamicpo;
namespace detail = dynamicpo::detail;
using random_engine = po::sample::philox_engine;

template <class T>
inline constexpr T infinity_of = std::numeric_limits<T>::infinity();

/// Of every lane: the threshold, and whether it is certain.
template <class T>
struct lane_answers {
  std::vector<T> least;
  std::vector<bool> certain;
};

/// Rows side by side, each a lane, `columns` long; -infinity where nothing takes part.
template <class T>
using rows_of = std::vector<std::vector<T>>;

template <class T, std::size_t Bytes, std::size_t Most>
lane_answers<T> top_clusters(const rows_of<T>& rows, std::size_t columns) {
  using V = detail::lanes<T, 64 / sizeof(T), Bytes>;
  using bits = detail::bits_of<T>;
  V values[Most];
  T column[V::count];
  bits flags[V::count];
  for (std::size_t k = 0; k < columns; ++k) {
    for (std::size_t lane = 0; lane < V::count; ++lane) { column[lane] = lane < rows.size() ? rows[lane][k] : T(0); }
    values[k] = V::load(column);
  }
  for (std::size_t lane = 0; lane < V::count; ++lane) { flags[lane] = lane < rows.size() ? bits(-1) : bits(0); }
  const auto found = detail::top_cluster_lanes<Most>(values, columns, V::truth::load(flags));
  found.least.store(column);
  found.certain.store(flags);
  lane_answers<T> answers;
  for (std::size_t lane = 0; lane < rows.size(); ++lane) {
    answers.least.push_back(column[lane]);
    answers.certain.push_back(flags[lane] != 0);
  }
  return answers;
}

/// The same by registers of every width, and as long rows. Which lanes are certain may depend on the lanes beside them,
/// so on the width; the certain lanes of all of them are returned, and must agree.
template <class T>
lane_answers<T> top_clusters(const rows_of<T>& rows, std::size_t columns) {
  constexpr std::size_t few = detail::short_rows_limit, many = detail::top_cluster_lanes_limit;
  auto found = top_clusters<T, 32, many>(rows, columns);
  std::vector<lane_answers<T>> others{top_clusters<T, 64, many>(rows, columns)};
  if (columns <= few) {
    others.push_back(top_clusters<T, 32, few>(rows, columns));
    others.push_back(top_clusters<T, 16, few>(rows, columns));
    others.push_back(top_clusters<T, 64, few>(rows, columns));
  }
  for (const auto& other : others) {
    for (std::size_t lane = 0; lane < rows.size(); ++lane) {
      if (!other.certain[lane]) { continue; }
      if (found.certain[lane]) { REQUIRE(found.least[lane] == other.least[lane]); }
      found.certain[lane] = true;
      found.least[lane] = other.least[lane];
    }
  }
  return found;
}

/// What the selection of the library answers for the values that take part; -infinity where none does.
template <class T>
T scalar_threshold(const std::vector<T>& row) {
  using accumulator = po::accumulator_of<T>;
  std::vector<T> taking_part, values(row.size() + 1);
  std::vector<accumulator> sorted(row.size() + 1), weights(row.size() + 1), lower(row.size() + 1), best(row.size() + 1);
  std::vector<detail::prefix_sums<accumulator>> prefix(row.size() + 1);
  std::vector<std::int32_t> tick(row.size() + 1);
  for (const T value : row) {
    if (value > -infinity_of<T>) { taking_part.push_back(value); }
  }
  std::vector<std::uint8_t> flags(taking_part.size(), 2);
  po::select::scratch<T> scratch{};
  scratch.values = values;
  scratch.sorted = sorted;
  scratch.weights = weights;
  scratch.lower = lower;
  scratch.best = best;
  scratch.prefix = prefix;
  scratch.tick = tick;
  po::select::boundary{}(po::select::row_scores<T>{infinity_of<T>, taking_part}, flags, scratch);
  T least = infinity_of<T>;
  for (std::size_t k = 0; k < flags.size(); ++k) {
    if (flags[k] == 1) { least = std::min(least, taking_part[k]); }
  }
  return taking_part.empty() ? -infinity_of<T> : least;
}

double normal(random_engine& random) {
  const double u = 1 - random.uniform(), v = random.uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

/// Rows meant to hurt: ties, duplicates, offsets that swallow digits, outliers, clumps, squares out of range.
template <class T>
std::vector<T> adversarial_row(random_engine& random, std::size_t columns) {
  const auto pick = [&](std::initializer_list<double> values) {
    return values.begin()[random.below(static_cast<std::uint32_t>(values.size()))];
  };
  constexpr double largest = std::numeric_limits<T>::max(), smallest = std::numeric_limits<T>::denorm_min();
  const double offset = pick({0, 0, -1e4, -1200, -5}), spread = pick({1e-6, 1e-3, 1, 30});
  const double levels = pick({2, 3, 4, 10, 1e9, 1e9}), outlier = pick({-1e30, -1e10, -1e5, 1e30, -largest});
  const double outliers = pick({0, 0, 0, 0.05, 0.5, 0.9}), clumps = pick({0, 0, 3, 5});
  const double absent = pick({0, 0, 0, 0.1, 0.5, 0.95});
  const std::uint32_t kind = random.below(12);
  const double scale = kind == 0 ? largest : kind == 1 ? 10 * smallest : kind == 2 ? std::sqrt(smallest) : 1;
  std::vector<T> row(columns);
  for (T& score : row) {
    const double level = std::floor(random.uniform() * levels) / levels;
    const double clump = clumps > 0 ? std::floor(random.uniform() * clumps) * pick({10, 100}) * spread : 0;
    score = static_cast<T>(random.uniform() < outliers ? std::max(outlier * (1 + random.below(2)), -largest)
                                                       : offset + spread * level + clump);
    if (kind < 3) { score = static_cast<T>(scale * (2 * random.uniform() - 1)); }
    if (kind == 3 || kind == 4) { score = static_cast<T>(-static_cast<double>(random.below(10))); }
    if (kind == 5) { score = static_cast<T>(normal(random)); }
    if (random.uniform() < absent) { score = -infinity_of<T>; }
  }
  return row;
}

}  // namespace

TEMPLATE_TEST_CASE("what is certain is what the scalar selection answers, on a million adversarial rows", "[slow]",
                   float, double) {
  random_engine random{31, sizeof(TestType)};
  std::size_t certain = 0, wrong = 0, rows = 0;
  while (rows < 1'100'000) {
    const std::size_t columns = rows < 1'000'000 ? 1 + random.below(64) : 65 + random.below(192);
    rows_of<TestType> tile;
    for (std::size_t lane = 0; lane < 64 / sizeof(TestType); ++lane) {
      tile.push_back(adversarial_row<TestType>(random, columns));
    }
    const auto found = top_clusters(tile, columns);
    for (std::size_t lane = 0; lane < tile.size(); ++lane) {
      ++rows;
      if (!found.certain[lane]) { continue; }
      ++certain;
      const TestType expected = scalar_threshold(tile[lane]);
      if (!(found.least[lane] == expected) && ++wrong <= 3) {
        std::sort(tile[lane].begin(), tile[lane].end());
        CAPTURE(columns, tile[lane], found.least[lane], expected);
        CHECK(found.least[lane] == expected);
      }
    }
  }
  REQUIRE(wrong == 0);
  CAPTURE(certain, rows);
  REQUIRE(certain > rows / 100 * (sizeof(TestType) == 4 ? 95 : 72));  // in double, outliers leave no digits to spare
}

namespace {

/// Where the larger of the optimal top clusters of sorted integers begins, exactly; 3 or more distinct values.
std::size_t exact_cut(const std::vector<int>& sorted) {
  const auto n = static_cast<std::int64_t>(sorted.size());
  const auto sum = [&](std::int64_t begin, std::int64_t end) {
    return std::accumulate(sorted.begin() + begin, sorted.begin() + end, std::int64_t{0});
  };
  std::int64_t best = -1, best_scale = 1, best_cut = 0;  // f as a fraction
  for (std::int64_t j = 2; j < n; ++j) {
    for (std::int64_t i = 1; i < j; ++i) {
      const std::int64_t low = sum(0, i), middle = sum(i, j), top = sum(j, n), scale = i * (j - i) * (n - j);
      const std::int64_t f = low * low * (j - i) * (n - j) + middle * middle * i * (n - j) + top * top * i * (j - i);
      if (f * best_scale > best * scale) {
        best = f;
        best_scale = scale;
        best_cut = j;
      }
    }
  }
  return static_cast<std::size_t>(best_cut);
}

/// Sorted; the threshold of least cost in long double, and how far above the cost of any other threshold is.
template <class T>
std::pair<T, long double> brute_force(const std::vector<T>& sorted) {
  const std::vector<double> values(sorted.begin(), sorted.end());
  const std::vector<long double> costs = test_support::oracle::costs_by_top_cluster(values);
  std::size_t best = 0;
  long double other = INFINITY;
  for (std::size_t j = 2; j < sorted.size(); ++j) {
    if (sorted[j] == sorted[j - 1]) { continue; }
    if (best == 0 || costs[j] < costs[best]) {
      if (best != 0) { other = costs[best]; }
      best = j;
    } else {
      other = std::min(other, costs[j]);
    }
  }
  return {sorted[best], other - costs[best]};
}

}  // namespace

TEMPLATE_TEST_CASE("against brute force in long double", "", float, double) {
  random_engine random{34, sizeof(TestType)};
  std::size_t certain = 0, wrong = 0, rows = 0;
  for (const double offset : {0.0, -1200.0, -1e4}) {
    for (std::size_t columns = 3; columns <= 256; columns += columns < 65 ? 1 : 21) {
      for (int repeat = 0; repeat < 4; ++repeat) {
        rows_of<TestType> tile(64 / sizeof(TestType), std::vector<TestType>(columns));
        for (auto& row : tile) {
          const double clumps = 1 + random.below(4);
          for (TestType& value : row) {
            value = static_cast<TestType>(offset + normal(random) + 5 * std::floor(clumps * random.uniform()));
          }
        }
        const auto found = top_clusters(tile, columns);
        for (std::size_t lane = 0; lane < tile.size(); ++lane) {
          ++rows;
          if (!found.certain[lane]) { continue; }
          ++certain;
          std::sort(tile[lane].begin(), tile[lane].end());
          const auto [threshold, gap] = brute_force(tile[lane]);
          wrong += !(found.least[lane] == threshold && gap > 0);
        }
      }
    }
  }
  CAPTURE(certain, rows);
  REQUIRE(wrong == 0);
  REQUIRE(certain > rows / 1000 * 995);  // the float grid at -1e4 makes ties
}

TEMPLATE_TEST_CASE("every row of up to 7 integers 0..7: exact where certain, and ties are not", "", float, double) {
  constexpr std::size_t lanes = 64 / sizeof(TestType);
  std::size_t certain = 0, wrong = 0, rows = 0;
  for (std::size_t columns = 1; columns <= 7; ++columns) {
    std::vector<std::vector<int>> sorted;
    std::vector<int> row(columns, 0);
    const auto solve = [&] {
      for (const auto& [scale, shift] : {std::pair{1.0, 0.0}, std::pair{0x1p-10, -1200.0}, std::pair{3.0, 1e6}}) {
        rows_of<TestType> tile;
        for (const auto& integers : sorted) {
          tile.emplace_back();
          for (const int value : integers) { tile.back().push_back(static_cast<TestType>(scale * value + shift)); }
        }
        const auto found = top_clusters(tile, columns);
        for (std::size_t lane = 0; lane < tile.size(); ++lane) {
          ++rows;
          if (!found.certain[lane]) { continue; }
          ++certain;
          std::vector<int> distinct = sorted[lane];
          distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
          const std::size_t cut = distinct.size() < 3 ? columns - 1 : exact_cut(sorted[lane]);
          wrong += !(found.least[lane] == tile[lane][cut]);
        }
      }
      sorted.clear();
    };
    while (true) {
      sorted.push_back(row);
      if (sorted.size() == lanes) { solve(); }
      std::size_t last = columns;
      while (last > 0 && row[last - 1] == 7) { --last; }
      if (last == 0) { break; }
      std::fill(row.begin() + static_cast<std::ptrdiff_t>(last - 1), row.end(), row[last - 1] + 1);
    }
    solve();
  }
  CAPTURE(certain, rows);
  REQUIRE(wrong == 0);
  REQUIRE(certain > rows / 100 * 90);
  REQUIRE_FALSE(top_clusters<TestType>({{0, 1, 2, 3}}, 4).certain[0]);
}

TEMPLATE_TEST_CASE("rows of fewer than three distinct values", "", float, double) {
  constexpr TestType none = -infinity_of<TestType>;
  const rows_of<TestType> tile{{none, none, none, none}, {none, -7, none, none},  {-7, none, none, -7},
                               {-7, none, -9, none},     {-9, -9, none, -7},      {-9, -7, -7, -7},
                               {-7, -7, -7, -7},         {none, -7, -9.5f, -9.5f}};
  const auto found = top_clusters(tile, 4);
  for (std::size_t lane = 0; lane < tile.size(); ++lane) {
    CAPTURE(lane);
    REQUIRE(found.certain[lane]);
    REQUIRE(found.least[lane] == (lane == 0 ? none : -7));
  }
  for (const std::size_t columns : {1u, 2u}) {
    const auto few = top_clusters<TestType>({std::vector<TestType>(columns, -3)}, columns);
    REQUIRE(few.certain[0]);
    REQUIRE(few.least[0] == -3);
  }
}

TEMPLATE_TEST_CASE("lanes that are not wanted may hold anything, and are not certain", "", float, double) {
  using V = detail::lanes<TestType, 64 / sizeof(TestType), 32>;
  constexpr TestType not_a_number = std::numeric_limits<TestType>::quiet_NaN();
  for (const std::size_t columns : {6u, 60u, 90u}) {
    V values[detail::top_cluster_lanes_limit];
    for (std::size_t k = 0; k < columns; ++k) {
      TestType column[V::count];
      for (std::size_t lane = 0; lane < V::count; ++lane) {
        const TestType odd[] = {not_a_number, infinity_of<TestType>, std::numeric_limits<TestType>::max(), 1};
        column[lane] = lane == 1 ? static_cast<TestType>(k % 3 * 10 + k % 2) : odd[(k + lane) % 4];
      }
      values[k] = V::load(column);
    }
    detail::bits_of<TestType> wanted[V::count]{};
    wanted[1] = -1;
    const auto found =
        detail::top_cluster_lanes<detail::top_cluster_lanes_limit>(values, columns, V::truth::load(wanted));
    for (std::size_t lane = 0; lane < V::count; ++lane) { REQUIRE((found.certain[lane] != 0) == (lane == 1)); }
    REQUIRE(found.least[1] == 20);
  }
}

TEMPLATE_TEST_CASE("Gaussian rows are certain", "", float, double) {
  random_engine random{32, sizeof(TestType)};
  for (const std::size_t columns :
       {3u, 4u, 5u, 8u, 15u, 16u, 17u, 19u, 32u, 33u, 48u, 64u, 65u, 100u, 128u, 129u, 256u}) {
    std::size_t certain = 0, rows = 0, wrong = 0;
    while (rows < 6400) {
      rows_of<TestType> tile(64 / sizeof(TestType), std::vector<TestType>(columns));
      for (auto& row : tile) {
        for (TestType& value : row) { value = static_cast<TestType>(-20 + 3 * normal(random)); }
      }
      const auto found = top_clusters(tile, columns);
      for (std::size_t lane = 0; lane < tile.size(); ++lane) {
        ++rows;
        if (!found.certain[lane]) { continue; }
        ++certain;
        wrong += !(found.least[lane] == scalar_threshold(tile[lane]));
      }
    }
    CAPTURE(columns, certain, rows);
    REQUIRE(wrong == 0);
    REQUIRE(certain >= rows - 2);
  }
}
