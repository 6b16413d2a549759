// SPDX-License-Identifier: MIT
#include "selection_bench/synthetic.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "dynamicpo/sample/philox.hpp"

namespace selection_bench {
namespace {

class row_draws {
 public:
  row_draws(std::uint64_t seed, std::uint64_t row) : random_{seed, row} {}

  std::uint32_t below(std::size_t bound) { return random_.below(static_cast<std::uint32_t>(bound)); }
  // Log-uniform in [1 / most, most].
  double factor(double most) { return std::pow(most, 2 * random_.uniform() - 1); }
  double exponential(double mean) { return -mean * std::log(positive_uniform()); }
  // Box and Muller, 1958.
  double normal(const score_group& of) {
    const double radius = std::sqrt(-2 * std::log(positive_uniform()));
    return of.mean + of.deviation * radius * std::cos(2 * std::numbers::pi * random_.uniform());
  }

 private:
  double positive_uniform() { return random_.uniform() + 0x1p-54; }

  dynamicpo::sample::philox_engine random_;
};

}  // namespace

std::span<const scenario> scenarios() {
  static const std::array<scenario, 8> all{{
      {.id = "even",
       .title = "1 in 3 on the boundary",
       .meaning = "K = 15, three groups of like size, apart",
       .negatives = 15,
       .boundary = 5},
      {.id = "scarce",
       .title = "1 in 8 on the boundary",
       .meaning = "K = 15, as above with two on the boundary",
       .negatives = 15,
       .boundary = 2},
      {.id = "rare",
       .title = "1 in 32 on the boundary",
       .meaning = "K = 64, as above with two on the boundary",
       .negatives = 64,
       .boundary = 2},
      {.id = "crowded",
       .title = "2 in 3 on the boundary",
       .meaning = "K = 15, as above with ten on the boundary, on average",
       .negatives = 15,
       .boundary = 10},
      {.id = "overlap",
       .title = "Groups that overlap",
       .meaning = "K = 15, five on the boundary, the medium ones two nats below them with a deviation of 1.2",
       .negatives = 15,
       .boundary = 5,
       .medium = {-3, 1.2}},
      {.id = "tail",
       .title = "A long tail",
       .meaning = "K = 15, five on the boundary, the others fall off exponentially by 6 nats: no three groups",
       .negatives = 15,
       .boundary = 5,
       .medium = {-3, 0},
       .tail = 6},
      {.id = "scales",
       .title = "A scale of its own for every row",
       .meaning = "K = 15, five on the boundary, distances of a row times a factor between a quarter and four",
       .negatives = 15,
       .boundary = 5,
       .scale = 4},
      {.id = "learnt",
       .title = "No violators left",
       .meaning = "K = 15, five around 4 nats below the chosen item, so what decides is clustering alone",
       .negatives = 15,
       .boundary = 5,
       .near = {-4, 0.8},
       .medium = {-8, 1},
       .easy = {-12, 1.5}},
  }};
  return all;
}

labelled_rows make_rows(const scenario& of, std::size_t rows, std::uint64_t seed) {
  labelled_rows made;
  std::vector<std::pair<double, std::uint8_t>> row(of.negatives);
  std::vector<double> scores(of.negatives);
  for (std::size_t r = 0; r < rows; ++r) {
    row_draws draw{seed, r};
    const double chosen = draw.normal({-12, 2}), scale = draw.factor(of.scale);
    const std::size_t spread = std::min(of.boundary - 1, of.negatives - 1 - of.boundary);
    const std::size_t boundary = of.boundary - spread + draw.below(2 * spread + 1);
    for (std::size_t i = 0; i < of.negatives; ++i) {
      const bool near = i < boundary;
      const double above = near          ? draw.normal(of.near)
                           : of.tail > 0 ? of.medium.mean - draw.exponential(of.tail)
                           : i % 2 == 0  ? draw.normal(of.medium)
                                         : draw.normal(of.easy);
      row[i] = {chosen + scale * above, near ? std::uint8_t{1} : std::uint8_t{0}};
    }
    for (std::size_t left = of.negatives; left > 1; --left) std::swap(row[left - 1], row[draw.below(left)]);
    for (std::size_t i = 0; i < of.negatives; ++i) {
      scores[i] = row[i].first;
      made.boundary.push_back(row[i].second);
    }
    made.scores.add(chosen, scores);
  }
  return made;
}

}  // namespace selection_bench
