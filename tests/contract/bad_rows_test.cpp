// SPDX-License-Identifier: MIT
// docs/contract.md, the lines about rows that are not finite, absent negatives and empty sequences.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/message_of.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

/// A way for row 1 to be invalid. slot -1: the chosen.
struct fault {
  const char* name;
  po::defect defect;
  po::index slot;
  double policy, reference;
};

constexpr double keep = 12345;
constexpr fault faults[] = {
    {"chosen NaN", po::defect::chosen_score, -1, nan_of<double>, keep},
    {"chosen -inf", po::defect::chosen_score, -1, -infinity_of<double>, keep},
    {"chosen +inf", po::defect::chosen_score, -1, infinity_of<double>, keep},
    {"chosen -inf minus -inf", po::defect::chosen_score, -1, -infinity_of<double>, -infinity_of<double>},
    {"chosen reference NaN", po::defect::chosen_log_ratio, -1, keep, nan_of<double>},
    {"chosen reference -inf", po::defect::chosen_log_ratio, -1, keep, -infinity_of<double>},
    {"rejected NaN", po::defect::rejected_score, 2, nan_of<double>, keep},
    {"rejected +inf", po::defect::rejected_score, 2, infinity_of<double>, keep},
    {"rejected reference NaN", po::defect::rejected_log_ratio, 2, keep, nan_of<double>},
    {"rejected reference +inf", po::defect::rejected_log_ratio, 2, keep, infinity_of<double>},
    {"rejected -inf minus -inf", po::defect::rejected_log_ratio, 2, -infinity_of<double>, -infinity_of<double>},
    {"rejected -inf minus NaN", po::defect::rejected_log_ratio, 2, -infinity_of<double>, nan_of<double>},
};

constexpr po::index bad = 1, negatives = 4;

template <class T>
batch<T> with_fault(batch<T> scores, const fault& what) {
  const auto put = [&](table<T>& into, double value) {
    T& entry = what.slot < 0 ? into.chosen[bad] : into.rejected[bad * negatives + static_cast<std::size_t>(what.slot)];
    if (value != keep) { entry = static_cast<T>(value); }
  };
  put(scores.policy, what.policy);
  put(scores.reference, what.reference);
  return scores;
}

/// Outputs of a call that may throw.
template <class T>
struct written {
  table<T> gradient;
  std::vector<T> row_loss, beta;
  std::string error;
};

template <class Pipeline, class T>
written<T> call(const Pipeline& pipeline, const batch<T>& scores, po::nonfinite nonfinite) {
  written<T> out{table_like(scores.policy.view(), T(77)),
                 std::vector<T>(scores.policy.chosen.size(), T(77)),
                 std::vector<T>(scores.policy.rejected.size(), T(77)),
                 {}};
  out.error = message_of<std::domain_error>([&] {
    po::loss_and_gradient(po::exec::seq, pipeline, scores.policy.view(), scores.reference.view(),
                          {.gradient = out.gradient.view(),
                           .row_loss = out.row_loss,
                           .effective_beta = out.beta,
                           .reduction = po::reduction::sum,
                           .nonfinite = nonfinite});
  });
  return out;
}

}  // namespace

TEMPLATE_TEST_CASE("a bad row never changes one bit of any other row", "", float, double) {
  const batch<TestType> good = random_batch<TestType>(1, 4, negatives);
  const auto check = [&](const char* name, const auto& pipeline, const fault& what) {
    CAPTURE(name, what.name);
    const auto clean = evaluate(pipeline, good.policy.view(), good.reference.view());
    const batch<TestType> scores = with_fault(good, what);
    for (const auto nonfinite : {po::nonfinite::skip, po::nonfinite::propagate}) {
      const auto found = evaluate(pipeline, scores.policy.view(), scores.reference.view(), {.nonfinite = nonfinite});
      for (const po::index row : {0, 2, 3}) { REQUIRE(same_bits(row_of(found, row), row_of(clean, row))); }
      REQUIRE(found.result.rows == 3);
      REQUIRE(found.result.invalid_rows == 1);
      REQUIRE(found.result.first_invalid.row == bad);
      REQUIRE(found.result.first_invalid.slot == what.slot);
      REQUIRE(found.result.first_invalid.defect == what.defect);
      const bool skip = nonfinite == po::nonfinite::skip, nan = std::isnan(what.policy) || std::isnan(what.reference);
      if (skip || nan) { REQUIRE(std::isnan(found.row_loss[bad])); }
      if (skip) { REQUIRE(std::isfinite(found.result.loss)); }
      if (!skip && nan) { REQUIRE(std::isnan(found.result.loss)); }
    }
    const written<TestType> thrown = call(pipeline, scores, po::nonfinite::throw_);
    const written<TestType> skipped = call(pipeline, scores, po::nonfinite::skip);
    REQUIRE(thrown.error.find("row 1") != std::string::npos);
    REQUIRE((thrown.error.find("rejected 2") != std::string::npos) == (what.slot == 2));
    REQUIRE(same_bits(thrown.gradient, skipped.gradient));
    REQUIRE(same_bits(thrown.row_loss, skipped.row_loss));
    REQUIRE(same_bits(thrown.beta, skipped.beta));
  };
  for (const fault& what : faults) {
    check("sdpo", po::dynamic(po::objective::sdpo, {.base = 0.5}), what);
    check("dmpo", po::vanilla(po::objective::dmpo, 0.5), what);
    check("ipo", po::dynamic(po::objective::ipo(0.5)), what);
    check("slic", po::vanilla(po::objective::slic()), what);
  }
}

TEMPLATE_TEST_CASE("an invalid row contributes nothing: gradient 0, row loss NaN, counted with its row index", "",
                   float, double) {
  const batch<TestType> good = random_batch<TestType>(2, 4, negatives);
  for (const fault& what : faults) {
    CAPTURE(what.name);
    const batch<TestType> scores = with_fault(good, what);
    const auto dynamic = po::dynamic(po::objective::sdpo);
    const auto found = evaluate(dynamic, scores.policy.view(), scores.reference.view());
    const auto row = row_of(found, bad);
    for (const TestType entry : row.gradient) { REQUIRE(same_bits(entry, TestType(0))); }
    for (const TestType beta : row.beta) { REQUIRE(beta == 0); }
    double sum = 0;
    for (const po::index b : {0, 2, 3}) { sum += static_cast<double>(found.row_loss[static_cast<std::size_t>(b)]); }
    REQUIRE(found.result.loss == sum);

    const auto mean =
        evaluate(dynamic, scores.policy.view(), scores.reference.view(), {.reduction = po::reduction::mean});
    REQUIRE(mean.result.loss == sum / 3);
    for (const po::index b : {0, 2, 3}) {
      const auto at = static_cast<std::size_t>(b);
      const double third = static_cast<double>(found.gradient.chosen[at]) / 3;
      const double ulp = static_cast<double>(std::numeric_limits<TestType>::epsilon()) * std::abs(third);
      REQUIRE(std::abs(static_cast<double>(mean.gradient.chosen[at]) - third) <= 2 * ulp);
    }
  }
}

TEMPLATE_TEST_CASE("nonfinite::throw_: std::domain_error naming row and slot, outputs fully written", "", float,
                   double) {
  const batch<TestType> scores = with_fault(random_batch<TestType>(3, 3, negatives), faults[6]);
  const written<TestType> out = call(po::vanilla(po::objective::dmpo), scores, po::nonfinite::throw_);
  REQUIRE(out.error == "dynamicpo::loss_and_gradient: row 1, rejected 2: the score is NaN or +inf (1 invalid in all)");
  for (const auto* entries : {&out.gradient.chosen, &out.gradient.rejected, &out.row_loss, &out.beta}) {
    REQUIRE(std::find(entries->begin(), entries->end(), TestType(77)) == entries->end());
  }
  std::vector<TestType> row_loss(3, TestType(77));
  REQUIRE_THROWS_AS(po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), scores.policy.view(),
                             scores.reference.view(), {.row_loss = row_loss}),
                    std::domain_error);
  REQUIRE(std::isnan(row_loss[1]));
  REQUIRE(row_loss[2] != TestType(77));

  std::vector<po::selection_rule> rule(3, po::selection_rule::custom);
  REQUIRE_THROWS_AS(po::select_negatives(po::exec::seq, po::select::boundary{}, scores.policy.view(), {.rule = rule}),
                    std::domain_error);
  REQUIRE(rule[1] == po::selection_rule::none);
  REQUIRE(rule[2] != po::selection_rule::custom);
}

TEMPLATE_TEST_CASE("nonfinite::propagate: IEEE, and the NaN shows in the loss whatever the objective takes", "", float,
                   double) {
  for (const fault& what : faults) {
    CAPTURE(what.name);
    const batch<TestType> scores = with_fault(random_batch<TestType>(4, 3, negatives), what);
    const auto one_left = po::pipeline{po::select::top_k{.count = 1}, po::beta::fixed{}, po::objective::dpo};
    const auto found =
        evaluate(one_left, scores.policy.view(), scores.reference.view(), {.nonfinite = po::nonfinite::propagate});
    REQUIRE(std::isnan(found.result.loss));
    REQUIRE(std::isnan(found.row_loss[bad]));
    REQUIRE(std::isnan(found.gradient.chosen[bad]));
  }
  const table<TestType> no_negatives{{nan_of<TestType>}, {}};
  const auto alone = evaluate(po::vanilla(po::objective::dmpo), no_negatives.view(), po::reference_free,
                              {.nonfinite = po::nonfinite::propagate});
  REQUIRE(std::isnan(alone.result.loss));
}

TEST_CASE("too many negatives for dpo: std::invalid_argument under every answer, also behind an invalid row") {
  const table<double> policy{{nan_of<double>, -1, -1}, {-2, -3, -2, -3, -2, -3}};
  for (const auto nonfinite : {po::nonfinite::throw_, po::nonfinite::skip, po::nonfinite::propagate}) {
    const std::string error = message_of([&] {
      po::loss(po::exec::seq, po::vanilla(po::objective::dpo), policy.view(), po::reference_free,
               {.nonfinite = nonfinite});
    });
    REQUIRE(error == "dynamicpo::loss: row 1: more negatives than the objective takes (3 invalid in all)");
  }
}

TEMPLATE_TEST_CASE("a margin that overflows: invalid row", "", float, double) {
  const TestType huge = std::numeric_limits<TestType>::max();
  const table<TestType> policy{{-1, -huge}, {-2, huge}};
  const auto found = evaluate(po::vanilla(po::objective::dmpo), policy.view(), po::reference_free);
  REQUIRE(found.result.rows == 1);
  REQUIRE(found.result.first_invalid.row == 1);
  REQUIRE(found.result.first_invalid.defect == po::defect::margin);
  REQUIRE(same_bits(found.gradient.rejected[1], TestType(0)));
}

TEMPLATE_TEST_CASE("rejected = -inf: an impossible item: excluded, weight 0, gradient 0, not an error", "", float,
                   double) {
  const auto check = [](const char* name, const auto& pipeline) {
    CAPTURE(name);
    batch<TestType> with = random_batch<TestType>(5, 1, 3);
    const auto alone = [&](const batch<TestType>& scores) {
      return evaluate(pipeline, scores.policy.view(), scores.reference.view(), {.nonfinite = po::nonfinite::throw_});
    };
    const auto without = alone(with);
    for (table<TestType>* scores : {&with.policy, &with.reference}) {
      scores->rejected.insert(scores->rejected.begin() + 1, TestType(-3));
    }
    with.policy.rejected[1] = -infinity_of<TestType>;
    const auto found = alone(with);
    REQUIRE(found.result.rows == 1);
    REQUIRE(same_bits(found.gradient.rejected[1], TestType(0)));
    const std::vector<std::uint8_t> finite{1, 0, 1, 1};
    REQUIRE(same_bits(row_of(found, 0, finite), row_of(without, 0)));
    REQUIRE(same_bits(found.result.loss, without.result.loss));
    REQUIRE(same_bits(found.result.instruments, without.result.instruments));
  };
  check("sdpo", po::dynamic(po::objective::sdpo, {.base = 0.5}));
  check("mppo", po::dynamic(po::objective::mppo));
  check("dmpo", po::vanilla(po::objective::dmpo, 0.5));

  const table<TestType> impossible{{-1}, {-infinity_of<TestType>, -infinity_of<TestType>}};
  const auto found = evaluate(po::dynamic(po::objective::sdpo), impossible.view(), po::reference_free);
  REQUIRE(found.result.empty_rows == 1);
  REQUIRE(found.result.loss == 0);
}

TEMPLATE_TEST_CASE("mask = 0 for a negative: not read (may be NaN); same bits as if it were absent", "", float,
                   double) {
  const bool ragged = GENERATE(false, true);
  constexpr po::index rows = 300;  // several blocks
  batch<TestType> whole = random_batch<TestType>(6, rows, 60, ragged);
  po::sample::philox_engine random{7};
  std::vector<std::uint8_t> mask(whole.policy.rejected.size());
  batch<TestType> kept{{whole.policy.chosen, {}, {0}}, {whole.reference.chosen, {}, {0}}};
  const auto view = whole.policy.view();
  for (po::index row = 0; row < rows; ++row) {
    for (po::index k = 0; k < view.negatives(row); ++k) {
      const auto at = static_cast<std::size_t>(view.flat(row) + k);
      mask[at] = static_cast<std::uint8_t>(random.below(2) * 3);  // anything but 0 is present
      if (mask[at] != 0) {
        kept.policy.rejected.push_back(whole.policy.rejected[at]);
        kept.reference.rejected.push_back(whole.reference.rejected[at]);
      } else {
        whole.policy.rejected[at] = nan_of<TestType>;
        whole.reference.rejected[at] = nan_of<TestType>;
      }
    }
    kept.policy.offsets.push_back(static_cast<std::int64_t>(kept.policy.rejected.size()));
  }
  kept.reference.offsets = kept.policy.offsets;

  const auto check = [&](const char* name, const auto& pipeline, po::reduction reduction) {
    CAPTURE(name, ragged);
    const how options{.reduction = reduction, .nonfinite = po::nonfinite::throw_};
    const auto masked = evaluate(pipeline, whole.policy.view().with_mask(mask), whole.reference.view(), options);
    const auto absent = evaluate(pipeline, kept.policy.view(), kept.reference.view(), options);
    for (po::index row = 0; row < rows; ++row) { REQUIRE(same_bits(row_of(masked, row, mask), row_of(absent, row))); }
    for (std::size_t at = 0; at < mask.size(); ++at) {
      if (mask[at] == 0) { REQUIRE(same_bits(masked.gradient.rejected[at], TestType(0))); }
    }
    REQUIRE(same_counts(masked.result, absent.result));
    REQUIRE(same_bits(masked.result.loss, absent.result.loss));
    REQUIRE(same_bits(masked.result.instruments, absent.result.instruments));
  };
  check("sdpo", po::dynamic(po::objective::sdpo, {.base = 0.5}), po::reduction::sum);
  check("dmpo", po::vanilla(po::objective::dmpo), po::reduction::mean);
  check("random", po::pipeline{po::select::random_k{.count = 5, .seed = 1}, po::beta::fixed{}, po::objective::sdpo},
        po::reduction::sum);
}

TEMPLATE_TEST_CASE("a ragged row without negatives is empty, but invalid where its chosen is not finite", "", float,
                   double) {
  batch<TestType> rows = random_batch<TestType>(8, 64, 10, true);
  auto& offsets = rows.policy.offsets;
  offsets[21] = offsets[22] = offsets[20];  // the row after gets what these had
  rows.reference.offsets = offsets;
  rows.policy.chosen[21] = nan_of<TestType>;
  po::index empty = 0;
  for (std::size_t row = 0; row < 64; ++row) { empty += offsets[row] == offsets[row + 1] ? 1 : 0; }
  const auto found = evaluate(po::vanilla(po::objective::dmpo), rows.policy.view(), rows.reference.view(),
                              {.nonfinite = po::nonfinite::skip});
  REQUIRE(found.result.rows == 64 - empty);
  REQUIRE(found.result.empty_rows == empty - 1);
  REQUIRE(found.result.invalid_rows == 1);
  REQUIRE(found.result.first_invalid.row == 21);
}

TEMPLATE_TEST_CASE("an empty chosen sequence is invalid in a batch without negatives too", "", float, double) {
  const std::vector<TestType> chosen{-1, -2}, rejected;
  const std::vector<std::int32_t> chosen_lengths{3, 0}, rejected_lengths;
  const auto policy = po::view(chosen, rejected).with_lengths(chosen_lengths, rejected_lengths);
  const auto found = po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), policy, po::reference_free,
                              {.nonfinite = po::nonfinite::skip});
  REQUIRE((found.empty_rows == 1 && found.invalid_rows == 1));
  REQUIRE((found.first_invalid.row == 1 && found.first_invalid.defect == po::defect::chosen_length));
}

TEMPLATE_TEST_CASE("token sequence empty (length 0): chosen: invalid row; rejected: excluded", "", float, double) {
  const table<TestType> policy{{-4, -6, -8}, {-10, nan_of<TestType>, -12, -3, -5, -9}};
  const std::vector<std::int32_t> chosen{2, 0, 4}, rejected{5, 0, 4, 1, 5, -1};
  const auto found =
      evaluate(po::vanilla(po::objective::dmpo), policy.view().with_lengths(chosen, rejected), po::reference_free);
  REQUIRE(found.result.rows == 2);
  REQUIRE(found.result.first_invalid.row == 1);
  REQUIRE(found.result.first_invalid.slot == -1);
  REQUIRE(found.result.first_invalid.defect == po::defect::chosen_length);

  const auto softplus = [](double x) { return std::log1p(std::exp(x)); };
  const auto sigma = [](double x) { return 1 / (1 + std::exp(-x)); };
  const double tolerance = 2 * static_cast<double>(std::numeric_limits<TestType>::epsilon());
  const auto near = [&](TestType a, double b) { return std::abs(static_cast<double>(a) - b) <= tolerance; };
  REQUIRE(near(found.row_loss[0], softplus(-2.0 + 2.0)));  // -10/5 against -4/2; the empty one is absent
  REQUIRE(near(found.gradient.chosen[0], -0.5 / 2));       // with respect to the undivided sums
  REQUIRE(near(found.gradient.rejected[0], 0.5 / 5));
  REQUIRE(same_bits(found.gradient.rejected[1], TestType(0)));
  REQUIRE(near(found.row_loss[2], softplus(-1.0 + 2.0)));  // -5/5 against -8/4
  REQUIRE(near(found.gradient.chosen[2], -sigma(1) / 4));
  REQUIRE(near(found.gradient.rejected[4], sigma(1) / 5));
  REQUIRE(same_bits(found.gradient.rejected[5], TestType(0)));

  const auto propagated = evaluate(po::vanilla(po::objective::dmpo), policy.view().with_lengths(chosen, rejected),
                                   po::reference_free, {.nonfinite = po::nonfinite::propagate});
  REQUIRE(std::isnan(propagated.result.loss));
}

TEST_CASE("validate counts what loss calls invalid or empty, and reads nothing else") {
  const table<double> policy{
      {-1, nan_of<double>, -2, -3, -4}, {-2, -3, -infinity_of<double>, -infinity_of<double>, -5}, {0, 1, 2, 3, 4, 5}};
  table<double> reference = table_like(policy.view(), -2.0);
  reference.rejected[4] = nan_of<double>;
  const po::row_counts counts = po::validate(policy.view(), reference.view());
  REQUIRE(counts.rows == 1);
  REQUIRE(counts.invalid_rows == 2);
  REQUIRE(counts.empty_rows == 2);
  REQUIRE(counts.first_invalid.row == 1);
  const auto found = evaluate(po::vanilla(po::objective::dmpo), policy.view(), reference.view());
  REQUIRE(same_counts(found.result, counts));
  REQUIRE(po::validate(policy.view(), po::reference_free).invalid_rows == 1);
}
