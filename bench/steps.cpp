// SPDX-License-Identifier: MIT
// What each step of a tile takes alone: 16 rows of 15 floats, everything in the nearest cache, each step over tile
// after tile, so that none waits for another. What a loss takes in all is no less than the longest of its steps, and no
// less than their sum where they need the same ports of the processor.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dynamicpo/detail/fill_lines.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/top_cluster_lanes.hpp"
#include "dynamicpo/detail/transpose.hpp"
#include "dynamicpo/dynamicpo.hpp"
#include "report/interleaved.hpp"
#include "report/machine.hpp"
#include "report/stopwatch.hpp"

namespace {

namespace dp = dynamicpo;
namespace detail = dynamicpo::detail;
namespace elementary = dynamicpo::detail::elementary;
using V = detail::lanes<float, 16, detail::target_bytes>;
using sums = dp::scalar_traits<V>::accumulator;
using panel = detail::panel<V>;

constexpr std::size_t negatives = 15, tiles = 4, room = negatives + 1, tile_size = V::count * negatives;

struct data {
  std::vector<float> policy, reference, gradient;
  V column[tiles][room], result[tiles][room];
  V chosen{-1.0f}, of_tile[tiles];
  sums total[tiles];

  data() : policy(tiles * tile_size + room), reference(policy.size()), gradient(policy.size()) {
    dp::sample::philox_engine random{7};
    const auto score = [&] { return static_cast<float>(-10 * random.uniform() - 1.5); };  // below the chosen one
    std::generate(policy.begin(), policy.end(), score);
    std::generate(reference.begin(), reference.end(), score);
    float row[V::count];
    for (std::size_t t = 0; t < tiles; ++t) {
      for (V& each : column[t]) {
        std::generate(row, row + V::count, score);
        each = V::load(row);
      }
      of_tile[t] = column[t][0];
    }
  }
};

/// Calls work(t) for every tile, and has the compiler take memory for read and written.
template <class Work>
[[gnu::noinline]] void for_each_tile(const Work& work) {
  for (std::size_t t = 0; t < tiles; ++t) { work(t); }
  __asm__ volatile("" ::: "memory");
}

constexpr auto nothing = []() __attribute__((always_inline)){};

template <class T>
detail::spaced<T> columns_from(const detail::spaced<T>& rows, std::size_t first) {
  return {rows.base + first, rows.stride};
}
template <class Panel, class From>
void load_columns(const From& from, V* to) {
  if constexpr (Panel::has_squares) {
    Panel::load_square(from, to, nothing);
  } else {
    for (std::size_t k = 0; k < negatives; k += Panel::columns) {
      const std::size_t first = std::min(k, negatives - Panel::columns);
      Panel::load(columns_from(from, first), to + first);
    }
  }
}
template <class Panel, class From>
void load_differences(const From& from, const From& other, V* to) {
  if constexpr (Panel::has_squares) {
    Panel::load_square_difference(from, other, to, nothing);
  } else {
    for (std::size_t k = 0; k < negatives; k += Panel::columns) {
      const std::size_t first = std::min(k, negatives - Panel::columns);
      Panel::load_difference(columns_from(from, first), columns_from(other, first), to + first);
    }
  }
}

struct step {
  const char* name;
  std::function<void()> run;
};

std::vector<step> steps_of(data& of) {
  const auto at = [](auto& array, std::size_t t) {
    using number = std::remove_reference_t<decltype(array[0])>;
    return detail::spaced<number>{array.data() + t * tile_size, negatives};
  };
  const auto each_column = [&of](const auto& function) {
    return [&of, function] {
      for_each_tile([&](std::size_t t) __attribute__((always_inline)) {
        for (std::size_t k = 0; k < negatives; ++k) { of.result[t][k] = function(of.column[t][k]); }
      });
    };
  };
  const dp::beta::dual_margin beta;
  const dp::link::logistic link;
  return {
      {"differences of two arrays to lanes",
       [=, &of] {
         for_each_tile([&](std::size_t t) __attribute__((always_inline)) {
           load_differences<panel>(at(std::as_const(of.policy), t), at(std::as_const(of.reference), t), of.result[t]);
         });
       }},
      {"one array to lanes",
       [=, &of] {
         for_each_tile([&](std::size_t t) __attribute__((always_inline)) {
           load_columns<panel>(at(std::as_const(of.policy), t), of.result[t]);
         });
       }},
      {"lanes to rows",
       [=, &of] {
         for_each_tile([&](std::size_t t) __attribute__((always_inline)) {
           const auto to = at(of.gradient, t);
           for (std::size_t k = 0; k < negatives; k += panel::columns) {
             const std::size_t first = std::min(k, negatives - panel::columns);
             panel::store(of.column[t] + first, columns_from(to, first));
           }
         });
       }},
      {"sum in double",
       [&of] {
         for_each_tile([&](std::size_t t) __attribute__((always_inline)) {
           sums total(0);
           for (std::size_t k = 0; k < negatives; ++k) { total += sums(of.column[t][k]); }
           of.total[t] = total;
         });
       }},
      {"loss and slope of one margin a row",
       [&of, link] {
         for_each_tile([&](std::size_t t) __attribute__((always_inline)) {
           of.result[t][0] = link.value(of.of_tile[t]);
           of.result[t][1] = link.derivative(of.of_tile[t]);
         });
       }},
      {"exponential of what is not above 0",
       each_column([](const V& x) __attribute__((always_inline)) { return elementary::decay(x); })},
      {"exponential", each_column([](const V& x) __attribute__((always_inline)) { return elementary::exp(x); })},
      {"dual-margin beta: the two margins and their quotient",
       each_column([&of, beta ](const V& x) __attribute__((always_inline)) {
         return beta.argument(dp::beta::context<V>{of.chosen, x, sums(-4.0)});
       })},
      {"dual-margin beta: tanh",
       each_column([beta](const V& x) __attribute__((always_inline)) { return beta.of_argument(x); })},
      {"sort of 15",
       [&of] {
         for_each_tile([&](std::size_t t) __attribute__((always_inline)) {
           V sorted[detail::short_rows_limit];
           const V* const first = detail::sort_lanes<detail::short_rows_limit>(
               sorted, negatives, [&](std::size_t k) __attribute__((always_inline)) { return of.column[t][k]; });
           for (std::size_t k = 0; k < negatives; ++k) { of.result[t][k] = first[k]; }
         });
       }},
      {"exact 3-means of 15, sort included",
       [&of] {
         for_each_tile([&](std::size_t t) __attribute__((always_inline)) {
           of.result[t][0] =
               detail::top_cluster_lanes<detail::short_rows_limit>(of.column[t], negatives, V::truth(-1)).least;
         });
       }},
  };
}

}  // namespace

int main() {
  data of;
  const std::vector<step> steps = steps_of(of);
  std::vector<bench::interleaved::one_run> contenders;
  for (const step& each : steps) {
    contenders.push_back(bench::stopwatch(each.run, tiles * V::count, bench::timed_by::processor));
  }
  const bench::interleaved timed(contenders, 31);
  std::printf("%s\n%-55s %s\n",
              bench::describe_machine("registers of " + std::to_string(detail::target_bytes) + " bytes").c_str(),
              "step", "ns a row");
  for (std::size_t i = 0; i < steps.size(); ++i) { std::printf("%-55s %8.2f\n", steps[i].name, timed.of(i).median); }
  return 0;
}
