// SPDX-License-Identifier: MIT
// docs/contract.md, what does not change an answer: threads, splits, the workspace, what else is asked for.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
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

/// One beta for a row, of the mean score of all its negatives.
struct beta_of_rest {
  static constexpr bool lane_wise = true, uniform = true, needs_rest = true;
  template <class V>
  V operator()(const po::beta::context<V>& seen) const {
    return V(1) + V(0.05) * static_cast<V>(seen.mean_rest);
  }
};

/// beta::fixed, without saying that all negatives of a row have one beta.
struct fixed_at_run_time {
  static constexpr bool lane_wise = true, needs_rest = false;
  double base = 1.0;
  template <class V>
  V operator()(const po::beta::context<V>&) const {
    return V(base);
  }
};

/// aggregate::sum, without saying that all margins have one weight.
struct sum_by_hand {
  static constexpr po::index max_negatives = po::aggregate::unlimited;
  static constexpr bool lane_wise = true;
  static constexpr double absent = 0.0;
  template <class Margins, class T = po::detail::margin_type<Margins>>
  T reduce(const Margins& margins) const {
    const T z = static_cast<T>(po::detail::sum(margins));
    for (T& weight : margins) { weight = T(1); }
    return z;
  }
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

TEMPLATE_TEST_CASE("a ragged row has the bits that it has alone, whatever lengths lie beside it", "", float, double) {
  po::sample::philox_engine random{31};
  const std::vector<po::index (*)(po::sample::philox_engine&)> lengths{
      [](po::sample::philox_engine& draw) { return po::index{draw.below(4)}; },
      [](po::sample::philox_engine& draw) { return po::index{draw.below(70)}; },
      [](po::sample::philox_engine& draw) {
        return po::index{draw.below(5) == 0 ? 64 - draw.below(3) : draw.below(2)};
      },
      [](po::sample::philox_engine& draw) { return po::index{14 + draw.below(4)}; }};
  const auto check = [&](const auto& pipeline, const batch<TestType>& of, const std::vector<std::uint8_t>& mask) {
    auto gradient = table_like<const TestType>(of.policy.view(), nan_of<TestType>);
    auto in_place = of.policy;
    const auto masked = [&](const auto& view) { return mask.empty() ? view : view.with_mask(mask); };
    po::loss_and_gradient(po::exec::seq, pipeline, masked(of.policy.view()), of.reference.view(),
                          {.gradient = gradient.view(), .reduction = po::reduction::sum});
    po::loss_and_gradient(po::exec::seq, pipeline, masked(in_place.view()), of.reference.view(),
                          {.gradient = in_place.view(), .reduction = po::reduction::sum});
    REQUIRE(same_bits(gradient, in_place));
    for (po::index row = 0; row < of.policy.view().rows(); ++row) {
      const auto at = static_cast<std::size_t>(row);
      const auto first = static_cast<std::size_t>(of.policy.offsets[at]);
      const auto count = static_cast<std::size_t>(of.policy.offsets[at + 1]) - first;
      const auto part = [&](const std::vector<TestType>& all) {
        return std::vector<TestType>(all.begin() + static_cast<std::ptrdiff_t>(first),
                                     all.begin() + static_cast<std::ptrdiff_t>(first + count));
      };
      const table<TestType> policy{{of.policy.chosen[at]}, part(of.policy.rejected)},
          reference{{of.reference.chosen[at]}, part(of.reference.rejected)};
      auto alone = table_like<const TestType>(policy.view(), nan_of<TestType>);
      const auto own = mask.empty() ? policy.view() : policy.view().with_mask(std::span(mask).subspan(first, count));
      po::loss_and_gradient(po::exec::seq, pipeline, own, reference.view(),
                            {.gradient = alone.view(), .reduction = po::reduction::sum});
      REQUIRE(same_bits(alone.chosen[0], gradient.chosen[at]));
      REQUIRE(same_bits(alone.rejected, part(gradient.rejected)));
    }
  };
  for (const auto length : lengths) {
    batch<TestType> of;
    of.policy.offsets = {0};
    for (po::index row = 0; row < 200; ++row) {
      const po::index count = length(random);
      for (po::index k = -1; k < count; ++k) {
        (k < 0 ? of.policy.chosen : of.policy.rejected).push_back(static_cast<TestType>(between(random, -9, -2)));
        (k < 0 ? of.reference.chosen : of.reference.rejected).push_back(static_cast<TestType>(between(random, -9, -2)));
      }
      of.policy.offsets.push_back(static_cast<std::int64_t>(of.policy.rejected.size()));
    }
    of.reference.offsets = of.policy.offsets;
    std::vector<std::uint8_t> mask;
    for (std::size_t k = 0; k < of.policy.rejected.size(); ++k) {
      mask.push_back(static_cast<std::uint8_t>(random.below(4) > 0));
    }
    for (const auto& some : {std::vector<std::uint8_t>{}, mask}) {
      check(po::vanilla(po::objective::dmpo), of, some);
      check(po::vanilla(po::objective::sdpo), of, some);
      check(po::vanilla(po::objective::mppo), of, some);
      check(po::dynamic(po::objective::dmpo), of, some);
    }
  }
}

TEMPLATE_TEST_CASE("masked negatives count as if they were not there: the same bits, and gradients of 0 without a sign",
                   "", float, double) {
  po::sample::philox_engine random{32};
  const auto check = [](const auto& pipeline, const batch<TestType>& dense, const std::vector<std::uint8_t>& mask,
                        const batch<TestType>& left) {
    CAPTURE(dense.policy.rejected.size() / dense.policy.chosen.size());
    auto masked = table_like<const TestType>(dense.policy.view(), nan_of<TestType>);
    auto removed = table_like<const TestType>(left.policy.view(), nan_of<TestType>);
    std::vector<TestType> beta(masked.rejected.size(), nan_of<TestType>), beta_left(removed.rejected.size());
    const auto with_mask =
        po::loss_and_gradient(po::exec::seq, pipeline, dense.policy.view().with_mask(mask), dense.reference.view(),
                              {.gradient = masked.view(), .effective_beta = beta});
    const auto without = po::loss_and_gradient(po::exec::seq, pipeline, left.policy.view(), left.reference.view(),
                                               {.gradient = removed.view(), .effective_beta = beta_left});
    REQUIRE(same_bits(with_mask.loss, without.loss));
    REQUIRE(with_mask.empty_rows == without.empty_rows);
    REQUIRE(same_bits(masked.chosen, removed.chosen));
    const auto check_entries = [&](const std::vector<TestType>& all, const std::vector<TestType>& expected) {
      std::vector<TestType> there, absent;
      for (std::size_t i = 0; i < mask.size(); ++i) { (mask[i] != 0 ? there : absent).push_back(all[i]); }
      REQUIRE(same_bits(there, expected));
      REQUIRE(same_bits(absent, std::vector<TestType>(absent.size(), TestType(0))));
    };
    check_entries(masked.rejected, removed.rejected);
    check_entries(beta, beta_left);
  };
  for (const po::index negatives : {1, 4, 8, 11, 15, 16, 19, 40, 64, 150, 700}) {
    const auto rows = std::size_t{70}, size = static_cast<std::size_t>(negatives);
    auto dense = random_batch<TestType>(33, 70, negatives);
    batch<TestType> left;
    left.policy.chosen = dense.policy.chosen;
    left.reference.chosen = dense.reference.chosen;
    left.policy.offsets = {0};
    std::vector<std::uint8_t> mask;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::uint32_t kind = random.below(6);  // nothing there, all there, or some
      for (std::size_t i = row * size; i < (row + 1) * size; ++i) {
        mask.push_back(static_cast<std::uint8_t>(kind == 0 ? 0 : kind == 1 ? 1 : random.below(2)));
        if (mask.back() != 0) {
          left.policy.rejected.push_back(dense.policy.rejected[i]);
          left.reference.rejected.push_back(dense.reference.rejected[i]);
        } else {
          dense.policy.rejected[i] = random.below(2) == 0 ? nan_of<TestType> : infinity_of<TestType>;
        }
      }
      left.policy.offsets.push_back(static_cast<std::int64_t>(left.policy.rejected.size()));
    }
    left.reference.offsets = left.policy.offsets;
    check(po::vanilla(po::objective::dmpo), dense, mask, left);
    check(po::vanilla(po::objective::sdpo), dense, mask, left);
    check(po::vanilla(po::objective::mppo), dense, mask, left);
    check(po::dynamic(po::objective::dmpo), dense, mask, left);
    // Slopes that are 0, of either sign, or infinite: of what takes part they show, of what does not they must not.
    for (const double base : {0.0, -1.0}) { check(po::vanilla(po::objective::sdpo, base), dense, mask, left); }
    for (const double scale : {1.0, 1e18, 1e30}) {
      auto scaled = dense;
      auto scaled_left = left;
      for (auto* all : {&scaled.policy, &scaled_left.policy}) {
        for (TestType& score : all->chosen) { score *= static_cast<TestType>(scale); }
      }
      const po::objective::composed<po::margin::log_ratio, po::aggregate::soft_minimum, po::link::hinge> hinge{};
      const po::objective::composed<po::margin::log_ratio, po::aggregate::soft_minimum, po::link::squared> squared{};
      check(po::vanilla(hinge), scaled, mask, scaled_left);
      check(po::vanilla(squared), scaled, mask, scaled_left);
    }
  }
}

TEMPLATE_TEST_CASE("a wide or long dense row has the bits that it has alone, whatever rows lie beside it", "", float,
                   double) {
  const auto check = [](const auto& pipeline, const batch<TestType>& of, const auto& reference) {
    const auto whole = of.policy.view();
    const auto rows = static_cast<std::size_t>(whole.rows());
    auto gradient = table_like<const TestType>(whole, nan_of<TestType>), alone = gradient;
    auto in_place = of.policy;
    std::vector<TestType> row_loss(rows), loss(rows);
    const auto see = [&](const auto& policy, const auto& frozen, const auto& to, std::span<TestType> losses) {
      return po::loss_and_gradient(
          po::exec::seq, pipeline, policy, frozen,
          {.gradient = to, .row_loss = losses, .reduction = po::reduction::sum, .nonfinite = po::nonfinite::skip});
    };
    const auto result = see(whole, reference, gradient.view(), row_loss);
    REQUIRE((result.rows > 20 && result.invalid_rows > 0 && result.rows + result.invalid_rows == whole.rows()));
    for (po::index row = 0; row < whole.rows(); ++row) {
      const auto one = [&] {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(reference)>, po::reference_free_t>) {
          return po::reference_free;
        } else {
          return reference.slice(row, 1);
        }
      }();
      see(whole.slice(row, 1), one, alone.view().slice(row, 1),
          std::span(loss).subspan(static_cast<std::size_t>(row), 1));
    }
    REQUIRE(same_bits(loss, row_loss));
    REQUIRE(same_bits(alone, gradient));
    see(in_place.view(), reference, in_place.view(), loss);
    REQUIRE(same_bits(loss, row_loss));
    REQUIRE(same_bits(in_place, gradient));
  };
  for (const po::index negatives : {31, 32, 47, 64, 65, 79, 80, 100, 129, 1000, 1025}) {
    auto of = random_batch<TestType>(32, 53, negatives);
    of.policy.chosen[7] = nan_of<TestType>;
    of.policy.rejected[static_cast<std::size_t>(20 * negatives)] = nan_of<TestType>;
    of.policy.rejected[static_cast<std::size_t>(40 * negatives - 1)] = -infinity_of<TestType>;
    of.reference.rejected[static_cast<std::size_t>(34 * negatives - 1)] = infinity_of<TestType>;
    CAPTURE(negatives);
    const auto reference = of.reference.view();
    check(po::vanilla(po::objective::dmpo), of, reference);
    check(po::vanilla(po::objective::sdpo), of, reference);
    check(po::vanilla(po::objective::mppo), of, po::reference_free);
    check(po::vanilla(po::objective::dmpo), of, po::reference_free);
    check(po::dynamic(po::objective::dmpo), of, reference);
    check(po::dynamic(po::objective::sdpo), of, reference);
    check(po::dynamic(po::objective::mppo), of, po::reference_free);
    check(po::vanilla(po::objective::slic(2.0)), of, reference);
    check(po::pipeline{po::select::all{}, beta_of_rest{}, po::objective::dmpo}, of, reference);
    check(po::vanilla(po::objective::composed<po::margin::log_ratio, po::aggregate::sum, po::link::logistic>{}), of,
          reference);
  }
}

TEMPLATE_TEST_CASE("a beta of the mean score reads scores, however many negatives there are", "", float, double) {
  const auto check = [](po::index negatives, const auto& of, const auto& reference, bool has_reference) {
    std::vector<TestType> row_loss(35);
    po::loss(po::exec::seq, po::pipeline{po::select::all{}, beta_of_rest{}, po::objective::dmpo}, of.policy.view(),
             reference, {.row_loss = row_loss});
    for (std::size_t row = 0; row < row_loss.size(); ++row) {
      double score = 0, ratio = 0;
      const auto count = static_cast<std::size_t>(negatives);
      for (std::size_t i = row * count; i < (row + 1) * count; ++i) {
        const TestType frozen = has_reference ? of.reference.rejected[i] : TestType(0);
        score += static_cast<double>(of.policy.rejected[i]) / static_cast<double>(negatives);
        ratio += static_cast<double>(of.policy.rejected[i] - frozen) / static_cast<double>(negatives);
      }
      const double chosen =
          static_cast<double>(of.policy.chosen[row] - (has_reference ? of.reference.chosen[row] : TestType(0)));
      const double expected = std::log1p(std::exp(-(1 + 0.05 * score) * (chosen - ratio)));
      CAPTURE(negatives, row, has_reference);
      REQUIRE(std::abs(static_cast<double>(row_loss[row]) - expected) <= 1e-5 * std::max(1.0, expected));
    }
  };
  for (const po::index negatives : {3, 5, 20, 64, 100}) {
    const auto of = random_batch<TestType>(33, 35, negatives);
    check(negatives, of, of.reference.view(), true);
    check(negatives, of, po::reference_free, false);
  }
}

TEMPLATE_TEST_CASE("a beta has the same bits whether or not its type tells that it is one for all", "", float, double) {
  const auto check = [](const auto& objective, const auto& select) {
    for (const po::index negatives : {1, 3, 15, 64, 100}) {
      for (const bool ragged : {false, true}) {
        const auto of = random_batch<TestType>(34, 53, negatives, ragged);
        const auto policy = of.policy.view();
        auto expected = table_like<const TestType>(policy, nan_of<TestType>), found = expected;
        std::vector<TestType> expected_loss(53), loss(53);
        const auto see = [&](const auto& rule, const auto& gradient, std::span<TestType> losses) {
          po::loss_and_gradient(po::exec::seq, po::pipeline{select, rule, objective}, policy, of.reference.view(),
                                {.gradient = gradient, .row_loss = losses});
        };
        see(po::beta::fixed{0.3}, expected.view(), expected_loss);
        see(fixed_at_run_time{0.3}, found.view(), loss);
        CAPTURE(negatives, ragged);
        REQUIRE(same_bits(loss, expected_loss));
        REQUIRE(same_bits(found, expected));
      }
    }
  };
  check(po::objective::dmpo, po::select::all{});
  check(po::objective::sdpo, po::select::all{});
  check(po::objective::mppo, po::select::all{});
  check(po::objective::simpo(0.5), po::select::all{});
  check(po::objective::sdpo, po::select::boundary{});
  check(po::objective::dmpo, po::select::violators{});
}

TEMPLATE_TEST_CASE("an aggregate that says no more than that it is lane-wise gets a gradient without a sum", "", float,
                   double) {
  for (const po::index negatives : {1, 15, 33, 64, 65, 70, 80, 1000}) {
    const auto of = random_batch<TestType>(34, 37, negatives);
    auto gradient = table_like<const TestType>(of.policy.view(), nan_of<TestType>);
    po::loss_and_gradient(
        po::exec::seq, po::vanilla(po::objective::composed<po::margin::log_ratio, sum_by_hand, po::link::logistic>{}),
        of.policy.view(), of.reference.view(), {.gradient = gradient.view()});
    for (std::size_t row = 0; row < 37; ++row) {
      double sum = static_cast<double>(gradient.chosen[row]), size = std::abs(sum);
      for (std::size_t k = 0; k < static_cast<std::size_t>(negatives); ++k) {
        sum += static_cast<double>(gradient.rejected[row * static_cast<std::size_t>(negatives) + k]);
      }
      CAPTURE(negatives, row, sum, size);
      const auto rounding =
          static_cast<double>(negatives) * static_cast<double>(std::numeric_limits<TestType>::epsilon());
      REQUIRE(std::abs(sum) <= rounding * size);
    }
  }
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
