// SPDX-License-Identifier: MIT
// docs/contract.md, what does not change an answer: threads, splits, the workspace, what else is asked for.
#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "support/catch.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

/// Rows of every sort in several blocks: ragged, masked, with lengths, empty, invalid.
template <class T>
struct mixed_batch {
  batch<T> scores;
  std::vector<std::uint8_t> mask;
  std::vector<std::int32_t> chosen_lengths, rejected_lengths;

  mixed_batch(po::index rows, po::index negatives, bool ragged) : scores{random_batch<T>(11, rows, negatives, ragged)} {
    po::sample::philox_engine random{12};
    for (T& score : scores.policy.chosen) {
      if (random.below(40) == 0) { score = nan_of<T>; }
    }
    for (T& score : scores.policy.rejected) {
      if (random.below(200) == 0) { score = -infinity_of<T>; }
    }
    for (std::size_t i = 0; i < scores.policy.rejected.size(); ++i) {
      mask.push_back(static_cast<std::uint8_t>(random.below(4) > 0));
      rejected_lengths.push_back(static_cast<std::int32_t>(random.below(9)));
    }
    for (std::size_t i = 0; i < scores.policy.chosen.size(); ++i) {
      chosen_lengths.push_back(static_cast<std::int32_t>(random.below(30)));
    }
  }
  auto policy() const { return scores.policy.view().with_mask(mask).with_lengths(chosen_lengths, rejected_lengths); }
  auto reference() const { return scores.reference.view().with_lengths(chosen_lengths, rejected_lengths); }
};

}  // namespace

TEMPLATE_TEST_CASE("seq and threads give the same bits for any thread count", "[threads]", float, double) {
  const auto check = [](const char* name, const auto& pipeline) {
    for (const bool ragged : {false, true}) {
      const mixed_batch<TestType> rows{2000, 9, ragged};
      for (const auto reduction : {po::reduction::mean, po::reduction::sum, po::reduction::none}) {
        for (const auto nonfinite : {po::nonfinite::skip, po::nonfinite::propagate}) {
          const how options{reduction, nonfinite};
          const auto one = evaluate(pipeline, rows.policy(), rows.reference(), options);
          REQUIRE(one.result.invalid_rows > 0);
          REQUIRE(one.result.empty_rows > 0);
          for (const unsigned threads : {1u, 2u, 7u}) {
            CAPTURE(name, ragged, reduction, nonfinite, threads);
            const auto many = evaluate(pipeline, rows.policy(), rows.reference(), options, po::exec::threads{threads});
            REQUIRE(same_bits(one, many));
          }
        }
      }
    }
  };
  check("sdpo", po::dynamic(po::objective::sdpo, {.base = 0.5, .gamma = 1}));
  check("random", po::pipeline{po::select::random_k{.count = 3, .seed = 4}, po::beta::fixed{}, po::objective::mppo});
}

TEST_CASE("select_negatives gives the same lists for any thread count", "[threads]") {
  const mixed_batch<double> rows{2000, 9, true};
  const auto lists = [&](const auto& exec) {
    std::vector<std::int64_t> offsets(2001);
    std::vector<std::int32_t> slots(rows.mask.size());
    std::vector<po::selection_rule> rule(2000);
    std::vector<double> mean_rest(2000);
    po::select_negatives(
        exec, po::select::boundary{}, rows.policy(),
        {.offsets = offsets, .slots = slots, .rule = rule, .mean_rest = mean_rest, .nonfinite = po::nonfinite::skip});
    slots.resize(static_cast<std::size_t>(offsets.back()));
    return std::tuple{offsets, slots, rule, mean_rest};
  };
  const auto [offsets, slots, rule, mean_rest] = lists(po::exec::seq);
  const auto many = lists(po::exec::threads{7});
  REQUIRE(std::get<0>(many) == offsets);
  REQUIRE(std::get<1>(many) == slots);
  REQUIRE(std::get<2>(many) == rule);
  REQUIRE(same_bits(std::get<3>(many), mean_rest));
}

TEMPLATE_TEST_CASE("splitting a batch gives the same sums as the whole", "", float, double) {
  const auto check = [](const char* name, const auto& pipeline_at) {
    for (const bool ragged : {false, true}) {
      CAPTURE(name, ragged);
      const mixed_batch<TestType> rows{700, 5, ragged};
      const auto whole = evaluate(pipeline_at(0), rows.policy(), rows.reference());
      double loss = 0;
      po::row_counts counts;
      auto seen = decltype(whole.result.instruments){};
      for (po::index first = 0; first < 700;) {
        const po::index count = std::min<po::index>(700 - first, 1 + 3 * first);
        const auto policy = rows.policy().slice(first, count);
        const auto part = evaluate(pipeline_at(first), policy, rows.reference().slice(first, count));
        for (po::index row = 0; row < count; ++row) {
          REQUIRE(same_bits(row_of(part, row), row_of(whole, first + row)));
        }
        loss += part.result.loss;
        counts.merge(part.result);
        seen.merge(part.result.instruments);
        first += count;
      }
      REQUIRE(std::abs(loss - whole.result.loss) <= 1e-14 * std::abs(whole.result.loss));
      REQUIRE(counts.rows == whole.result.rows);
      REQUIRE(counts.invalid_rows == whole.result.invalid_rows);
      REQUIRE(counts.empty_rows == whole.result.empty_rows);
      REQUIRE(seen.pair_wins == whole.result.instruments.pair_wins);
      REQUIRE(seen.selected == whole.result.instruments.selected);
      REQUIRE(std::abs(seen.gradient_sum - whole.result.instruments.gradient_sum) <= 1e-13 * seen.gradient_sum);
    }
  };
  check("sdpo", [](po::index) { return po::dynamic(po::objective::sdpo, {.base = 0.5}); });
  check("random", [](po::index first) {
    return po::pipeline{po::select::random_k{.count = 2, .seed = 9, .first_row = first}, po::beta::fixed{},
                        po::objective::dmpo};
  });
}

TEMPLATE_TEST_CASE("the mean is the sum divided by the rows that count, gradients too", "", float, double) {
  const mixed_batch<TestType> rows{500, 6, false};
  const auto dynamic = po::dynamic(po::objective::dmpo, {.base = 0.5});
  const auto sum = evaluate(dynamic, rows.policy(), rows.reference());
  const auto mean = evaluate(dynamic, rows.policy(), rows.reference(), {.reduction = po::reduction::mean});
  REQUIRE(mean.result.rows < 500);
  REQUIRE(mean.result.loss == sum.result.loss / static_cast<double>(mean.result.rows));
  const auto epsilon = static_cast<double>(std::numeric_limits<TestType>::epsilon());
  for (std::size_t i = 0; i < sum.gradient.rejected.size(); ++i) {
    const double expected = static_cast<double>(sum.gradient.rejected[i]) / static_cast<double>(mean.result.rows);
    // Scaling before the last products instead of after: eight roundings of half a unit part the two.
    REQUIRE(std::abs(static_cast<double>(mean.gradient.rejected[i]) - expected) <= 4 * epsilon * std::abs(expected));
  }
  const auto none = evaluate(dynamic, rows.policy(), rows.reference(), {.reduction = po::reduction::none});
  REQUIRE(same_bits(none, sum));
}

TEMPLATE_TEST_CASE("what else is asked for changes no bit: loss alone, instruments, outputs, a used workspace", "",
                   float, double) {
  const mixed_batch<TestType> rows{400, 7, true};
  const auto check = [&](const char* name, const auto& pipeline) {
    CAPTURE(name);
    const auto all = evaluate(pipeline, rows.policy(), rows.reference());
    const auto same = [&](const auto& result) {
      return same_counts(result, all.result) && same_bits(result.loss, all.result.loss);
    };
    po::workspace<TestType> used;
    const po::outputs<TestType> bare{
        .reduction = po::reduction::sum, .nonfinite = po::nonfinite::skip, .workspace = &used};
    const mixed_batch<TestType> other{33, 40, false};
    po::loss(po::exec::threads{2}, pipeline, other.policy(), other.reference(), bare);

    REQUIRE(same(po::loss(po::exec::seq, pipeline, rows.policy(), rows.reference(), bare)));
    const auto seen = po::loss(po::exec::seq, pipeline, rows.policy(), rows.reference(), bare, po::with_instruments);
    REQUIRE(same(seen));
    REQUIRE(same_bits(seen.instruments, all.result.instruments));
    table<TestType> gradient = table_like(rows.policy(), nan_of<TestType>);
    auto with_gradient = bare;
    with_gradient.gradient = gradient.view();
    REQUIRE(same(po::loss_and_gradient(po::exec::seq, pipeline, rows.policy(), rows.reference(), with_gradient)));
    REQUIRE(same_bits(gradient, all.gradient));
  };
  check("sdpo", po::dynamic(po::objective::sdpo, {.base = 0.3}));
  check("mppo", po::vanilla(po::objective::mppo));
}
