// SPDX-License-Identifier: MIT
// The boundary selection against brute force: over every pair of cuts, and over every small row of integers.
#include "dynamicpo/select/boundary.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "dynamicpo/workspace.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;
using random_engine = po::sample::philox_engine;

/// Flags of the selected, by the library.
template <class T>
class boundary_of {
 public:
  explicit boundary_of(po::index longest) { buffers_.reserve(longest); }

  const std::vector<std::uint8_t>& operator()(T chosen, const std::vector<T>& rejected) {
    flags_.assign(rejected.size(), 2);
    auto scratch = buffers_.scratch();
    po::select::boundary{}(po::select::row_scores<T>{chosen, rejected}, flags_, scratch);
    return flags_;
  }
  /// The least value of the top cluster, where the way of many negatives can tell.
  std::optional<T> of_cells(const std::vector<T>& rejected) {
    const po::select::scratch<T> scratch = buffers_.scratch();
    return po::detail::binned_cut<T>{rejected, {scratch.values, scratch.sorted, scratch.best, scratch.weights,
                                                scratch.lower, scratch.tick}}
        .least();
  }

 private:
  po::detail::row_buffers<T> buffers_;
  std::vector<std::uint8_t> flags_;
};

/// Rows meant to hurt: ties, duplicates, offsets that swallow digits, outliers of any weight, clumps.
template <class T>
void draw_row(random_engine& random, std::vector<T>& row) {
  row.resize(1 + random.below(64));
  const auto pick = [&](std::initializer_list<double> values) {
    return values.begin()[random.below(static_cast<std::uint32_t>(values.size()))];
  };
  const double offset = pick({0, -1e4, -1200, -5}), spread = pick({1e-6, 1e-3, 1, 30});
  const double levels = pick({2, 3, 4, 10, 1e9}), outlier = pick({-1e30, -1e10, -1e5, 1e30});
  const double outliers = pick({0, 0, 0.05, 0.5, 0.9}), clumps = pick({0, 0, 3, 5});
  for (T& score : row) {
    const double level = std::floor(random.uniform() * levels) / levels;
    const double clump = clumps > 0 ? std::floor(random.uniform() * clumps) * pick({10, 100}) * spread : 0;
    const bool out = random.uniform() < outliers;
    score = static_cast<T>(out ? outlier * (1 + random.below(2)) : offset + spread * level + clump);
  }
  if (random.below(4) == 0) {
    for (T& score : row) { score = static_cast<T>(-static_cast<double>(random.below(10))); }
  }
}

template <class T>
void shuffle(random_engine& random, std::vector<T>& row, std::vector<std::size_t>& order) {
  for (std::size_t i = 0; i < order.size(); ++i) { order[i] = i; }
  for (std::size_t i = row.size(); i > 1; --i) {
    const std::size_t j = random.below(static_cast<std::uint32_t>(i));
    std::swap(row[i - 1], row[j]);
    std::swap(order[i - 1], order[j]);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("the top cluster costs what brute force finds, on a million rows", "[slow]", double, float) {
  random_engine random{2026, sizeof(TestType)};
  boundary_of<TestType> boundary{64};
  std::vector<TestType> row, shuffled;
  std::vector<double> sorted;
  std::vector<std::size_t> order;
  std::size_t clustered = 0, told_by_cells = 0, failures = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    draw_row(random, row);
    const TestType highest = *std::max_element(row.begin(), row.end());
    const std::vector<std::uint8_t> flags = boundary(std::nextafter(highest, infinity_of<TestType>), row);

    shuffled = row;
    order.resize(row.size());
    shuffle(random, shuffled, order);
    const auto& of_shuffled = boundary(std::nextafter(highest, infinity_of<TestType>), shuffled);
    bool sound = true;
    for (std::size_t k = 0; k < row.size(); ++k) { sound = sound && of_shuffled[k] == flags[order[k]]; }

    // Closed under the threshold: the selected are the highest, and whole over duplicates.
    sorted.assign(row.begin(), row.end());
    std::sort(sorted.begin(), sorted.end());
    const auto selected = static_cast<std::size_t>(std::count(flags.begin(), flags.end(), 1));
    sound = sound && selected > 0;
    const std::size_t cut = sorted.size() - selected;
    for (std::size_t k = 0; k < row.size(); ++k) {
      sound = sound && (flags[k] == 1) == (static_cast<double>(row[k]) >= sorted[cut]);
    }

    if (const auto least = boundary.of_cells(row)) {
      ++told_by_cells;
      sound = sound && static_cast<double>(*least) == sorted[cut];
    }

    std::size_t distinct = 1;
    for (std::size_t k = 1; k < sorted.size(); ++k) { distinct += sorted[k] != sorted[k - 1]; }
    if (distinct < 3) {
      sound = sound && sorted[cut] == sorted.back();
    } else if (sound) {
      ++clustered;
      const auto best = oracle::costs_by_top_cluster(sorted);
      const long double optimum = *std::min_element(best.begin(), best.end());
      sound = cut >= 2 && best[cut] <= optimum * (1 + 1e-12L);
      // A larger top cluster that costs the same to 1e-15 would have won.
      for (std::size_t j = 2; j < cut; ++j) { sound = sound && !(best[j] <= optimum * (1 + 1e-15L)); }
    }
    if (!sound && ++failures <= 3) {
      CAPTURE(i, row, sorted, cut);
      CHECK(sound);
    }
  }
  REQUIRE(failures == 0);
  REQUIRE(clustered > 500'000);
  REQUIRE(told_by_cells > 400'000);
}

namespace {

/// Where the largest top cluster among the exactly optimal partitions of sorted integers begins; 3 or more distinct.
std::size_t exact_cut(const std::vector<int>& sorted) {
  const auto n = static_cast<int>(sorted.size());
  struct segment {
    std::int64_t scaled_cost, count;  // cost = scaled_cost / count
  };
  const auto cost = [&](int begin, int end) {
    std::int64_t first = 0, second = 0;
    for (int i = begin; i < end; ++i) {
      first += sorted[static_cast<std::size_t>(i)];
      second += sorted[static_cast<std::size_t>(i)] * sorted[static_cast<std::size_t>(i)];
    }
    return segment{(end - begin) * second - first * first, end - begin};
  };
  std::int64_t best = 0, best_scale = 0;
  int best_cut = 0;
  for (int j = 2; j < n; ++j) {
    const segment top = cost(j, n);
    for (int i = 1; i < j; ++i) {
      const segment low = cost(0, i), middle = cost(i, j);
      const std::int64_t total = low.scaled_cost * middle.count * top.count +
                                 middle.scaled_cost * low.count * top.count +
                                 top.scaled_cost * low.count * middle.count;
      const std::int64_t scale = low.count * middle.count * top.count;
      if (best_scale == 0 || total * best_scale < best * scale) {
        best = total;
        best_scale = scale;
        best_cut = j;
      }
    }
  }
  return static_cast<std::size_t>(best_cut);
}

/// Calls `visit` with every sorted row of `count` integers 0..9.
template <class Visit>
void for_each_multiset(std::size_t count, const Visit& visit) {
  std::vector<int> row(count, 0);
  while (true) {
    visit(row);
    std::size_t last = count;
    while (last > 0 && row[last - 1] == 9) { --last; }
    if (last == 0) { return; }
    std::fill(row.begin() + static_cast<std::ptrdiff_t>(last - 1), row.end(), row[last - 1] + 1);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("equal-cost partitions: the larger top cluster, on every row of up to 9 integers 0..9", "", double,
                   float) {
  boundary_of<TestType> boundary{9};
  std::size_t rows = 0, failures = 0;
  // Scales and shifts that keep the values exact.
  const std::array<std::array<double, 2>, 4> maps{{{1, 0}, {0x1p-10, -1200}, {3, 1e6}, {-0x1p40, 0}}};
  for (std::size_t count = 1; count <= 9; ++count) {
    for_each_multiset(count, [&](const std::vector<int>& ascending) {
      for (const auto& [scale, shift] : maps) {
        std::vector<int> sorted = ascending;
        if (scale < 0) {  // values and their order turn round
          for (int& value : sorted) { value = 9 - value; }
          std::reverse(sorted.begin(), sorted.end());
        }
        std::vector<TestType> row;
        for (const int value : ascending) { row.push_back(static_cast<TestType>(scale * value + shift)); }
        std::vector<int> distinct = sorted;
        distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
        const int least = distinct.size() < 3 ? sorted.back() : sorted[exact_cut(sorted)];
        const auto& flags = boundary(TestType(1e30), row);
        bool sound = true;
        for (std::size_t k = 0; k < row.size(); ++k) {
          const int value = scale < 0 ? 9 - ascending[k] : ascending[k];
          sound = sound && (flags[k] == 1) == (value >= least);
        }
        if (!sound && ++failures <= 3) {
          CAPTURE(sorted, scale, shift);
          CHECK(sound);
        }
        ++rows;
      }
    });
  }
  REQUIRE(failures == 0);
  REQUIRE(rows == 4 * 92377);
}

namespace {

/// Least cost of three clusters of sorted values by the place j >= 2 where the top one begins, infinite where j would
/// split equal values: divide and conquer over the monotone lower cut, in long double from the middle value.
class costs_of_many {
 public:
  explicit costs_of_many(const std::vector<double>& sorted)
      : first_(sorted.size() + 1), second_(sorted.size() + 1), best_(sorted.size(), infinity_of<long double>) {
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      const long double away = static_cast<long double>(sorted[i]) - sorted[sorted.size() / 2];
      first_[i + 1] = first_[i] + away;
      second_[i + 1] = second_[i] + away * away;
    }
    solve(2, sorted.size() - 1, 1, sorted.size() - 2);
    for (std::size_t j = 2; j < sorted.size(); ++j) {
      best_[j] = sorted[j] == sorted[j - 1] ? infinity_of<long double> : best_[j] + cost(j, sorted.size());
    }
  }
  const std::vector<long double>& best() const { return best_; }

 private:
  long double cost(std::size_t begin, std::size_t end) const {
    const long double first = first_[end] - first_[begin];
    return second_[end] - second_[begin] - first * first / static_cast<long double>(end - begin);
  }
  void solve(std::size_t low, std::size_t high, std::size_t first, std::size_t last) {
    const std::size_t j = low + (high - low) / 2;
    std::size_t cut = first;
    for (std::size_t i = first; i <= last && i < j; ++i) {
      const long double candidate = cost(0, i) + cost(i, j);
      if (candidate < best_[j]) {
        best_[j] = candidate;
        cut = i;
      }
    }
    if (low < j) { solve(low, j - 1, first, cut); }
    if (j < high) { solve(j + 1, high, cut, last); }
  }

  std::vector<long double> first_, second_, best_;
};

double normal(random_engine& random) {
  return std::sqrt(-2 * std::log(1 - random.uniform())) * std::cos(6.283185307179586 * random.uniform());
}

/// Many negatives of one of these kinds, in any order.
constexpr std::array many_kinds{"normal", "uniform", "tails", "heavy tails", "clumps", "tight clumps", "ten integers",
                                "many integers", "grid", "offset", "outliers", "mostly outliers"};
constexpr std::size_t exact_kinds = 11;  // from here on, prefix sums in long double lose the costs

template <class T>
void draw_many(random_engine& random, std::size_t kind, std::size_t count, std::vector<T>& row) {
  row.resize(count);
  const auto clumps = 2 + random.below(5);
  for (std::size_t i = 0; i < count; ++i) {
    const double u = random.uniform(), place = static_cast<double>(random.below(clumps));
    double value = 0;
    switch (kind) {
      case 0: value = -20 + 5 * normal(random); break;
      case 1: value = -40 * u; break;
      case 2: value = 3 * std::log(1 - u) - 1; break;
      case 3: value = -20 + normal(random) / (1e-3 + u); break;
      case 4: value = -5 * place + normal(random); break;
      case 5: value = -5 * place + 1e-4 * u; break;
      case 6: value = -static_cast<double>(random.below(10)); break;
      case 7: value = -static_cast<double>(random.below(1000)); break;
      case 8: value = -static_cast<double>(i) / 64; break;
      case 9: value = -1e4 + 1e-2 * u; break;
      case 10: value = u < 0.01 ? -1e4 * (1 + place) : -20 + normal(random); break;
      default: value = u < 0.9 ? -1e6 : -20 + normal(random); break;
    }
    row[i] = static_cast<T>(value);
  }
  const auto order = random.below(3);  // as drawn, ascending, descending
  if (order > 0) { std::sort(row.begin(), row.end()); }
  if (order > 1) { std::reverse(row.begin(), row.end()); }
}

/// Whether the flags are a top cluster of least cost, and no larger one costs as little.
template <class T>
bool is_boundary(const std::vector<std::uint8_t>& flags, const std::vector<T>& row) {
  std::vector<double> sorted(row.begin(), row.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t cut = sorted.size() - static_cast<std::size_t>(std::count(flags.begin(), flags.end(), 1));
  if (cut == sorted.size()) { return false; }
  for (std::size_t k = 0; k < row.size(); ++k) {
    if ((flags[k] == 1) != (static_cast<double>(row[k]) >= sorted[cut])) { return false; }
  }
  std::size_t distinct = 1;
  for (std::size_t k = 1; k < sorted.size(); ++k) { distinct += sorted[k] != sorted[k - 1]; }
  if (distinct < 3) { return sorted[cut] == sorted.back(); }
  const auto best = sorted.size() <= 300 ? oracle::costs_by_top_cluster(sorted) : costs_of_many{sorted}.best();
  const long double optimum = *std::min_element(best.begin(), best.end());
  if (!(cut >= 2 && best[cut] <= optimum * (1 + 1e-12L))) { return false; }
  for (std::size_t j = 2; j < cut; ++j) {
    if (best[j] <= optimum * (1 + 1e-15L)) { return false; }
  }
  return true;
}

}  // namespace

TEMPLATE_TEST_CASE("the top cluster of many negatives costs what an exact search finds", "[slow]", double, float) {
  random_engine random{77, sizeof(TestType)};
  boundary_of<TestType> boundary{5000};
  std::vector<TestType> row;
  std::size_t failures = 0;
  for (int repeat = 0; repeat < 3000; ++repeat) {
    const std::size_t kind = static_cast<std::size_t>(repeat) % many_kinds.size();
    const std::uint32_t sizes[] = {60 + random.below(70), 60 + random.below(400), 1000 + random.below(4000)};
    std::size_t count = sizes[repeat % 50 == 0 ? 2 : random.below(2)];
    if (kind >= exact_kinds) { count = std::min<std::size_t>(count, 300); }
    draw_many(random, kind, count, row);
    const auto& flags = boundary(std::nextafter(*std::max_element(row.begin(), row.end()), infinity_of<TestType>), row);
    if (!is_boundary(flags, row) && ++failures <= 3) {
      CAPTURE(repeat, many_kinds[kind], count);
      CHECK(is_boundary(flags, row));
    }
  }
  REQUIRE(failures == 0);
}

TEMPLATE_TEST_CASE("the top cluster of a million negatives", "[slow]", double, float) {
  random_engine random{78, sizeof(TestType)};
  boundary_of<TestType> boundary{1'000'000};
  std::vector<TestType> row;
  for (const std::size_t kind : {0u, 4u, 6u}) {
    draw_many(random, kind, 1'000'000, row);
    CAPTURE(many_kinds[kind]);
    REQUIRE(is_boundary(boundary(TestType(1e3), row), row));
  }
}
