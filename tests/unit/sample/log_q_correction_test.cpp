// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/log_q_correction.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "dynamicpo/sample/negatives.hpp"
#include "dynamicpo/sample/popularity.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
namespace sample = dynamicpo::sample;

TEST_CASE("correct_for_sampling: S-DPO's terms are divided by K q, its gradient too") {
  const double beta = 0.7;
  const std::vector<double> chosen{0.3}, rejected{-0.4, 1.1, 0.2}, reference_chosen{0.1}, reference{0.5, -0.2, 0.4};
  const std::vector<double> log_q{-1.0, -3.5, -0.2};
  std::vector<double> corrected_chosen(1), corrected(3), pull_chosen(1), pull(3);
  sample::correct_for_sampling(po::view(reference_chosen, reference), log_q, beta,
                               po::view(corrected_chosen, corrected));
  REQUIRE(corrected_chosen[0] == reference_chosen[0]);
  const auto found =
      po::loss_and_gradient(po::exec::seq, po::vanilla(po::objective::sdpo, beta), po::view(chosen, rejected),
                            po::view(corrected_chosen, corrected), {.gradient = po::view(pull_chosen, pull)});
  double sum = 0;
  std::vector<double> term;
  for (std::size_t k = 0; k < 3; ++k) {
    const double margin = (chosen[0] - reference_chosen[0]) - (rejected[k] - reference[k]);
    term.push_back(std::exp(-beta * margin) / (3 * std::exp(log_q[k])));
    sum += term[k];
  }
  REQUIRE(std::abs(found.loss - std::log1p(sum)) <= 1e-14);
  for (std::size_t k = 0; k < 3; ++k) { REQUIRE(std::abs(pull[k] - beta * term[k] / (1 + sum)) <= 1e-14); }
}

TEST_CASE("correct_for_sampling: drawn sums estimate that over all that is no positive, without bias") {
  constexpr po::index items = 50, rows = 20'000, slots = 8;
  std::vector<double> counts, utility;
  for (po::index i = 0; i < items; ++i) {
    counts.push_back(1.0 + static_cast<double>((i * 7) % 13));
    utility.push_back(std::sin(static_cast<double>(i)));
  }
  const std::vector<sample::item> positives{3, 11};
  std::vector<std::int64_t> offsets;
  std::vector<sample::item> lists, drawn(rows * slots);
  for (po::index row = 0; row <= rows; ++row) {
    offsets.push_back(2 * row);
    if (row < rows) { lists.insert(lists.end(), positives.begin(), positives.end()); }
  }
  std::vector<double> log_q(drawn.size());
  sample::draw_negatives(po::exec::seq, sample::popularity(std::span<const double>(counts), 1.0), rows,
                         {offsets, lists}, {.seed = 5}, true, {.items = drawn, .log_q = log_q});
  std::vector<double> none(rows, 0.0), offset(drawn.size(), 0.0);
  const auto view = po::view(none, offset);
  sample::correct_for_sampling(view, log_q, 2.0, view);  // in place
  double mean = 0, square = 0, expected = 0;
  for (po::index row = 0; row < rows; ++row) {
    double sum = 0;
    for (po::index k = 0; k < slots; ++k) {
      const auto at = static_cast<std::size_t>(row * slots + k);
      sum += std::exp(2.0 * (utility[static_cast<std::size_t>(drawn[at])] - offset[at]));
    }
    mean += sum / rows;
    square += sum * sum / rows;
  }
  for (po::index i = 0; i < items; ++i) {
    if (i != 3 && i != 11) { expected += std::exp(2.0 * utility[static_cast<std::size_t>(i)]); }
  }
  const double error = std::sqrt((square - mean * mean) / rows);
  CAPTURE(mean, expected, error);
  REQUIRE(std::abs(mean - expected) <= 4 * error);
  REQUIRE(4 * error <= 0.02 * expected);  // or the check above says little
}

TEST_CASE("correct_for_sampling: absent negatives are neither read, counted nor written; ragged rows") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> chosen{1, 2}, rejected{0, 0, 0};
  const std::vector<std::int64_t> offsets{0, 2, 3};
  const std::vector<std::uint8_t> mask{1, 0, 1};
  const std::vector<double> log_q{-1, -infinity, -2};
  std::vector<float> to_chosen(2), to{7, 7, 7};
  const auto reference = po::view(chosen, rejected, offsets).with_mask(mask);
  sample::correct_for_sampling(reference, log_q, 0.5, po::view(to_chosen, to, offsets));
  REQUIRE(to_chosen == std::vector<float>{1, 2});
  REQUIRE(to == std::vector<float>{-2, 7, -4});
  REQUIRE_THROWS_WITH(
      sample::correct_for_sampling(po::view(chosen, rejected, offsets), log_q, 0.5, po::view(to_chosen, to, offsets)),
      Catch::Contains("log q of row 0, negative 1 is -inf"));
}

TEST_CASE("correct_for_sampling refuses what has no meaning") {
  const std::vector<double> chosen{1}, rejected{0, 0}, log_q{-1, -1}, three{1, 2, 3};
  std::vector<double> to_chosen(1), to(2);
  const auto reference = po::view(chosen, rejected);
  const auto writes = po::view(to_chosen, to);
  for (const double beta : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), HUGE_VAL}) {
    REQUIRE_THROWS_AS(sample::correct_for_sampling(reference, log_q, beta, writes), std::invalid_argument);
  }
  REQUIRE_THROWS_WITH(sample::correct_for_sampling(reference, std::span(log_q).first(1), 1.0, writes),
                      Catch::Contains("log_q has 1 entries, expected 2"));
  REQUIRE_THROWS_WITH(sample::correct_for_sampling(po::view(chosen, three), three, 1.0, writes),
                      Catch::Contains("another shape"));
  const std::vector<std::int32_t> one{1}, two{1, 2};
  REQUIRE_THROWS_WITH(sample::correct_for_sampling(reference.with_lengths(one, two), log_q, 1.0, writes),
                      Catch::Contains("lengths"));
}
